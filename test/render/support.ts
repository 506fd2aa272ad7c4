import type {
  Because,
  Branch,
  Client,
  DataplaneEntry,
  EndpointRef,
  Flow,
  SeenSource,
  ServiceReport,
  ServiceSummary,
  Target,
  Verdict,
} from '../../src/analysis/report.ts';
import type { RenderOptions } from '../../src/render/options.ts';

/** A small flannel cluster from which sample reports are made: pods by the number of their node. */
export interface Sample {
  readonly nodes: readonly string[];
  readonly pods: readonly EndpointRef[];
  readonly policy: 'Local' | 'Cluster';
  readonly name?: string;
  /** External clients; one without it. */
  readonly outsiders?: readonly Client[];
  /** Nodes with flows; all without it. */
  readonly reported?: readonly string[];
}

export const OPTIONS: RenderOptions = { columns: 100, color: false, unicode: true, verbose: false };

const NODE_PORT = 30080;
const CLUSTER_IP = '10.96.10.10';
const LOAD_BALANCER_IP = '203.0.113.80';
const HEALTH_PORT = 31000;

export function podOn(node: string, i: number, name = `web-${i}`): EndpointRef {
  return { address: `10.244.${i}.10`, port: 8080, node, pod: name, namespace: 'ns1' };
}

export function report(sample: Sample, change: Partial<ServiceReport> = {}): ServiceReport {
  return {
    apiVersion: 'srcip.io/v1alpha1',
    kind: 'ServiceReport',
    origin: 'context kind-dev',
    service: service(sample, {}),
    answer: { mood: 'good', text: `All ${sample.nodes.length} nodes answer outside traffic to nodePort ${NODE_PORT}.` },
    dataplane: [plane(sample.nodes)],
    flows: [...nodePortFlows(sample), ...clusterIpFlows(sample)],
    notes: [],
    findings: [],
    gaps: [],
    ...change,
  };
}

export function service(sample: Sample, change: Partial<ServiceSummary>): ServiceSummary {
  return {
    namespace: 'ns1',
    name: sample.name ?? 'web',
    type: 'NodePort',
    externalTrafficPolicy: sample.policy,
    internalTrafficPolicy: 'Cluster',
    clusterIPs: [CLUSTER_IP],
    externalIPs: [],
    loadBalancerIngress: [],
    loadBalancerSourceRanges: [],
    healthCheckNodePort: null,
    sessionAffinitySeconds: null,
    ports: [
      {
        name: null,
        protocol: 'TCP',
        port: 80,
        nodePort: NODE_PORT,
        targetPort: 8080,
        endpoints: { ready: sample.pods.length, servingTerminating: 0, notReady: 0 },
      },
    ],
    ...change,
  };
}

export function plane(nodes: readonly string[], change: Partial<DataplaneEntry> = {}): DataplaneEntry {
  return {
    nodes,
    implementation: 'kube-proxy',
    mode: 'iptables',
    version: 'v1.33.4',
    localDetection: { mode: 'ClusterCIDR', cidrs: ['10.244.0.0/16'], interface: null },
    masqueradeAll: false,
    nodePortAddresses: [],
    cni: 'flannel-vxlan',
    cniMasquerades: true,
    confidence: 'observed',
    evidence: ['ConfigMap kube-system/kube-proxy', 'DaemonSet kube-system/kube-proxy runs v1.33.4'],
    ...change,
  };
}

export function nodePortFlows(sample: Sample): Flow[] {
  return reported(sample).flatMap((node) => {
    const to = target(sample, 'nodePort', node);
    const clients = [...outsiders(sample), ...reported(sample).flatMap((from) => [podClient(sample, from), nodeClient(sample, from)])];
    return clients.map((from) => flow(from, to, throughNodePort(sample, from, node)));
  });
}

export function clusterIpFlows(sample: Sample): Flow[] {
  const to = target(sample, 'clusterIP', null);
  return reported(sample).flatMap((node) => {
    const kept = branchesTo(sample.pods, (endpoint) => preserved(sample, nodeClient(sample, node), endpoint));
    return [
      flow(
        podClient(sample, node),
        to,
        branchesTo(sample.pods, () => ({ kind: 'preserved', address: podAddress(sample, node), interface: null, by: null })),
      ),
      flow(nodeClient(sample, node), to, kept),
      ...outsiders(sample).map((from) =>
        flow(
          from,
          to,
          branchesTo(sample.pods, (endpoint) => masqueraded(sample, node, endpoint)),
          node,
        ),
      ),
    ];
  });
}

export function loadBalancerFlows(sample: Sample, address = LOAD_BALANCER_IP): Flow[] {
  const to = { ...target(sample, 'loadBalancerIP', null), address };
  return reported(sample).flatMap((node) => {
    const inside = [podClient(sample, node), nodeClient(sample, node)];
    const chosen = podsOn(sample, node).length > 0;
    const entering = (chosen ? outsiders(sample) : []).map((from, i) =>
      flow(from, to, i === 0 ? throughNodePort(sample, from, node) : [ending('dropped')], node),
    );
    const within = inside.map((from) =>
      flow(
        from,
        to,
        branchesTo(sample.pods, (endpoint) => preserved(sample, from, endpoint)),
      ),
    );
    return [...entering, ...within];
  });
}

export function healthFlows(sample: Sample): Flow[] {
  return reported(sample).map((node) => {
    const to = { ...target(sample, 'nodePort', node), kind: 'healthCheckNodePort', port: HEALTH_PORT, servicePort: null } as const;
    const httpStatus = podsOn(sample, node).length > 0 ? 200 : 503;
    return flow(outside(), to, [{ ...ending('delivered'), httpStatus }]);
  });
}

export function flow(from: Client, to: Target, branches: readonly Branch[], via: string | null = null): Flow {
  const verdict = verdictOf(branches);
  return { from, via, to, verdict, branches, because: becauseOf(verdict, to) };
}

export function branchesTo(pods: readonly EndpointRef[], source: (endpoint: EndpointRef) => SeenSource): Branch[] {
  return pods.map((endpoint) => ({ outcome: 'delivered', then: null, share: 1 / pods.length, endpoint, source: source(endpoint) }));
}

export function ending(outcome: Branch['outcome'], then: Branch['then'] = null, share = 1): Branch {
  return { outcome, then, share, endpoint: null, source: null };
}

function outsiders(sample: Sample): readonly Client[] {
  return sample.outsiders ?? [outside()];
}

export function outside(): Client {
  return { kind: 'external', name: null, namespace: null, node: null, address: null };
}

export function nodeClient(sample: Sample, node: string): Client {
  return { kind: 'node', name: node, namespace: null, node, address: nodeAddress(sample, node) };
}

export function podClient(sample: Sample, node: string): Client {
  return { kind: 'pod', name: null, namespace: null, node, address: podAddress(sample, node) };
}

export function target(sample: Sample, kind: Target['kind'], node: string | null): Target {
  const address = node === null ? CLUSTER_IP : nodeAddress(sample, node);
  return { kind, node, address, port: kind === 'nodePort' ? NODE_PORT : 80, protocol: 'TCP', servicePort: '80' };
}

export function masqueraded(sample: Sample, node: string, endpoint: EndpointRef): SeenSource {
  const i = sample.nodes.indexOf(node) + 1;
  const local = endpoint.node === node;
  return { kind: 'masqueraded', address: `10.244.${i}.${local ? 1 : 0}`, interface: local ? 'cni0' : 'flannel.1', by: 'kube-proxy' };
}

function throughNodePort(sample: Sample, from: Client, node: string): Branch[] {
  const fromInside = from.kind === 'pod' || from.node === node;
  const clientHere = from.node === node;
  const short = sample.policy === 'Local' && fromInside && clientHere;
  const pods = sample.policy === 'Local' && !short ? podsOn(sample, node) : sample.pods;
  if (pods.length === 0) return [ending('dropped')];
  if (short && from.kind === 'pod') return branchesTo(pods, (endpoint) => preserved(sample, from, endpoint));
  if (sample.policy === 'Local' && from.kind === 'pod') return branchesTo(pods, () => behindNode(sample, from));
  if (sample.policy === 'Local' && !short) return branchesTo(pods, (endpoint) => preserved(sample, from, endpoint));
  return branchesTo(pods, (endpoint) => masqueraded(sample, node, endpoint));
}

/** flannel masquerades what a pod sends to another node's address. */
function behindNode(sample: Sample, from: Client): SeenSource {
  return { kind: 'masqueraded', address: nodeAddress(sample, from.node ?? ''), interface: 'eth0', by: 'cni' };
}

function preserved(sample: Sample, from: Client, endpoint: EndpointRef): SeenSource {
  if (from.kind === 'node')
    return { kind: 'preserved', address: masqueraded(sample, from.node ?? '', endpoint).address, interface: null, by: null };
  return { kind: 'preserved', address: from.address, interface: null, by: null };
}

function becauseOf(verdict: Verdict, to: Target): Because[] {
  const rule = `-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "ns1/web has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport ${to.port} -j DROP`;
  switch (verdict) {
    case 'dropped':
      if (to.kind === 'loadBalancerIP')
        return [{ code: 'source-range', text: 'loadBalancerSourceRanges does not hold this client', rule: null }];
      return [{ code: 'no-local-endpoint', text: `externalTrafficPolicy is Local and no ready endpoint runs on ${to.node}`, rule }];
    case 'rejected':
      return [{ code: 'no-endpoints', text: 'the Service has no ready endpoint: kube-proxy rejects with ICMP port unreachable', rule }];
    case 'unhandled':
      return [
        {
          code: 'no-rule',
          text: 'iptables mode rejects in INPUT and FORWARD only: a node process is not stopped on its way out',
          rule: null,
        },
      ];
    case 'undetermined':
      return [{ code: 'dataplane-not-modelled', text: 'Cilium replaces kube-proxy here, and its behaviour is not modelled', rule: null }];
    case 'no-reply':
    case 'partial':
      return [{ code: 'asymmetric-path', text: 'the pod answers the node directly, past the translation', rule: null }];
    case 'delivered':
      return [{ code: 'endpoints', text: 'kube-proxy picks one of the ready endpoints', rule: null }];
  }
}

export function verdictOf(branches: readonly Branch[]): Verdict {
  const outcomes = [...new Set(branches.map(({ outcome }) => outcome))];
  const [only] = outcomes;
  if (only === undefined) return 'undetermined';
  return outcomes.length === 1 ? only : 'partial';
}

function podsOn(sample: Sample, node: string): EndpointRef[] {
  return sample.pods.filter((pod) => pod.node === node);
}

function reported(sample: Sample): readonly string[] {
  return sample.reported ?? sample.nodes;
}

function nodeAddress(sample: Sample, node: string): string {
  const i = sample.nodes.indexOf(node) + 11;
  return `172.18.${Math.floor(i / 250)}.${i % 250}`;
}

function podAddress(sample: Sample, node: string): string {
  const i = sample.nodes.indexOf(node) + 1;
  return `10.244.${i % 250}.77`;
}
