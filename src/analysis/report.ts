/**
 * The report of `explain`, as `-o json` prints it. A published JSON Schema is generated from these types;
 * within one `apiVersion` no field is removed or given another meaning.
 */
export interface ServiceReport {
  readonly apiVersion: 'srcip.io/v1alpha1';
  readonly kind: 'ServiceReport';
  /** Where the cluster was read: `context kind-dev` or `snapshot ./case`. */
  readonly origin: string;
  readonly service: ServiceSummary;
  /** The answer in one sentence, and how good it is. */
  readonly answer: Answer;
  /** Which data plane serves which nodes, with evidence. */
  readonly dataplane: readonly DataplaneEntry[];
  /**
   * Nodes that behave alike, when there are too many to report each: `flows` then covers each group's `representatives` only.
   * Absent when every node is in `flows` by itself.
   */
  readonly nodeGroups?: readonly NodeGroup[];
  readonly flows: readonly Flow[];
  /** What a load balancer in front of the nodes does, for type LoadBalancer. */
  readonly loadBalancer?: LoadBalancerView;
  /** What follows from the flows and should be known before acting on them. */
  readonly notes: readonly Note[];
  readonly findings: readonly Finding[];
  /** What could not be read or decided. */
  readonly gaps: readonly Gap[];
}

export interface Gap {
  readonly what: string;
  readonly why: string;
}

export interface ServiceSummary {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly externalTrafficPolicy: 'Cluster' | 'Local' | null;
  readonly internalTrafficPolicy: 'Cluster' | 'Local';
  readonly clusterIPs: readonly string[];
  readonly externalIPs: readonly string[];
  /** `status.loadBalancer.ingress`; `ipMode` null where the server says none (meaning VIP). */
  readonly loadBalancerIngress: readonly {
    readonly ip: string | null;
    readonly hostname: string | null;
    readonly ipMode: 'VIP' | 'Proxy' | null;
  }[];
  readonly loadBalancerSourceRanges: readonly string[];
  readonly healthCheckNodePort: number | null;
  /** Seconds of ClientIP session affinity, or null without. */
  readonly sessionAffinitySeconds: number | null;
  readonly ports: readonly PortSummary[];
}

export interface PortSummary {
  /** Port name, or null for the unnamed port. */
  readonly name: string | null;
  readonly protocol: Protocol;
  readonly port: number;
  readonly nodePort: number | null;
  readonly targetPort: number | string;
  /** Endpoints by state, over all address families. */
  readonly endpoints: { readonly ready: number; readonly servingTerminating: number; readonly notReady: number };
}

export type Protocol = 'TCP' | 'UDP' | 'SCTP';

export interface Answer {
  /** good: everything asked for is answered; mixed: some is not; bad: nothing is; unknown: the evidence does not decide. */
  readonly mood: 'good' | 'mixed' | 'bad' | 'unknown';
  readonly text: string;
}

export interface DataplaneEntry {
  readonly nodes: readonly string[];
  /** `kube-proxy`, `cilium`, `calico-ebpf`, `ovn-kubernetes`, `antrea`, `kube-router`, `windows`, `none` or `unknown`. */
  readonly implementation: string;
  /** kube-proxy's mode, or null. */
  readonly mode: 'iptables' | 'nftables' | 'ipvs' | 'userspace' | null;
  readonly version: string | null;
  readonly localDetection: { readonly mode: string; readonly cidrs: readonly string[]; readonly interface: string | null } | null;
  readonly masqueradeAll: boolean | null;
  /** As configured; empty: the mode's default. */
  readonly nodePortAddresses: readonly string[];
  readonly cni: string | null;
  /** Whether the CNI masquerades what pods send out of the pod network; null: not known. */
  readonly cniMasquerades: boolean | null;
  readonly confidence: 'observed' | 'derived' | 'assumed';
  readonly evidence: readonly string[];
}

export interface NodeGroup {
  /** Short label, e.g. `with 1 local endpoint`. */
  readonly name: string;
  readonly nodes: readonly string[];
  /** The members that `flows` reports, for all of them. */
  readonly representatives: readonly string[];
}

export interface Flow {
  readonly from: Client;
  /** Entry node of an external client for an address that no node owns, else null. */
  readonly via: string | null;
  readonly to: Target;
  readonly verdict: Verdict;
  readonly branches: readonly Branch[];
  readonly because: readonly Because[];
  /** What the rules that the nodes really have make of it; absent where no rules were asked for. */
  readonly traced?: Traced;
}

/** The fate of a packet by the nodes' own rules, found without any knowledge of kube-proxy's policies. */
export interface Traced {
  readonly verdict: Verdict;
  readonly branches: readonly Branch[];
  readonly because: readonly Because[];
  /** Whether it says the same as the prediction; null where either is undetermined. */
  readonly agrees: boolean | null;
}

export interface Client {
  readonly kind: 'external' | 'node' | 'pod';
  /** Node or pod name; for an external client what it stands for, or null. */
  readonly name: string | null;
  readonly namespace: string | null;
  /** The node it runs on, or null for an external client. */
  readonly node: string | null;
  /** Its address in the target's family; null for "any address outside the cluster". */
  readonly address: string | null;
  readonly hostNetwork?: boolean;
}

export interface Target {
  readonly kind: TargetKind;
  /** The node that owns the address, or null. */
  readonly node: string | null;
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** The Service port this belongs to, where it does: its name or number. */
  readonly servicePort: string | null;
}

export type TargetKind = 'clusterIP' | 'nodePort' | 'externalIP' | 'loadBalancerIP' | 'healthCheckNodePort' | 'other';

export type Outcome = 'delivered' | 'no-reply' | 'rejected' | 'dropped' | 'unhandled';

export type Verdict = Outcome | 'partial' | 'undetermined';

export interface Branch {
  readonly outcome: Outcome;
  /** What ordinary routing makes of an unhandled packet, where that is known. */
  readonly then: 'refused-by-host' | 'leaves-cluster' | 'host-listener' | null;
  /** Probability of this branch; all shares of a flow sum to 1. */
  readonly share: number;
  /** The endpoint reached; null unless delivered or no-reply. */
  readonly endpoint: EndpointRef | null;
  /** What the endpoint sees; null unless delivered or no-reply. */
  readonly source: SeenSource | null;
  /** HTTP status of the health-check node port, on such flows only. */
  readonly httpStatus?: 200 | 503;
}

export interface EndpointRef {
  readonly address: string;
  readonly port: number;
  readonly node: string | null;
  readonly pod: string | null;
  readonly namespace: string | null;
}

export interface SeenSource {
  readonly kind: 'preserved' | 'masqueraded';
  /** The address the endpoint sees; null when it cannot be known (or, preserved, the client's own unnamed address). */
  readonly address: string | null;
  readonly interface: string | null;
  readonly by: 'kube-proxy' | 'cni' | null;
}

export interface Because {
  readonly code: string;
  readonly text: string;
  /** The rule that kube-proxy writes for it, in iptables-save form, where there is one. */
  readonly rule: string | null;
}

export interface LoadBalancerView {
  /** Provider, where it is known: `aws`, `gcp`, `azure`, `metallb`, `klipper`, … */
  readonly provider: string | null;
  readonly providerEvidence: string | null;
  /** What arrives at a node: its nodePort, the unchanged LB address, or the pod itself. */
  readonly target: 'nodePort' | 'loadBalancerIP' | 'pod' | null;
  readonly healthCheck: {
    /** `nodePort (TCP)`: the load balancer connects to the Service's own node port, and kube-proxy is not asked. */
    readonly what: 'healthCheckNodePort' | 'kube-proxy healthz' | 'nodePort (TCP)' | 'none';
    readonly port: number | null;
    readonly path: string;
  };
  readonly nodes: readonly LoadBalancerNode[];
  /** Share of traffic per endpoint when the load balancer spreads evenly over the nodes it keeps; empty when that is not known. */
  readonly shares: readonly { readonly endpoint: EndpointRef; readonly servicePort: string; readonly share: number }[];
}

export interface LoadBalancerNode {
  readonly node: string;
  readonly inRotation: boolean | null;
  /** What kube-proxy answers to the health check; null where that is not known, or the load balancer does not ask it. */
  readonly httpStatus: 200 | 503 | null;
  readonly why: string;
}

export interface Note {
  readonly id: string;
  readonly severity: 'warning' | 'info';
  readonly text: string;
  readonly remedy?: string;
}

export interface Finding {
  readonly code: string;
  readonly id: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly confidence: 'observed' | 'derived' | 'hint';
  readonly message: string;
  readonly why: string;
  readonly remedy: string;
  readonly objects: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
  readonly docs: string;
}
