import type { NoteContext } from './note-context.ts';
import type { Flow, Note, TargetKind } from './report.ts';
import { nameList, nodesByVerdict, outsideFlows, plural } from './tally.ts';

/** Notes that follow from policies and endpoints. The ids are those of the findings that `check` names. */
export function policyNotes(context: NoteContext): Note[] {
  return [
    ...localNodeWithoutEndpoint(context),
    ...snatHidesClientIp(context),
    ...hairpinLocalDropped(context),
    ...podToRemoteNodePort(context),
    ...selfTestMisleads(context),
    ...terminatingOnly(context),
    ...nodeNameMismatch(context),
    ...sourceRanges(context),
    ...hostNetworkEndpoints(context),
    ...affinity(context),
  ];
}

function patch({ service }: NoteContext, spec: string): string {
  return `kubectl patch svc ${service.name} -n ${service.namespace} -p '{"spec":${spec}}'`;
}

function localNodeWithoutEndpoint(context: NoteContext): Note[] {
  const { flows, groups } = context;
  const dropping = (['nodePort', 'loadBalancerIP', 'externalIP'] as const)
    .flatMap((kind) => [
      ...nodesByVerdict(
        flows.filter((flow) => flow.because.some((entry) => entry.code === 'no-local-endpoint')),
        kind,
        groups,
      ),
    ])
    .flatMap(([verdict, nodes]) => (verdict === 'delivered' ? [] : nodes));
  const nodes = [...new Set(dropping)];
  if (nodes.length === 0) return [];
  return [
    {
      id: 'local-node-without-endpoint',
      severity: 'warning',
      text: `externalTrafficPolicy Local keeps the client's address by never leaving the node; ${plural(nodes.length, 'node')} without a local endpoint (${nameList(nodes)}) ${nodes.length === 1 ? 'lets' : 'let'} outside clients time out.`,
      remedy: `Send clients only to nodes with an endpoint (a load balancer that asks the health-check node port), run the pods on every node that gets traffic (a DaemonSet), or give up the client's address: ${patch(context, '{"externalTrafficPolicy":"Cluster"}')}`,
    },
  ];
}

function snatHidesClientIp(context: NoteContext): Note[] {
  const { service, flows } = context;
  const kinds: readonly TargetKind[] = ['nodePort', 'loadBalancerIP', 'externalIP'];
  const outside = kinds.flatMap((kind) => outsideFlows(flows, kind));
  const masked = outside.flatMap((flow) => flow.branches).filter((branch) => branch.source?.kind === 'masqueraded');
  if (masked.length === 0 || service.externalTrafficPolicy === 'Local') return [];
  const seen = [...new Set(masked.map((branch) => branch.source?.address).filter((address) => typeof address === 'string'))];
  return [
    {
      id: 'snat-hides-client-ip',
      severity: 'info',
      text: `The pods log ${seen.length === 0 ? 'addresses of the nodes' : nameList(seen)} for outside clients: with externalTrafficPolicy Cluster the node that was asked masquerades.`,
      remedy: `To see clients: ${patch(context, '{"externalTrafficPolicy":"Local"}')} (then only nodes with an endpoint answer), or PROXY protocol / X-Forwarded-For at the load balancer`,
    },
  ];
}

function inCluster(flows: readonly Flow[], kind: Flow['from']['kind'], ...targets: readonly TargetKind[]): Flow[] {
  return flows.filter((flow) => flow.from.kind === kind && targets.includes(flow.to.kind));
}

function hairpinLocalDropped({ flows }: NoteContext): Note[] {
  const lost = inCluster(flows, 'pod', 'loadBalancerIP', 'externalIP').filter(
    (flow) => flow.verdict === 'dropped' && flow.because.some((entry) => entry.code === 'no-local-endpoint'),
  );
  const nodes = [...new Set(lost.map((flow) => flow.from.node).filter((node) => node !== null))];
  if (nodes.length === 0) return [];
  return [
    {
      id: 'hairpin-local-dropped',
      severity: 'warning',
      text: `Pods on ${nameList(nodes)} time out when they call this Service by its outside address: kube-proxy captures the packet on their node, finds no local endpoint, and cannot tell that the source is a pod.`,
      remedy:
        "Call the clusterIP's DNS name from inside, run an endpoint on every node, or give kube-proxy its local detection (clusterCIDR or detectLocalMode)",
    },
  ];
}

function podToRemoteNodePort({ service, flows }: NoteContext): Note[] {
  if (service.externalTrafficPolicy !== 'Local') return [];
  const remote = inCluster(flows, 'pod', 'nodePort').filter((flow) => flow.from.node !== flow.to.node);
  const bad = remote.filter((flow) => flow.verdict === 'dropped' || flow.verdict === 'no-reply' || flow.verdict === 'partial');
  if (bad.length === 0) return [];
  const words = [...new Set(bad.map((flow) => flow.verdict))].join(', ');
  const nodes = [...new Set(bad.map((flow) => flow.to.node).filter((node) => node !== null))];
  return [
    {
      id: 'pod-to-remote-nodeport',
      severity: 'warning',
      text: `Pods that call the node port of another node (${nameList(nodes)}) are not served there: ${words}. On their own node the same port works.`,
      remedy: 'Let pods use the clusterIP, never NODE-IP:nodePort',
    },
  ];
}

function selfTestMisleads({ flows, groups }: NoteContext): Note[] {
  const outside = nodesByVerdict(flows, 'nodePort', groups).get('dropped') ?? [];
  const own = inCluster(flows, 'node', 'nodePort').filter((flow) => flow.from.node === flow.to.node && flow.verdict === 'delivered');
  const misled = own.map((flow) => flow.to.node).filter((node) => node !== null && outside.includes(node));
  if (misled.length === 0) return [];
  return [
    {
      id: 'self-test-misleads',
      severity: 'info',
      text: "curl from a node or pod to its own node port succeeds even where outside clients time out: kube-proxy sends the node's own traffic to any endpoint. Test from outside.",
    },
  ];
}

function terminatingOnly({ service }: NoteContext): Note[] {
  const endpoints = service.ports.flatMap((port) => port.endpoints);
  const ready = new Set(endpoints.filter((endpoint) => endpoint.ready).map((endpoint) => endpoint.node));
  const going = endpoints.filter((endpoint) => !endpoint.ready && endpoint.serving && endpoint.terminating && !ready.has(endpoint.node));
  const nodes = [...new Set(going.map((endpoint) => endpoint.node).filter((node) => node !== null))];
  if (nodes.length === 0 || service.externalTrafficPolicy !== 'Local') return [];
  return [
    {
      id: 'terminating-only-node',
      severity: 'warning',
      text: `${nameList(nodes)} ${nodes.length === 1 ? 'lives' : 'live'} on terminating pods: traffic is still served, the health check already answers 503, and when the pods are gone the node drops.`,
    },
  ];
}

function nodeNameMismatch({ service, cluster }: NoteContext): Note[] {
  const strange = service.ports
    .flatMap((port) => port.endpoints)
    .filter((endpoint) => endpoint.node !== null && !cluster.nodeByName.has(endpoint.node));
  const names = [...new Set(strange.map((endpoint) => endpoint.node).filter((node) => node !== null))];
  if (names.length === 0) return [];
  return [
    {
      id: 'kube-proxy-nodename-mismatch',
      severity: 'warning',
      text: `Endpoints name ${names.length === 1 ? 'a node' : 'nodes'} that ${names.length === 1 ? 'does' : 'do'} not exist: ${nameList(names)}. They are local to no node, and Local policy never uses them.`,
    },
  ];
}

function sourceRanges({ service, flows }: NoteContext): Note[] {
  if (service.sourceRanges.length === 0) return [];
  const blocked = [...inCluster(flows, 'pod', 'loadBalancerIP'), ...inCluster(flows, 'node', 'loadBalancerIP')].filter((flow) =>
    flow.because.some((entry) => entry.code === 'outside-source-ranges'),
  );
  const notes: Note[] = [];
  if (blocked.length > 0) {
    const who = [...new Set(blocked.map((flow) => (flow.from.kind === 'pod' ? 'pods' : 'nodes')))].join(' and ');
    notes.push({
      id: 'source-ranges-block-in-cluster',
      severity: 'warning',
      text: `loadBalancerSourceRanges also block ${who} of the cluster at the LB IP: their own addresses are in none of the ranges.`,
      remedy: 'Add the pod and node networks to the ranges, or call the clusterIP from inside',
    });
  }
  if (service.ports.some((port) => port.nodePort !== null)) {
    notes.push({
      id: 'source-ranges-bypassed',
      severity: 'info',
      text: 'loadBalancerSourceRanges guard the LB IP only: the node ports stay open to everyone who reaches a node.',
    });
  }
  return notes;
}

function hostNetworkEndpoints({ service, cluster }: NoteContext): Note[] {
  const own = new Set(cluster.nodes.flatMap((node) => node.internalIPs));
  const found = service.ports.some((port) => port.endpoints.some((endpoint) => own.has(endpoint.address)));
  if (!found || service.externalTrafficPolicy !== 'Cluster') return [];
  return [
    {
      id: 'hostnetwork-endpoints',
      severity: 'info',
      text: "The endpoints are hostNetwork pods: on the node that was asked they see the real client address even with policy Cluster, on other nodes they see the asked node's address.",
    },
  ];
}

function affinity({ service }: NoteContext): Note[] {
  if (service.affinitySeconds === null) return [];
  return [
    {
      id: 'session-affinity',
      severity: 'info',
      text: `sessionAffinity ClientIP: each source address keeps one endpoint for ${service.affinitySeconds} s, per node. The shares hold over many clients, not for one; clients behind one address share an endpoint.`,
    },
  ];
}
