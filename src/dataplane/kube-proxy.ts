import type { Gap } from '../cluster/evidence.ts';
import type { Node } from '../cluster/model.ts';
import type { ConfigMapObject, ContainerObject, DaemonSetObject, PodObject, PodSpecObject } from '../cluster/objects.ts';
import { flagValues, k3sArgs, k3sClusterCidrs } from './k3s.ts';
import type { ProxySettings } from './proxy-settings.ts';
import { settingsFromConfig, settingsFromFlags } from './proxy-settings.ts';
import { networkType } from './replacements.ts';
import type { Signs } from './signs.ts';
import { cite, configMap } from './signs.ts';
import type { Version } from './version.ts';
import { imageVersion, parseVersion } from './version.ts';

/** What is known of the kube-proxy on one node. */
export interface KubeProxySign {
  /** null: its configuration could not be read. */
  readonly settings: ProxySettings | null;
  readonly version: Version | null;
  /** The version is kube-proxy's own word (its image), not the kubelet's. */
  readonly ownVersion: boolean;
  readonly evidence: readonly string[];
  readonly confidence: 'observed' | 'derived' | 'assumed';
  readonly missing: readonly Gap[];
  /** No kube-proxy here by the node's own configuration. */
  readonly absent: boolean;
}

const CONFIG_KEYS = ['config.conf', 'config', 'kube-proxy-config.yaml', 'config.yaml'];
const CONFIG_MAPS = ['kube-proxy', 'kube-proxy-config', 'kube-proxy-worker'];

/** Finds each node's kube-proxy: OpenShiftSDN, DaemonSet with ConfigMap or flags, static pods, k3s and RKE2 annotations; else what is left is assumed. */
export function kubeProxyFinder(signs: Signs): (node: Node) => KubeProxySign {
  const openshift = openshiftSdn(signs);
  const daemon = signs.daemonSets.find((object) => isKubeProxy(object.metadata.name, object.spec?.template?.spec));
  const podOf = kubeProxyPods(signs, daemon ?? null);
  const shared = daemon === undefined ? null : fromPodSpec(signs, daemon.spec?.template?.spec, cite(daemon));
  const rolledOut = daemon !== undefined && daemon.status?.updatedNumberScheduled === daemon.status?.desiredNumberScheduled;
  const bare = configOnly(signs);
  const gap = missingGap(signs);
  return (node) => {
    if (openshift !== null) return withKubelet(node, openshift);
    const own = k3sArgs(node);
    if (own?.includes('--disable-kube-proxy'))
      return { ...unknownProxy([]), absent: true, evidence: [`Node ${node.name} --disable-kube-proxy`] };
    const pod = podOf.get(node.name);
    if (shared !== null) {
      const image = rolledOut || pod === undefined ? shared.version : imageVersion(mainContainer(pod.spec)?.image);
      return withKubelet(node, { ...shared, version: image });
    }
    if (pod !== undefined) return withKubelet(node, fromPodSpec(signs, pod.spec, cite(pod)));
    if (own !== null) return withKubelet(node, embedded(signs, own));
    if (bare !== null) return withKubelet(node, bare);
    return withKubelet(node, unknownProxy([gap]));
  };
}

type Sign = KubeProxySign;

function openshiftSdn(signs: Signs): Sign | null {
  const network = signs.custom('Network').find((object) => networkType(object.spec) === 'OpenShiftSDN');
  const config = signs.configMaps.find((object) => object.metadata.name === 'sdn-config' && object.metadata.namespace === 'openshift-sdn');
  if (network === undefined && config === undefined) return null;
  const settings = config === undefined ? null : settingsOf(config);
  const evidence = [...(network === undefined ? [] : [`${cite(network)} OpenShiftSDN`]), ...(config === undefined ? [] : [cite(config)])];
  const missing = settings === null ? [{ what: 'ConfigMap openshift-sdn/sdn-config', why: 'not among what was read' }] : [];
  return {
    settings,
    version: null,
    ownVersion: false,
    evidence,
    confidence: settings === null ? 'assumed' : 'derived',
    missing,
    absent: false,
  };
}

function fromPodSpec(signs: Signs, spec: PodSpecObject | undefined, name: string): Sign {
  const container = mainContainer(spec);
  const { settings: flags, configFile } = settingsFromFlags([...(container?.command ?? []), ...(container?.args ?? [])]);
  const version = imageVersion(container?.image);
  const common = { version, ownVersion: version !== null, absent: false };
  const evidence = [version === null ? name : `${name} image ${version.text}`];
  if (configFile === null)
    return { ...common, settings: { mode: '', nodePortAddresses: [], ...flags }, evidence, confidence: 'observed', missing: [] };
  const names = (spec?.volumes ?? []).map((volume) => volume.configMap?.name).filter((found) => found !== undefined);
  const config = [...names, ...CONFIG_MAPS].map((found) => configMap(signs, found)).find((found) => found !== null) ?? null;
  const settings = config === null ? null : settingsOf(config);
  if (config === null || settings === null) {
    const what = `ConfigMap kube-system/${names[0] ?? 'kube-proxy'}`;
    return {
      ...common,
      settings: null,
      evidence,
      confidence: 'assumed',
      missing: [{ what, why: config === null ? 'not among what was read' : 'holds no KubeProxyConfiguration' }],
    };
  }
  return { ...common, settings, evidence: [...evidence, cite(config)], confidence: 'observed', missing: [] };
}

/** A kube-proxy ConfigMap without any sign of who mounts it. */
function configOnly(signs: Signs): Sign | null {
  for (const name of CONFIG_MAPS) {
    const config = configMap(signs, name);
    const settings = config === null ? null : settingsOf(config);
    if (config !== null && settings !== null) {
      return { settings, version: null, ownVersion: false, evidence: [cite(config)], confidence: 'derived', missing: [], absent: false };
    }
  }
  return null;
}

/** k3s and RKE2 agents run kube-proxy inside their own process, with the cluster CIDR set (pkg/daemons/agent). */
function embedded(signs: Signs, words: readonly string[]): Sign {
  const cidrs = k3sClusterCidrs(signs);
  const extra = flagValues(words, '--kube-proxy-arg').map((value) => `--${value.replace(/^--/, '')}`);
  const { settings } = settingsFromFlags(extra);
  const missing =
    cidrs.length > 0
      ? []
      : [{ what: 'cluster CIDR of k3s', why: 'no --cluster-cidr in any node annotation, and podCIDRs are not of the default' }];
  return {
    settings:
      cidrs.length > 0 ? { mode: '', clusterCIDR: cidrs.map((cidr) => cidr.text).join(','), nodePortAddresses: [], ...settings } : null,
    version: null,
    ownVersion: false,
    evidence: ['Node annotation k3s.io/node-args'],
    confidence: cidrs.length > 0 ? 'derived' : 'assumed',
    missing,
    absent: false,
  };
}

function unknownProxy(missing: readonly Gap[]): Sign {
  return { settings: null, version: null, ownVersion: false, evidence: [], confidence: 'assumed', missing, absent: false };
}

/** kubelets are at most three minors behind and never ahead of kube-proxy's own skew; theirs is the best guess where kube-proxy's image does not tell. */
function withKubelet(node: Node, sign: Sign): Sign {
  if (sign.version !== null) return sign;
  const version = parseVersion(node.kubeletVersion);
  return {
    ...sign,
    version,
    ownVersion: false,
    evidence: version === null ? sign.evidence : [...sign.evidence, `kubelet ${version.text}`],
  };
}

function missingGap(signs: Signs): Gap {
  const looked = signs.isComplete('DaemonSet')
    ? 'no kube-proxy DaemonSet, static pod, k3s annotation or ConfigMap was found'
    : 'no DaemonSets or ConfigMaps were read';
  return { what: 'configuration of kube-proxy', why: looked };
}

function kubeProxyPods(signs: Signs, daemon: DaemonSetObject | null): Map<string, PodObject> {
  const found = new Map<string, PodObject>();
  for (const pod of signs.pods) {
    const node = pod.spec?.nodeName;
    const owned = daemon !== null && pod.metadata.ownerReferences?.some((owner) => owner.name === daemon.metadata.name);
    if (node !== undefined && pod.metadata.namespace === 'kube-system' && (owned || isKubeProxy(pod.metadata.name, pod.spec)))
      found.set(node, pod);
  }
  return found;
}

function isKubeProxy(name: string, spec: PodSpecObject | undefined): boolean {
  return /^kube-proxy(-|$)/.test(name) && !/windows/.test(name) && mainContainer(spec) !== undefined;
}

function mainContainer(spec: PodSpecObject | undefined): ContainerObject | undefined {
  const containers = spec?.containers ?? [];
  return containers.find((container) => container.name === 'kube-proxy') ?? containers[0];
}

function settingsOf(config: ConfigMapObject): ProxySettings | null {
  for (const key of CONFIG_KEYS) {
    const text = config.data?.[key];
    const settings = text === undefined ? null : settingsFromConfig(text);
    if (settings !== null) return settings;
  }
  return null;
}
