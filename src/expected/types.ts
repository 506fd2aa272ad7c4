import type { Cluster, Node, Service } from '../cluster/model.ts';
import type { ProxyConfig } from '../dataplane/types.ts';
import type { Family } from '../net/ip.ts';

export type Table = 'nat' | 'filter' | 'mangle';

/** What a rule is for. Stable: reports name it. */
export type RuleCode =
  | 'cluster-ip-jump'
  | 'external-ip-jump'
  | 'load-balancer-jump'
  | 'node-port-jump'
  | 'node-port-localhost-jump'
  | 'reject-no-endpoints'
  | 'drop-no-local-endpoints'
  | 'mark-drop-no-local-endpoints'
  | 'drop-outside-source-ranges'
  | 'mark-drop-outside-source-ranges'
  | 'source-range'
  | 'source-range-own-vip'
  | 'source-range-note'
  | 'unrestricted-jump'
  | 'health-check-accept'
  | 'masquerade-cluster-ip'
  | 'masquerade-external'
  | 'masquerade-external-ip'
  | 'masquerade-load-balancer'
  | 'masquerade-node-port'
  | 'masquerade-localhost'
  | 'masquerade-local'
  | 'pod-short-circuit'
  | 'node-short-circuit'
  | 'policy-jump'
  | 'affinity'
  | 'balance'
  | 'hairpin'
  | 'dnat'
  | 'hook'
  | 'all-node-ports'
  | 'postrouting-return'
  | 'postrouting-clear-mark'
  | 'postrouting-masquerade'
  | 'mark-masquerade'
  | 'mark-drop'
  | 'drop-marked'
  | 'localnet-guard'
  | 'forward-invalid'
  | 'forward-marked'
  | 'forward-established';

/** One rule that should stand in a dump. */
export interface ExpectedRule {
  /** As `iptables-save` prints it, without counters. */
  readonly line: string;
  /** Other texts that say the same and are as right: with or without the comment that large clusters drop, nfacct counters, `--random-fully`. */
  readonly also: readonly string[];
  readonly code: RuleCode;
  readonly meaning: string;
  /** `ns/name:port` of the service port that it belongs to; null for a static rule. */
  readonly port: string | null;
  /** Its absence says nothing. */
  readonly optional: boolean;
  readonly writer: 'kube-proxy' | 'kubelet';
}

/**
 * How far the order of a chain's rules is kube-proxy's: all of it; that of each service port (other ports' rules stand anywhere between);
 * that of each service port, and `all-node-ports` behind everything else; or not at all.
 */
export type ChainOrder = 'fixed' | 'per-port' | 'per-port-then-node-ports' | 'free';

/** The expected rules of one chain, of one Service or of the static part. */
export interface ExpectedChain {
  readonly table: Table;
  readonly chain: string;
  readonly order: ChainOrder;
  /** Other Services', or other programs', rules stand in the same chain. */
  readonly shared: boolean;
  /** Its absence says nothing (canaries, chains of the kubelet). */
  readonly optional: boolean;
  readonly rules: readonly ExpectedRule[];
}

export interface Expected {
  readonly chains: readonly ExpectedChain[];
  /** What the evidence leaves open, so that rules may be missing here. */
  readonly unknown: readonly string[];
}

/** Settings that change the text of rules but not the fate of packets, so that they are not in `ProxyConfig`. */
export interface Dialect {
  /** Device of the interface detectors as iptables writes it: `cni0`, `cali+`. */
  readonly device: string | null;
  /** `iptables.masqueradeBit`. */
  readonly masqueradeBit: number;
  /** iptables ≥1.6.2; null: either is right. */
  readonly randomFully: boolean | null;
  /** Comments of balancing and endpoint rules are left out; null: by the number of endpoints. */
  readonly largeCluster: boolean | null;
  /** Addresses on the node's devices, loopback included; null: those that the API shows. */
  readonly localAddresses: readonly string[] | null;
  /** The address that kube-proxy takes for the node's, where `--bind-address` names one; null: by the Node object. */
  readonly bindAddress: string | null;
}

export const DEFAULT_DIALECT: Dialect = {
  device: null,
  masqueradeBit: 14,
  randomFully: null,
  largeCluster: null,
  localAddresses: null,
  bindAddress: null,
};

/** Whose rules are asked for: one proxier, that is one IP family of the kube-proxy of one node. */
export interface Proxier {
  readonly node: Node;
  readonly config: ProxyConfig;
  readonly family: Family;
  readonly dialect?: Partial<Dialect>;
}

export interface ServiceProxier extends Proxier {
  readonly service: Service;
  /** For the threshold of large clusters. */
  readonly cluster: Cluster;
}
