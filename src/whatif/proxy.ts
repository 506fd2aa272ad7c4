import { dump, JSON_SCHEMA, load } from 'js-yaml';
import type { Evidence, Gap } from '../cluster/evidence.ts';
import { clusterFrom } from '../cluster/from-kubernetes.ts';
import type { ConfigMapObject, ContainerObject, DaemonSetObject, NodeObject, PodObject, PodSpecObject } from '../cluster/objects.ts';
import { detectDataplane } from '../dataplane/detect.ts';
import { isKubeProxy } from '../dataplane/kube-proxy-sign.ts';
import type { DataplaneClass } from '../dataplane/types.ts';
import { parseVersion } from '../dataplane/version.ts';
import { Failure } from '../net/failure.ts';
import { parseCidrs } from '../net/ip.ts';
import type { LocalMode, ProxyChange } from './change.ts';
import { changeText } from './change.ts';
import { list } from './nodes.ts';
import type { Changed } from './stage.ts';
import { replaced } from './stage.ts';

/**
 * Another kube-proxy: what reveals it among the objects is written anew (its ConfigMap, flags, image, and k3s' annotations), so that it is
 * detected as it would be then. What does not show afterwards was not changed, and is refused.
 */
export function changeProxy(evidence: Evidence, change: ProxyChange): Changed {
  const before = classesOf(evidence);
  refuseOthers(before, change);
  const written = writers(change).reduce((sum, write) => write(sum), evidence);
  const after = classesOf(written);
  const stubborn = [...after].filter(([, entry]) => !shows(entry, change));
  if (stubborn.length > 0)
    throw new Failure(
      `how kube-proxy is configured on ${list(stubborn.map(([name]) => name))} is not known, so that ${changeText(change)} cannot be judged`,
      [...after.values()].flatMap(({ missing }) => missing.map(({ what, why }) => `${what}: ${why}`))[0] ??
        'the ConfigMap kube-system/kube-proxy would tell it',
    );
  return { evidence: written, gaps: gapsFor(change, [...after.values()]) };
}

/** Services and their endpoints, the most of a big cluster, tell nothing of its data plane. */
const BESIDE: ReadonlySet<string> = new Set(['Service', 'EndpointSlice', 'Endpoints']);

function classesOf(evidence: Evidence): ReadonlyMap<string, DataplaneClass> {
  const bare = { ...evidence, objects: evidence.objects.filter(({ kind }) => !BESIDE.has(kind)) };
  return detectDataplane(bare, clusterFrom(bare)).classOf;
}

function refuseOthers(classes: ReadonlyMap<string, DataplaneClass>, change: ProxyChange): void {
  const others = [...classes].filter(([, { implementation }]) => implementation !== 'kube-proxy' && implementation !== 'unknown');
  const [first] = others;
  if (first === undefined || others.length < classes.size) return;
  throw new Failure(
    `${changeText(change)} changes nothing here: Services are served by ${first[1].implementation}`,
    'this cluster has no kube-proxy',
  );
}

/** Whether a node's data plane is now as the change says; one without kube-proxy stays as it is. */
function shows({ implementation, mode, version, localDetection, unmodelled, confidence }: DataplaneClass, change: ProxyChange): boolean {
  if (implementation !== 'kube-proxy') return implementation !== 'unknown' || unmodelled !== null;
  if (confidence === 'assumed') return false;
  switch (change.kind) {
    case 'kube-version':
      return version === change.version;
    case 'proxy-mode':
      return mode === change.mode;
    case 'detect-local':
      return localDetection?.mode === change.mode;
  }
}

/** nftables mode: KEP-3866, alpha behind a gate in 1.29, on by default since 1.31. */
function gapsFor(change: ProxyChange, classes: readonly DataplaneClass[]): Gap[] {
  if (change.kind === 'detect-local') return [];
  const minors = classes.filter(({ mode }) => mode === 'nftables').flatMap(({ version }) => parseVersion(version)?.minor ?? []);
  const oldest = Math.min(...minors);
  if (oldest < 29) throw new Failure(`kube-proxy 1.${oldest} has no nftables mode`, 'it came with 1.29; add --kube-version 1.33 or later');
  if (oldest < 31)
    return [
      { what: 'feature gate NFTablesProxyMode', why: `kube-proxy 1.${oldest} refuses nftables mode without it; told as if it were on` },
    ];
  return [];
}

// ---- writing ---------------------------------------------------------------------------------

type Write = (evidence: Evidence) => Evidence;

function writers(change: ProxyChange): Write[] {
  if (change.kind === 'kube-version') {
    const spec: SpecWriter = (found) => withImage(found, change.version);
    return [
      (evidence) => writeSpecs(evidence, spec),
      (evidence) => replaced(evidence, 'Node', (node) => withKubelet(node, change.version)),
    ];
  }
  const settings = settingsFor(change);
  return [
    (evidence) => replaced(evidence, 'ConfigMap', (map) => withSettings(map, settings.config)),
    (evidence) => writeSpecs(evidence, (spec) => withFlags(spec, settings.flags)),
    (evidence) => replaced(evidence, 'Node', (node) => withK3sArgs(node, settings.flags)),
  ];
}

interface Settings {
  /** Fields of KubeProxyConfiguration. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly flags: Readonly<Record<string, string>>;
}

function settingsFor(change: Exclude<ProxyChange, { kind: 'kube-version' }>): Settings {
  if (change.kind === 'proxy-mode') return { config: { mode: change.mode }, flags: { 'proxy-mode': change.mode } };
  const { mode, value } = change;
  const device = (of: LocalMode): string => (mode === of ? value : '');
  const detectLocal = { bridgeInterface: device('BridgeInterface'), interfaceNamePrefix: device('InterfaceNamePrefix') };
  const cidr =
    mode === 'ClusterCIDR'
      ? {
          clusterCIDR: parseCidrs(value.split(','))
            .map(({ text }) => text)
            .join(','),
        }
      : null;
  return {
    config: { detectLocalMode: mode, detectLocal, ...cidr },
    flags: {
      'detect-local-mode': mode,
      'pod-bridge-interface': detectLocal.bridgeInterface,
      'pod-interface-name-prefix': detectLocal.interfaceNamePrefix,
      ...(cidr === null ? {} : { 'cluster-cidr': cidr.clusterCIDR }),
    },
  };
}

function withSettings(map: ConfigMapObject, fields: Settings['config']): ConfigMapObject {
  const data = Object.entries(map.data ?? {}).map(([key, text]) => [key, configured(text, fields) ?? text]);
  return { ...map, data: Object.fromEntries(data) };
}

function configured(text: string, fields: Settings['config']): string | null {
  if (!text.includes('KubeProxyConfiguration')) return null;
  try {
    const document = load(text, { schema: JSON_SCHEMA, json: true });
    if (typeof document !== 'object' || document === null || !('kind' in document) || document.kind !== 'KubeProxyConfiguration')
      return null;
    return dump({ ...document, ...fields }, { schema: JSON_SCHEMA });
  } catch {
    return null;
  }
}

type SpecWriter = (spec: PodSpecObject) => PodSpecObject;

function writeSpecs(evidence: Evidence, write: SpecWriter): Evidence {
  const daemons = replaced(evidence, 'DaemonSet', (object) => (isKubeProxy(object) ? withTemplate(object, write) : object));
  return replaced(daemons, 'Pod', (pod) => (pod.spec !== undefined && isKubeProxy(pod) ? withSpec(pod, write) : pod));
}

/** As after the roll-out. */
function withTemplate(object: DaemonSetObject, write: SpecWriter): DaemonSetObject {
  const template = object.spec?.template;
  if (template?.spec === undefined) return object;
  const desired = object.status?.desiredNumberScheduled;
  const status = desired === undefined ? object.status : { ...object.status, updatedNumberScheduled: desired };
  return {
    ...object,
    spec: { ...object.spec, template: { ...template, spec: write(template.spec) } },
    ...(status === undefined ? {} : { status }),
  };
}

function withSpec(pod: PodObject, write: SpecWriter): PodObject {
  return pod.spec === undefined ? pod : { ...pod, spec: write(pod.spec) };
}

function eachContainer(spec: PodSpecObject, write: (container: ContainerObject) => ContainerObject): PodSpecObject {
  return spec.containers === undefined ? spec : { ...spec, containers: spec.containers.map(write) };
}

function withImage(spec: PodSpecObject, version: string): PodSpecObject {
  return eachContainer(spec, (container) => {
    const [reference = ''] = (container.image ?? '').split('@');
    const colon = reference.lastIndexOf(':');
    const name = colon > reference.lastIndexOf('/') ? reference.slice(0, colon) : reference;
    return name === '' ? container : { ...container, image: `${name}:${version}` };
  });
}

/** A configuration file makes kube-proxy ignore flags. */
function withFlags(spec: PodSpecObject, flags: Settings['flags']): PodSpecObject {
  return eachContainer(spec, (container) => {
    const words = [...(container.command ?? []), ...(container.args ?? [])];
    if (words.some((word) => /(^|\s)--?config[=\s]/.test(`${word} `))) return container;
    return { ...container, args: [...(container.args ?? []), ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)] };
  });
}

function withKubelet(node: NodeObject, version: string): NodeObject {
  const info = node.status?.nodeInfo;
  return info?.kubeletVersion === undefined
    ? node
    : { ...node, status: { ...node.status, nodeInfo: { ...info, kubeletVersion: version } } };
}

const K3S_ARGS = ['k3s.io/node-args', 'rke2.io/node-args'];

function withK3sArgs(node: NodeObject, flags: Settings['flags']): NodeObject {
  const annotations = { ...node.metadata.annotations };
  const name = K3S_ARGS.find((each) => annotations[each] !== undefined);
  if (name === undefined) return node;
  const words: unknown = jsonOf(annotations[name] ?? '');
  if (!Array.isArray(words)) return node;
  const more = Object.entries(flags).flatMap(([flag, value]) => ['--kube-proxy-arg', `${flag}=${value}`]);
  return { ...node, metadata: { ...node.metadata, annotations: { ...annotations, [name]: JSON.stringify([...words, ...more]) } } };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
