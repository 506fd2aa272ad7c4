import type { Cluster, Endpoint, Node, Service } from '../cluster/model.ts';
import { nodeIp } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import { FAMILIES } from '../net/ip.ts';
import type { NodeGroup } from './report.ts';

/** Two of a group show how its members treat each other; where flows would become too many, one has to do. */
const REPRESENTATIVES = 2;
/** More groups than this are told apart by whether there are local endpoints, no longer by how many. */
const MOST_BY_COUNT = 10;
/** Representatives of all groups together; flows grow with their square. */
const MOST_REPRESENTATIVES = 12;
/** Branches of all flows that two representatives of each group may cause (about 250 bytes of JSON each). */
const MOST_BRANCHES = 40_000;

/**
 * Nodes that behave alike for a Service: the same data plane, the same endpoints by policy and hint, the same standing with a load balancer,
 * and addresses of the same standing with kube-proxy's networks. Every node is in exactly one group.
 */
export function groupNodes(cluster: Cluster, dataplane: Dataplane, service: Service): NodeGroup[] {
  const byCount = grouped(cluster, dataplane, service, countWords);
  const groups = byCount.length <= MOST_BY_COUNT ? byCount : grouped(cluster, dataplane, service, plainWords);
  const names = distinctNames(groups.map(({ words }) => words));
  const members = representativesOf(groups.length, service);
  return groups.map(({ nodes }, index) => ({
    name: names[index] ?? '',
    nodes: nodes.map((node) => node.name),
    representatives: nodes.slice(0, members).map((node) => node.name),
  }));
}

function representativesOf(groups: number, service: Service): number {
  const nodes = groups * REPRESENTATIVES;
  const endpoints = Math.max(0, ...service.ports.map((port) => port.endpoints.length));
  const branches = 2 * nodes * (nodes + 2) * service.ports.length * (service.externalTrafficPolicy === 'Local' ? endpoints / 2 : endpoints);
  return nodes <= MOST_REPRESENTATIVES && branches <= MOST_BRANCHES ? REPRESENTATIVES : 1;
}

interface Group {
  readonly words: string;
  readonly nodes: Node[];
}

function grouped(cluster: Cluster, dataplane: Dataplane, service: Service, wordsFor: Wording): Group[] {
  const local = localWords(cluster, service, wordsFor);
  const hinted = service.ports.some((port) => port.endpoints.some((endpoint) => endpoint.zoneHints.length > 0));
  const entryIps = new Set([...service.externalIPs, ...service.ingress.map((entry) => entry.ip)]);
  const groups = new Map<string, Group>();
  for (const node of cluster.nodes) {
    const words = [
      local.get(node.name) ?? 'without local endpoint',
      node.ready ? '' : 'not ready',
      node.deleting ? 'being deleted' : '',
      node.labels['node.kubernetes.io/exclude-from-external-load-balancers'] === undefined ? '' : 'excluded from load balancers',
      node.taints.includes('ToBeDeletedByClusterAutoscaler') ? 'to be deleted' : '',
      hinted ? `zone ${node.labels['topology.kubernetes.io/zone'] ?? 'unknown'}` : '',
      [...node.internalIPs, ...node.externalIPs].some((address) => entryIps.has(address)) ? 'with an address of the Service' : '',
    ]
      .filter((part) => part !== '')
      .join(', ');
    const key = `${words}\0${standing(node, dataplane, service)}`;
    const group = groups.get(key);
    if (group) group.nodes.push(node);
    else groups.set(key, { words, nodes: [node] });
  }
  return [...groups.values()];
}

/** What else tells nodes apart: data plane, how many addresses there are to choose from, and which networks they are in. */
function standing(node: Node, dataplane: Dataplane, service: Service): string {
  const found = dataplane.classOf.get(node.name);
  const parts: unknown[] = [found === undefined ? -1 : dataplane.classes.indexOf(found)];
  for (const family of FAMILIES) {
    const isOfFamily = (address: string): boolean => address.includes(':') === (family === 6);
    const detector = found?.candidates[0]?.detector[family];
    const cidrs = [
      ...(detector?.kind === 'cidr' ? [detector.cidr] : []),
      ...service.sourceRanges.filter((range) => range.family === family),
    ];
    const podCidr = node.podCidrs.find((cidr) => cidr.family === family);
    const addresses = [nodeIp(node, family), podCidr?.text.slice(0, podCidr.text.indexOf('/'))];
    parts.push(node.internalIPs.filter(isOfFamily).length, node.externalIPs.filter(isOfFamily).length);
    parts.push(...addresses.map((address) => (typeof address === 'string' ? cidrs.map((cidr) => cidr.contains(address)).join() : null)));
  }
  return JSON.stringify(parts);
}

// ---- what is on a node -----------------------------------------------------------------------

interface Local {
  ready: number;
  terminating: number;
  /** On the node's own network: their address is the node's. */
  host: number;
  /** Named by node hints: all that kube-proxy uses there. */
  hinted: number;
}

type Wording = (local: Local) => string;

const countWords: Wording = ({ ready, terminating, host, hinted }) => {
  const words =
    ready > 0
      ? `with ${count(ready, 'local endpoint')}`
      : terminating > 0
        ? `with ${count(terminating, 'terminating endpoint')}`
        : 'without local endpoint';
  return `${words}${host > 0 ? ' on the host network' : ''}${hinted > 0 ? `, hinted to ${count(hinted, 'endpoint')}` : ''}`;
};

const plainWords: Wording = ({ ready, terminating, host, hinted }) => {
  const words = ready > 0 ? 'with local endpoints' : terminating > 0 ? 'with terminating endpoints' : 'without local endpoint';
  return `${words}${host > 0 ? ' on the host network' : ''}${hinted > 0 ? ', hinted to endpoints' : ''}`;
};

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** By node: its endpoints, per port where ports differ, in words that also serve as the group's name. */
function localWords(cluster: Cluster, service: Service, wordsFor: Wording): Map<string, string> {
  const byNode = new Map<string, Local[]>();
  const at = (name: string, port: number): Local | undefined => {
    const known = byNode.get(name) ?? service.ports.map(() => ({ ready: 0, terminating: 0, host: 0, hinted: 0 }));
    byNode.set(name, known);
    return known[port];
  };
  for (const [index, port] of service.ports.entries()) {
    for (const endpoint of port.endpoints) {
      const here = endpoint.node === null ? undefined : at(endpoint.node, index);
      const own = cluster.nodeByName.get(endpoint.node ?? '')?.internalIPs ?? [];
      if (here !== undefined) tallyInto(here, endpoint, own.includes(endpoint.address));
      for (const name of endpoint.nodeHints) {
        const hintedTo = at(name, index);
        if (hintedTo !== undefined) hintedTo.hinted++;
      }
    }
  }
  const words = [...byNode].map(([name, ports]): [string, string] => [name, [...new Set(ports.map(wordsFor))].join(' / ')]);
  return new Map(words);
}

function tallyInto(local: Local, endpoint: Endpoint, isHost: boolean): void {
  if (endpoint.ready) local.ready++;
  else if (endpoint.serving && endpoint.terminating) local.terminating++;
  else return;
  if (isHost) local.host++;
}

/** Groups that differ in something without a short word are numbered. */
function distinctNames(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const number = (seen.get(name) ?? 0) + 1;
    seen.set(name, number);
    return number === 1 ? name : `${name} (${number})`;
  });
}
