import type { NoteContext } from './note-context.ts';
import type { Note } from './report.ts';
import { insideFlows, nameList } from './tally.ts';

/** Notes that follow from the Service's own fields and its endpoints. */
export function serviceNotes(context: NoteContext): Note[] {
  return [
    ...terminatingOnly(context),
    ...nodeNameMismatch(context),
    ...sourceRanges(context),
    ...hostNetworkEndpoints(context),
    ...affinity(context),
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
  // A range of all addresses is no restriction.
  if (service.sourceRanges.length === 0 || service.sourceRanges.some((range) => range.prefix === 0)) return [];
  const blocked = [...insideFlows(flows, 'pod', 'loadBalancerIP'), ...insideFlows(flows, 'node', 'loadBalancerIP')].filter((flow) =>
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
  const endpoints = service.ports.flatMap((port) => port.endpoints);
  const found = endpoints.filter((endpoint) => own.has(endpoint.address));
  if (found.length === 0 || service.externalTrafficPolicy !== 'Cluster') return [];
  const who = found.length === endpoints.length ? 'The endpoints are hostNetwork pods' : 'Some endpoints are hostNetwork pods';
  return [
    {
      id: 'hostnetwork-endpoints',
      severity: 'info',
      text: `${who}: on the node that was asked they see the real client address even with policy Cluster, on other nodes they see the asked node's address.`,
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
