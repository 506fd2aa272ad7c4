import type { Evidence, Gap } from '../cluster/evidence.ts';
import type { Cluster, Node } from '../cluster/model.ts';
import { candidatesOf, effectiveMode } from './candidates.ts';
import { calicoNetworks } from './cni/calico.ts';
import { annotatedFlannelNetworks, flannelNetworks } from './cni/flannel.ts';
import { awsNetworks, kindnetNetworks, recognisedNetworks, unknownNetwork } from './cni/others.ts';
import { kubeProxyFinder } from './kube-proxy.ts';
import type { KubeProxySign } from './kube-proxy-sign.ts';
import type { ProxySettings } from './proxy-settings.ts';
import type { Replacement } from './replacements.ts';
import { clusterReplacement, nodeReplacement, openReplacement } from './replacements.ts';
import type { Signs } from './signs.ts';
import { signsOf } from './signs.ts';
import type { Dataplane, DataplaneClass, PodNetwork } from './types.ts';

/** Which data plane serves which node, by what was gathered. What the evidence leaves open becomes several candidates, never a choice. */
export function detectDataplane(evidence: Evidence, cluster: Cluster): Dataplane {
  const signs = signsOf(evidence, cluster);
  const networks = networksOf(signs).flatMap(withEveryMasquerade);
  const replacement = clusterReplacement(signs);
  const find = kubeProxyFinder(signs);
  const classes = new Map<string, DataplaneClass>();
  const classOf = new Map<string, DataplaneClass>();
  const madeOf = new Map<KubeProxySign | Replacement, DataplaneClass>();
  for (const node of cluster.nodes) {
    const sign = nodeReplacement(node) ?? replacement ?? find(node);
    const made = madeOf.get(sign) ?? sharedClass('settings' in sign ? kubeProxyClass(sign, networks[0]) : replacementClass(sign), classes);
    madeOf.set(sign, made);
    classOf.set(node.name, made);
  }
  return {
    classes: [...classes.values()],
    classOf,
    networks,
    networkMissing: networks.length > 1 ? [maskGap(networks[0])] : [],
    gaps: [...openReplacement(signs), ...[...classes.values()].flatMap((entry) => (entry.confidence === 'assumed' ? entry.missing : []))],
  };
}

/** The class that is already known and differs in nothing but its evidence, or this one. */
function sharedClass(found: DataplaneClass, classes: Map<string, DataplaneClass>): DataplaneClass {
  const key = JSON.stringify({ ...found, evidence: null });
  const known = classes.get(key) ?? found;
  classes.set(key, known);
  return known;
}

/** flannel's annotations come after the DaemonSets of others: they stay behind when a cluster moves to another CNI. */
function networksOf(signs: Signs): PodNetwork[] {
  const finders = [flannelNetworks, kindnetNetworks, calicoNetworks, awsNetworks, recognisedNetworks, annotatedFlannelNetworks];
  for (const find of finders) {
    const networks = find(signs);
    if (networks.length > 0) return networks;
  }
  return [unknownNetwork(signs)];
}

/** An unknown way of masquerading may be any of these: none at all, what pods send out of the pod network, or flannel's way with what comes in. */
function withEveryMasquerade(network: PodNetwork): PodNetwork[] {
  if (network.masquerade.style !== 'unknown') return [network];
  const styles = [{ style: 'none' }, { style: 'supposed', ingress: false }, { style: 'supposed', ingress: true }] as const;
  return styles.map((masquerade) => ({ ...network, masquerade }));
}

function maskGap(network: PodNetwork | undefined): Gap {
  return {
    what: `masquerading by the CNI (${network?.name ?? 'unknown'})`,
    why: 'no object shows whether it hides pod addresses from other nodes',
  };
}

function replacementClass(replacement: Replacement): DataplaneClass {
  return {
    implementation: replacement.implementation,
    mode: null,
    version: null,
    localDetection: null,
    confidence: 'observed',
    evidence: replacement.evidence,
    candidates: [],
    unmodelled: replacement.why,
    missing: [{ what: `behaviour of ${replacement.implementation}`, why: `${replacement.why}; this data plane is not modelled` }],
  };
}

function kubeProxyClass(sign: KubeProxySign, network: PodNetwork | undefined): DataplaneClass {
  const { settings, versions } = sign;
  const [version] = versions;
  const mode = settings === null ? null : effectiveMode(settings, version ?? null);
  const base = {
    version: versions.length === 1 ? (version?.text ?? null) : null,
    localDetection: settings === null ? null : shownDetection(settings),
    confidence: sign.confidence,
    evidence: sign.evidence,
  };
  if (sign.absent !== null) {
    const why = sign.absent;
    return {
      ...base,
      implementation: 'unknown',
      mode: null,
      candidates: [],
      unmodelled: why,
      missing: [{ what: 'the service proxy', why }],
    };
  }
  if (settings !== null && mode !== 'iptables' && mode !== 'nftables') {
    const why = mode === null ? `kube-proxy mode "${settings.mode ?? ''}" is not known` : `kube-proxy runs in ${mode} mode`;
    const missing = [{ what: `behaviour of kube-proxy ${mode ?? settings.mode ?? ''} mode`, why: `${why}; this mode is not modelled` }];
    return { ...base, implementation: 'kube-proxy', mode, candidates: [], unmodelled: why, missing };
  }
  const versionGap =
    versions.length === 0 ? [{ what: 'version of kube-proxy', why: 'neither an image tag nor a kubelet version tells it' }] : [];
  return {
    ...base,
    implementation: sign.seen ? 'kube-proxy' : 'unknown',
    mode,
    candidates: candidatesOf(settings, versions, network),
    unmodelled: null,
    missing: [...sign.missing, ...versionGap],
  };
}

function shownDetection(settings: ProxySettings): DataplaneClass['localDetection'] {
  const mode = settings.detectLocalMode || 'ClusterCIDR';
  const cidrs = (settings.clusterCIDR ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
  const device =
    mode === 'BridgeInterface' ? settings.bridgeInterface : mode === 'InterfaceNamePrefix' ? settings.interfaceNamePrefix : undefined;
  return {
    mode: mode === 'ClusterCIDR' && cidrs.length === 0 ? 'None' : mode,
    cidrs: mode === 'ClusterCIDR' ? cidrs : [],
    interface: device || null,
  };
}

/** Nodes of one class, for reports. */
export function nodesOfClass(dataplane: Dataplane, wanted: DataplaneClass, nodes: readonly Node[]): string[] {
  return nodes.filter((node) => dataplane.classOf.get(node.name) === wanted).map((node) => node.name);
}
