import type { Gap } from '../cluster/evidence.ts';
import type { Node } from '../cluster/model.ts';
import type { DaemonSetObject, PodObject } from '../cluster/objects.ts';
import { disabledInK3s, embeddedInK3s } from './k3s.ts';
import type { KubeProxySign } from './kube-proxy-sign.ts';
import { absentProxy, fromConfigMap, fromOpenShiftSdn, fromPodSpec, isKubeProxy, unknownProxy } from './kube-proxy-sign.ts';
import type { Signs } from './signs.ts';
import { cite } from './signs.ts';
import type { Version } from './version.ts';
import { parseVersion } from './version.ts';

type Finder = (node: Node) => KubeProxySign | null;

/**
 * Finds each node's kube-proxy: OpenShiftSDN, the pod on the node (of a DaemonSet, or static), a DaemonSet where that pod is not known,
 * k3s and RKE2 annotations, a ConfigMap by itself; else what is left is assumed.
 */
export function kubeProxyFinder(signs: Signs): (node: Node) => KubeProxySign {
  const openshift = fromOpenShiftSdn(signs);
  const fallback = fromConfigMap(signs) ?? unknownProxy([missingGap(signs)]);
  const finders: readonly Finder[] = [() => openshift, disabledInK3s(signs), podFinder(signs), daemonFinder(signs), embeddedInK3s(signs)];
  // Nodes that are alike share one sign, so that what follows from it is worked out once.
  const known = new Map<KubeProxySign, Map<string | null, KubeProxySign>>();
  return (node) => {
    const own = firstSign(finders, node) ?? fallback;
    const byKubelet = known.get(own) ?? new Map<string | null, KubeProxySign>();
    known.set(own, byKubelet);
    const sign = byKubelet.get(node.kubeletVersion) ?? withKubelet(node, own);
    byKubelet.set(node.kubeletVersion, sign);
    return sign;
  };
}

function firstSign(finders: readonly Finder[], node: Node): KubeProxySign | null {
  for (const find of finders) {
    const sign = find(node);
    if (sign !== null) return sign;
  }
  return null;
}

/** The pod itself knows best: in the middle of a roll-out it may be of another version than its DaemonSet's template. */
function podFinder(signs: Signs): Finder {
  const pods = new Map<string, PodObject>();
  for (const pod of signs.pods) {
    const node = pod.spec?.nodeName;
    const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (node === undefined || ended || pod.metadata.namespace !== 'kube-system' || !isKubeProxy(pod)) continue;
    // During an update the old pod is still there, terminating.
    const known = pods.get(node);
    if (known === undefined || known.metadata.deletionTimestamp !== undefined) pods.set(node, pod);
  }
  const read = new Map<string, KubeProxySign>();
  return ({ name }) => {
    const pod = pods.get(name);
    if (pod === undefined) return null;
    const owner = pod.metadata.ownerReferences?.find((reference) => reference.kind === 'DaemonSet')?.name;
    const cited = owner === undefined ? cite(pod) : `DaemonSet ${pod.metadata.namespace}/${owner}`;
    const key = JSON.stringify([owner, pod.spec?.containers, pod.spec?.volumes]);
    const sign = read.get(key) ?? fromPodSpec(signs, pod.spec, cited);
    read.set(key, sign);
    return sign;
  };
}

function daemonFinder(signs: Signs): Finder {
  const daemons = signs.daemonSets.filter(isKubeProxy);
  const running = daemons.filter((daemon) => daemon.status?.desiredNumberScheduled !== 0);
  const [stopped] = daemons;
  if (stopped !== undefined && running.length === 0) {
    const none = absentProxy([cite(stopped)], `${cite(stopped)} is scheduled on no node, and what serves Services instead is not known`);
    return () => none;
  }
  const found = running.map((daemon) => fromDaemon(signs, daemon));
  const [first] = found;
  if (first === undefined) return () => null;
  const same = new Set(found.map(({ sign: { settings, versions } }) => JSON.stringify([settings, versions]))).size === 1;
  if (same) return (node) => (first.rolledOut ? first.sign : midway(first.sign, node));
  const why = `${running.map(cite).join(' and ')} differ, and no kube-proxy pod of the node was read`;
  const open = unknownProxy([{ what: 'which kube-proxy runs on a node', why }]);
  return () => ({ ...open, seen: true, evidence: running.map(cite) });
}

function fromDaemon(signs: Signs, daemon: DaemonSetObject): { readonly sign: KubeProxySign; readonly rolledOut: boolean } {
  const rolledOut = daemon.status?.updatedNumberScheduled === daemon.status?.desiredNumberScheduled;
  return { sign: fromPodSpec(signs, daemon.spec?.template?.spec, cite(daemon)), rolledOut };
}

/** A roll-out under way, and no pod of the node to tell: it may have the new version, or still that of its kubelet. */
function midway(sign: KubeProxySign, node: Node): KubeProxySign {
  const old = parseVersion(node.kubeletVersion);
  const [own] = sign.versions;
  if (own === undefined || old === null || old.text === own.text) return sign;
  const gap: Gap = { what: 'version of kube-proxy', why: 'its DaemonSet is being rolled out, and its pods were not read' };
  return { ...sign, versions: [own, old], confidence: 'derived', missing: [...sign.missing, gap] };
}

/** kubelets are at most three minors behind kube-proxy or ahead of it; theirs is the best guess where kube-proxy's image does not tell. */
function withKubelet(node: Node, sign: KubeProxySign): KubeProxySign {
  const version: Version | null = sign.versions.length > 0 || sign.absent !== null ? null : parseVersion(node.kubeletVersion);
  if (version === null) return sign;
  const confidence = sign.confidence === 'observed' ? 'derived' : sign.confidence;
  return { ...sign, versions: [version], confidence, evidence: [...sign.evidence, `kubelet ${version.text}`] };
}

function missingGap(signs: Signs): Gap {
  const looked = signs.isComplete('DaemonSet')
    ? 'no kube-proxy DaemonSet, static pod, k3s annotation or ConfigMap was found'
    : 'no DaemonSets or ConfigMaps were read';
  return { what: 'configuration of kube-proxy', why: looked };
}
