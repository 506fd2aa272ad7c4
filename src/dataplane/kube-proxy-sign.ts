import type { Gap } from '../cluster/evidence.ts';
import type { ConfigMapObject, ContainerObject, DaemonSetObject, PodObject, PodSpecObject } from '../cluster/objects.ts';
import type { ProxySettings } from './proxy-settings.ts';
import { settingsFromConfig, settingsFromFlags } from './proxy-settings.ts';
import { networkType } from './replacements.ts';
import type { Signs } from './signs.ts';
import { cite, configMap } from './signs.ts';
import type { Version } from './version.ts';
import { imageVersion } from './version.ts';

/** What is known of the kube-proxy on one node. */
export interface KubeProxySign {
  /** null: its configuration could not be read. */
  readonly settings: ProxySettings | null;
  /** The versions that it may be of; none: not known. */
  readonly versions: readonly Version[];
  readonly evidence: readonly string[];
  readonly confidence: 'observed' | 'derived' | 'assumed';
  readonly missing: readonly Gap[];
  /** Something of kube-proxy was found; otherwise even its being there is an assumption. */
  readonly seen: boolean;
  /** Why no kube-proxy runs here, or null. */
  readonly absent: string | null;
}

const CONFIG_KEYS = ['config.conf', 'config', 'kube-proxy-config.yaml', 'config.yaml'];
const CONFIG_MAPS = ['kube-proxy', 'kube-proxy-config', 'kube-proxy-worker'];

const NOTHING: KubeProxySign = {
  settings: null,
  versions: [],
  evidence: [],
  confidence: 'assumed',
  missing: [],
  seen: false,
  absent: null,
};

export function unknownProxy(missing: readonly Gap[]): KubeProxySign {
  return { ...NOTHING, missing };
}

export function absentProxy(evidence: readonly string[], why: string): KubeProxySign {
  return { ...NOTHING, evidence, confidence: 'observed', seen: true, absent: why };
}

/** Whether these are kube-proxy's pods: by their name, and by what runs in them. */
export function isKubeProxy(object: DaemonSetObject | PodObject): boolean {
  const { name } = object.metadata;
  return /^kube-proxy(-|$)/.test(name) && !/windows/.test(name) && mainContainer(podSpecOf(object)) !== undefined;
}

function podSpecOf(object: DaemonSetObject | PodObject): PodSpecObject | undefined {
  return object.kind === 'Pod' ? object.spec : object.spec?.template?.spec;
}

function mainContainer(spec: PodSpecObject | undefined): ContainerObject | undefined {
  const containers = spec?.containers ?? [];
  const runs = (container: ContainerObject): boolean =>
    [container.image, ...(container.command ?? []), ...(container.args ?? [])].some((word) => /(^|[/\s"'])kube-proxy/.test(word ?? ''));
  return containers.find((container) => container.name === 'kube-proxy') ?? containers.find(runs);
}

/** kube-proxy's configuration by its pod's command line: a file from a ConfigMap, which makes it ignore flags, or flags alone. */
export function fromPodSpec(signs: Signs, spec: PodSpecObject | undefined, name: string): KubeProxySign {
  const container = mainContainer(spec);
  const { settings: flags, configFile } = settingsFromFlags([...(container?.command ?? []), ...(container?.args ?? [])]);
  const version = imageVersion(container?.image);
  const evidence = [version === null ? name : `${name} image ${version.text}`];
  const found = { ...NOTHING, versions: version === null ? [] : [version], seen: true };
  if (configFile === null)
    return {
      ...found,
      settings: { mode: '', nodePortAddresses: [], ...flags },
      evidence: [...evidence, `flags of ${name}`],
      confidence: 'observed',
    };
  const mounted = (spec?.volumes ?? []).map((volume) => volume.configMap?.name).filter((map) => map !== undefined);
  // EKS mounts two: one with the kubeconfig, one with the configuration.
  const maps = [...new Set([...mounted, ...CONFIG_MAPS])].map((wanted) => configMap(signs, wanted)).filter((map) => map !== null);
  for (const map of maps) {
    const settings = settingsOf(map);
    if (settings !== null) return { ...found, settings, evidence: [...evidence, cite(map)], confidence: 'observed' };
  }
  const what = `ConfigMap kube-system/${maps[0]?.metadata.name ?? mounted[0] ?? 'kube-proxy'}`;
  const why = maps.length === 0 ? 'not among what was read' : 'holds no KubeProxyConfiguration';
  return { ...found, evidence, missing: [{ what, why }] };
}

/** OpenShiftSDN carries kube-proxy's iptables mode inside. */
export function fromOpenShiftSdn(signs: Signs): KubeProxySign | null {
  const network = signs.custom('Network').find((object) => networkType(object.spec) === 'OpenShiftSDN');
  const config = signs.configMaps.find((object) => object.metadata.name === 'sdn-config' && object.metadata.namespace === 'openshift-sdn');
  if (network === undefined && config === undefined) return null;
  const settings = config === undefined ? null : settingsOf(config);
  const evidence = [...(network === undefined ? [] : [`${cite(network)} OpenShiftSDN`]), ...(config === undefined ? [] : [cite(config)])];
  const why = config === undefined ? 'not among what was read' : 'holds no KubeProxyConfiguration';
  return {
    ...NOTHING,
    settings,
    evidence,
    seen: true,
    confidence: settings === null ? 'assumed' : 'derived',
    missing: settings === null ? [{ what: 'ConfigMap openshift-sdn/sdn-config', why }] : [],
  };
}

/** A kube-proxy ConfigMap without any sign of who mounts it. */
export function fromConfigMap(signs: Signs): KubeProxySign | null {
  for (const name of CONFIG_MAPS) {
    const config = configMap(signs, name);
    const settings = config === null ? null : settingsOf(config);
    if (config !== null && settings !== null) return { ...NOTHING, settings, evidence: [cite(config)], seen: true, confidence: 'derived' };
  }
  return null;
}

function settingsOf(config: ConfigMapObject): ProxySettings | null {
  for (const key of CONFIG_KEYS) {
    const text = config.data?.[key];
    const settings = text === undefined ? null : settingsFromConfig(text);
    if (settings !== null) return settings;
  }
  return null;
}
