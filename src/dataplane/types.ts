import type { Gap } from '../cluster/evidence.ts';
import type { Cidr, Family } from '../net/ip.ts';

/**
 * How kube-proxy tells traffic of pods (pkg/proxy/util LocalTrafficDetector), as far as packets are concerned.
 * `own-pods` and `nobody` are what the interface detectors come down to once the CNI's devices are known.
 */
export type Detector =
  | { readonly kind: 'absent' }
  | { readonly kind: 'cidr'; readonly cidr: Cidr }
  | { readonly kind: 'node-cidr' }
  | { readonly kind: 'own-pods' }
  | { readonly kind: 'nobody' }
  /** A supposition where the configuration is unknown: some network that holds every pod and nothing else. */
  | { readonly kind: 'any-pod' };

/** What decides the rules that a kube-proxy writes. */
export interface ProxyConfig {
  readonly mode: 'iptables' | 'nftables';
  /** kube-proxy 1.minor.patch. */
  readonly minor: number;
  readonly patch: number;
  readonly detector: Readonly<Record<Family, Detector>>;
  readonly masqueradeAll: boolean;
  readonly localhostNodePorts: boolean;
  /** As configured; empty: the default of mode and version. */
  readonly nodePortAddresses: readonly string[];
}

/** The data plane of a set of nodes. */
export interface DataplaneClass {
  readonly implementation: string;
  readonly mode: 'iptables' | 'nftables' | 'ipvs' | 'userspace' | null;
  readonly version: string | null;
  readonly localDetection: { readonly mode: string; readonly cidrs: readonly string[]; readonly interface: string | null } | null;
  readonly confidence: 'observed' | 'derived' | 'assumed';
  readonly evidence: readonly string[];
  /** Every configuration that the evidence allows; more than one: the answer holds only if all agree. Empty: not modelled. */
  readonly candidates: readonly ProxyConfig[];
  /** Why it is not modelled, or null. */
  readonly unmodelled: string | null;
  /** What would decide between the candidates. */
  readonly missing: readonly Gap[];
}

/** How a CNI wires pods to their node, and nodes' pods to each other. Decides which address a masqueraded packet carries. */
export interface PodNetwork {
  /** `flannel-vxlan`, `kindnet`, `calico`, … or `unknown`. */
  readonly name: string;
  readonly evidence: readonly string[];
  /** `bridge`: the gateway address is the bridge's. `ptp`: each veth carries it. `unnumbered`: veths without address. */
  readonly podLink: 'bridge' | 'ptp' | 'unnumbered' | 'unknown';
  /** Device by which pods' packets enter the IP layer: a name, or the common prefix of names with `*`. */
  readonly podDevice: string | null;
  /** A bridge port takes back what it sent (hairpin mode); null: not known. */
  readonly hairpin: boolean | null;
  /** How other nodes' pods are reached. */
  readonly routing: Routing;
  /** Networks of pods, of all families. */
  readonly networks: readonly Cidr[];
  readonly masquerade: Masquerade;
  /** Whether pods may be reached at other nodes' address at all is decided by routing; whether clusterIPs of pods are served by the CNI itself. */
  readonly servesClusterIPs: boolean;
}

export type Routing =
  | { readonly kind: 'direct' }
  | {
      readonly kind: 'overlay';
      readonly device: Readonly<Record<Family, string>>;
      readonly addresses: ReadonlyMap<string, Readonly<Partial<Record<Family, string>>>>;
    }
  /** Overlay between subnets only, for pairs of nodes in one subnet direct; `prefix` by node and family. */
  | {
      readonly kind: 'cross-subnet';
      readonly device: Readonly<Record<Family, string>>;
      readonly addresses: ReadonlyMap<string, Readonly<Partial<Record<Family, string>>>>;
      readonly subnets: ReadonlyMap<string, readonly Cidr[]>;
    }
  | { readonly kind: 'unknown' };

/** Which packets the CNI's own POSTROUTING rules masquerade. */
export type Masquerade =
  | { readonly style: 'none' }
  | { readonly style: 'flannel' }
  | { readonly style: 'kindnet' }
  /** Suppositions where the CNI's way is unknown: what pods send to anything but pods is masqueraded; and with `ingress` what comes from outside to other nodes' pods, too. */
  | { readonly style: 'supposed'; readonly ingress: boolean }
  | { readonly style: 'calico'; readonly natPools: readonly Cidr[]; readonly allPools: readonly Cidr[] }
  | { readonly style: 'unknown' };

/** Everything that decides a packet's way and stands beside the Services. */
export interface Dataplane {
  readonly classes: readonly DataplaneClass[];
  readonly classOf: ReadonlyMap<string, DataplaneClass>;
  /** Candidates again: more than one where the evidence leaves the CNI's masquerading open. */
  readonly networks: readonly PodNetwork[];
  readonly networkMissing: readonly Gap[];
  readonly gaps: readonly Gap[];
}
