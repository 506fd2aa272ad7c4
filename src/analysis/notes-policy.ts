import { kubectlOn } from './command.ts';
import type { NoteContext } from './note-context.ts';
import type { Note, TargetKind } from './report.ts';
import { insideFlows, nameList, nodesBehind, nodesByVerdict, outsideFlows, plural } from './tally.ts';
import { isUsable } from './usable.ts';

/** Notes that follow from policies and endpoints. The ids are those of the findings that `check` names. */
export function policyNotes(context: NoteContext): Note[] {
  return [
    ...noReachableTarget(context),
    ...localNodeWithoutEndpoint(context),
    ...snatHidesClientIp(context),
    ...hairpinLocalDropped(context),
    ...podToRemoteNodePort(context),
    ...selfTestMisleads(context),
  ];
}

function patch({ service }: NoteContext, spec: string): string {
  return `${kubectlOn(service, 'patch')} -p '{"spec":${spec}}'`;
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
  const who = `${plural(nodes.length, 'node')} without a local endpoint (${nameList(nodes)})`;
  const avoided = isAvoided(context, new Set(nodes));
  return [
    {
      id: 'local-node-without-endpoint',
      severity: avoided ? 'info' : 'warning',
      text: avoided
        ? `externalTrafficPolicy Local keeps the client's address by never leaving the node; the load balancer does not use the ${who}. Only clients that ask these nodes directly time out.`
        : `externalTrafficPolicy Local keeps the client's address by never leaving the node; ${who} ${nodes.length === 1 ? 'lets' : 'let'} outside clients time out.`,
      remedy: `Send clients only to nodes with an endpoint (a load balancer that asks the health-check node port), run the pods on every node that gets traffic (a DaemonSet), or give up the client's address: ${patch(context, '{"externalTrafficPolicy":"Cluster"}')}`,
    },
  ];
}

/** The load balancer is known to use some nodes and none of these. */
function isAvoided({ service, view, provider }: NoteContext, nodes: ReadonlySet<string>): boolean {
  if (view === null || provider === null || service.ingress.length === 0 || view.target === 'pod') return false;
  const used = view.nodes.filter((node) => node.inRotation !== false);
  return used.some((node) => node.inRotation === true) && used.every(({ node }) => !nodes.has(node));
}

/** Local policy, endpoints somewhere, and yet not one node that the load balancer may use has any. */
function noReachableTarget({ service, view }: NoteContext): Note[] {
  if (view === null || service.externalTrafficPolicy !== 'Local' || view.target === 'pod' || view.nodes.length === 0) return [];
  const usable = service.ports.flatMap((port) => port.endpoints.filter(isUsable));
  if (usable.length === 0 || view.nodes.some((node) => node.inRotation !== false)) return [];
  const where = [...new Set(usable.map((endpoint) => endpoint.node ?? 'no node'))];
  const why = new Map(view.nodes.map(({ node, why: reason }) => [node, reason]));
  const reasons = where.slice(0, 3).map((node) => `${node} (${why.get(node) ?? 'no such node'})`);
  return [
    {
      id: 'local-no-reachable-target',
      severity: 'warning',
      text: `No node that the load balancer may use has an endpoint: outside traffic reaches nobody. The endpoints are on ${reasons.join(', ')}.`,
      remedy: 'Run a pod on a node that the load balancer may use, or let it use the nodes where the pods are',
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

function hairpinLocalDropped({ flows, groups }: NoteContext): Note[] {
  const lost = insideFlows(flows, 'pod', 'loadBalancerIP', 'externalIP').filter(
    (flow) => flow.verdict === 'dropped' && flow.because.some((entry) => entry.code === 'no-local-endpoint'),
  );
  const nodes = nodesBehind(
    lost.map((flow) => flow.from.node),
    groups,
  );
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

function podToRemoteNodePort({ service, flows, groups }: NoteContext): Note[] {
  if (service.externalTrafficPolicy !== 'Local') return [];
  const remote = insideFlows(flows, 'pod', 'nodePort').filter((flow) => flow.from.node !== flow.to.node);
  const bad = remote.filter((flow) => flow.verdict === 'dropped' || flow.verdict === 'no-reply' || flow.verdict === 'partial');
  if (bad.length === 0) return [];
  const words = [...new Set(bad.map((flow) => flow.verdict))].join(', ');
  const nodes = nodesBehind(
    bad.map((flow) => flow.to.node),
    groups,
  );
  if (nodes.length === 0) return [];
  return [
    {
      id: 'pod-to-remote-nodeport',
      severity: 'warning',
      text: `Pods that call the node port of another node meet the policy of outside clients there (${nameList(nodes)}): ${words}. On their own node the same port works.`,
      remedy: 'Let pods use the clusterIP, never NODE-IP:nodePort',
    },
  ];
}

function selfTestMisleads({ flows, groups }: NoteContext): Note[] {
  const outside = nodesByVerdict(flows, 'nodePort', groups).get('dropped') ?? [];
  const own = insideFlows(flows, 'node', 'nodePort').filter((flow) => flow.from.node === flow.to.node && flow.verdict === 'delivered');
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
