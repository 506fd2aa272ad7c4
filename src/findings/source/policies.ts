import { namespaceOf } from '../../cluster/endpoints.ts';
import type { NetworkPolicyObject, PodObject } from '../../cluster/objects.ts';
import { type Cidr, parseCidr, parseCidrs } from '../../net/ip.ts';
import { append } from '../scene/lazy.ts';
import { perCluster } from '../scene/per-cluster.ts';
import { matchesSelector } from '../scene/selector.ts';
import type { ClusterScene } from '../scene.ts';

/** A network that a NetworkPolicy lets in. */
export interface Block {
  readonly cidr: Cidr;
  readonly except: readonly Cidr[];
}

/** What the NetworkPolicies on a pod let in, to one of its ports. */
export interface Admission {
  readonly policies: readonly NetworkPolicyObject[];
  readonly blocks: readonly Block[];
  /** A rule names no peer: everybody may come. */
  readonly isOpen: boolean;
}

const byNamespace = perCluster((scene) => {
  const found = new Map<string, NetworkPolicyObject[]>();
  for (const policy of scene.objects('NetworkPolicy')) append(found, namespaceOf(policy.metadata), policy);
  return found;
});

/** Null: no policy is about what comes in to this pod. */
export function admissionTo(scene: ClusterScene, pod: PodObject, port: number): Admission | null {
  const policies = (byNamespace(scene).get(namespaceOf(pod.metadata)) ?? []).filter(
    ({ spec }) =>
      (spec?.policyTypes ?? ['Ingress']).includes('Ingress') && matchesSelector(spec?.podSelector ?? {}, pod.metadata.labels ?? {}),
  );
  if (policies.length === 0) return null;
  const rules = policies
    .flatMap(({ spec }) => spec?.ingress ?? [])
    .filter(({ ports = [] }) => ports.length === 0 || ports.some((one) => covers(one, port)));
  const peers = rules.flatMap(({ from = [] }) => from);
  return { policies, isOpen: rules.some(({ from = [] }) => from.length === 0), blocks: peers.flatMap(({ ipBlock }) => blockOf(ipBlock)) };
}

interface PortRule {
  readonly port?: number | string;
  readonly endPort?: number;
}

/** A port by name is taken for the one asked about: a wrong "no" would accuse. */
function covers({ port, endPort }: PortRule, asked: number): boolean {
  if (port === undefined || typeof port === 'string') return true;
  return asked >= port && asked <= (endPort ?? port);
}

function blockOf(raw: { readonly cidr?: string; readonly except?: readonly string[] } | undefined): Block[] {
  const cidr = parseCidr(raw?.cidr ?? '');
  return cidr === null ? [] : [{ cidr, except: parseCidrs(raw?.except ?? []) }];
}

export function isAdmitted(blocks: readonly Block[], address: string): boolean {
  return blocks.some(({ cidr, except }) => cidr.contains(address) && !except.some((one) => one.contains(address)));
}

/** DaemonSets of programs that enforce NetworkPolicies. */
const ENFORCING: ReadonlySet<string> = new Set([
  'calico-node',
  'canal',
  'rke2-canal',
  'cilium',
  'anetd',
  'antrea-agent',
  'weave-net',
  'kube-router',
  'kindnet',
  'kube-network-policies',
  'ovnkube-node',
  'azure-npm',
]);

/** Whether anything enforces NetworkPolicies: flannel alone does not; null: it does not show. */
export const enforcesPolicies: (scene: ClusterScene) => boolean | null = perCluster(({ cluster, dataplane }) => {
  if (cluster.daemonSets.some((key) => ENFORCING.has(key.slice(key.indexOf('/') + 1)))) return true;
  return dataplane.networks.every(({ name }) => name.startsWith('flannel')) && !cluster.nodes.some(isK3s) ? false : null;
});

/** k3s has a policy controller in its own process. */
function isK3s({ kubeletVersion }: { readonly kubeletVersion: string | null }): boolean {
  return kubeletVersion?.includes('k3s') === true;
}
