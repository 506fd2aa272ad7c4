import type { Cluster, Endpoint, Node, Service } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import type { NodeGroup } from './report.ts';

/** More nodes than this are grouped: a matrix of them all would have no reader, and its size grows with the square of their number. */
const MOST_NODES_ONE_BY_ONE = 24;
/** Two of a group show how its members treat each other. */
const REPRESENTATIVES = 2;

/**
 * Nodes that behave alike for a Service: the same data plane, the same endpoints by policy and hint, the same standing with a load balancer.
 * Null when there are few enough to be reported one by one.
 */
export function groupNodes(cluster: Cluster, dataplane: Dataplane, service: Service): NodeGroup[] | null {
  if (cluster.nodes.length <= MOST_NODES_ONE_BY_ONE) return null;
  const facts = new Map(localCounts(service));
  const groups = new Map<string, Node[]>();
  for (const node of cluster.nodes) {
    const key = keyOf(node, dataplane, service, facts);
    const group = groups.get(key);
    if (group) group.push(node);
    else groups.set(key, [node]);
  }
  return [...groups.entries()].map(([key, nodes]) => ({
    name: nameOf(key),
    nodes: nodes.map((node) => node.name),
    representatives: nodes.slice(0, REPRESENTATIVES).map((node) => node.name),
  }));
}

function keyOf(node: Node, dataplane: Dataplane, service: Service, facts: ReadonlyMap<string, string>): string {
  const parts = [
    facts.get(node.name) ?? 'without local endpoint',
    node.ready ? '' : 'not ready',
    node.deleting ? 'being deleted' : '',
    node.labels['node.kubernetes.io/exclude-from-external-load-balancers'] === undefined ? '' : 'excluded from load balancers',
    node.taints.includes('ToBeDeletedByClusterAutoscaler') ? 'to be deleted' : '',
    hinted(service) ? `zone ${node.labels['topology.kubernetes.io/zone'] ?? 'unknown'}` : '',
    namesHinted(service, node.name) ? `hinted ${node.name}` : '',
  ].filter((part) => part !== '');
  const index = dataplane.classes.indexOf(dataplane.classOf.get(node.name) ?? (dataplane.classes[0] as never));
  const families = [
    node.internalIPs.some((address) => address.includes(':')),
    node.internalIPs.some((address) => !address.includes(':')),
  ].join('');
  return `${parts.join(', ')}\0${index} ${families} ${node.podCidrs.length}`;
}

function nameOf(key: string): string {
  return key.slice(0, key.indexOf('\0'));
}

/** By node: how many usable endpoints each port has there, in words that also serve as the group's name. */
function localCounts(service: Service): [string, string][] {
  const byNode = new Map<string, Endpoint[][]>();
  for (const [index, port] of service.ports.entries()) {
    for (const endpoint of port.endpoints) {
      if (endpoint.node === null) continue;
      const lists = byNode.get(endpoint.node) ?? service.ports.map(() => []);
      lists[index]?.push(endpoint);
      byNode.set(endpoint.node, lists);
    }
  }
  return [...byNode.entries()].map(([node, lists]) => [node, lists.map(describe).filter(unique).join(' / ')]);
}

function describe(endpoints: readonly Endpoint[]): string {
  const ready = endpoints.filter((endpoint) => endpoint.ready).length;
  const terminating = endpoints.filter((endpoint) => !endpoint.ready && endpoint.serving && endpoint.terminating).length;
  if (ready > 0) return `with ${ready} local endpoint${ready === 1 ? '' : 's'}`;
  return terminating > 0 ? `with ${terminating} terminating endpoint${terminating === 1 ? '' : 's'}` : 'without local endpoint';
}

function unique(text: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(text) === index;
}

function hinted(service: Service): boolean {
  return service.ports.some((port) => port.endpoints.some((endpoint) => endpoint.zoneHints.length > 0));
}

function namesHinted(service: Service, node: string): boolean {
  return service.ports.some((port) => port.endpoints.some((endpoint) => endpoint.nodeHints.includes(node)));
}
