import { excludedBy, type Provider, providerOf } from '../../analysis/providers.ts';
import type { Evidence } from '../../cluster/evidence.ts';
import { clusterFrom } from '../../cluster/from-kubernetes.ts';
import { type Cluster, type Node, nodeIp, type Service, serviceKey } from '../../cluster/model.ts';
import { detectDataplane } from '../../dataplane/detect.ts';
import type { Dataplane } from '../../dataplane/types.ts';
import type { Cidr } from '../../net/ip.ts';
import { FAMILIES } from '../../net/ip.ts';

/** A cluster understood once for all its Services. */
export interface Land {
  readonly evidence: Evidence;
  readonly cluster: Cluster;
  readonly dataplane: Dataplane;
  readonly services: ReadonlyMap<string, Service>;
}

export function landOf(evidence: Evidence): Land {
  const cluster = clusterFrom(evidence);
  const services = new Map(cluster.services.map((service) => [serviceKey(service), service]));
  return { evidence, cluster, dataplane: detectDataplane(evidence, cluster), services };
}

/** Nodes that are alike for every Service without endpoints there, before and after. */
export interface NodeClasses {
  /** The number of a node's class. */
  of(node: string, ranges: readonly Cidr[]): number;
  /** The first members of each class beside these nodes, in the cluster's order. */
  representatives(ranges: readonly Cidr[], beside: ReadonlySet<string>): readonly string[];
}

/** Two of a class show how its members treat each other. */
const REPRESENTATIVES = 2;
const AUTOSCALER_TAINT = 'ToBeDeletedByClusterAutoscaler';

interface Classes {
  readonly number: ReadonlyMap<string, number>;
  readonly members: readonly (readonly string[])[];
}

/** What `groupNodes` looks at beside a Service's own endpoints and addresses, computed once; source ranges, which Services share, on demand. */
export function classifyNodes(lands: readonly Land[]): NodeClasses {
  const providers = distinctProviders(lands);
  const known = new Map<string, Classes>();
  const classesFor = (ranges: readonly Cidr[]): Classes => {
    const key = ranges.map(({ text }) => text).join();
    const found = known.get(key) ?? computed(lands, providers, ranges);
    known.set(key, found);
    return found;
  };
  return {
    of: (node, ranges) => classesFor(ranges).number.get(node) ?? -1,
    representatives: (ranges, beside) => classesFor(ranges).members.flatMap((names) => firstOthers(names, beside)),
  };
}

function firstOthers(names: readonly string[], beside: ReadonlySet<string>): readonly string[] {
  const found: string[] = [];
  for (const name of names) {
    if (found.length === REPRESENTATIVES) break;
    if (!beside.has(name)) found.push(name);
  }
  return found;
}

function computed(lands: readonly Land[], providers: readonly (Provider | null)[], ranges: readonly Cidr[]): Classes {
  const keys = new Map<string, string[]>();
  for (const { cluster, dataplane } of lands)
    for (const node of cluster.nodes) keys.set(node.name, [...(keys.get(node.name) ?? []), keyOf(node, dataplane, { providers, ranges })]);
  const members = new Map<string, string[]>();
  for (const [name, parts] of keys) {
    const key = parts.join('\0');
    const known = members.get(key);
    if (known === undefined) members.set(key, [name]);
    else known.push(name);
  }
  const lists = [...members.values()];
  return { number: new Map(lists.flatMap((names, index) => names.map((name): [string, number] => [name, index]))), members: lists };
}

function keyOf(
  node: Node,
  dataplane: Dataplane,
  { providers, ranges }: { readonly providers: readonly (Provider | null)[]; readonly ranges: readonly Cidr[] },
): string {
  const found = dataplane.classOf.get(node.name);
  const parts: unknown[] = [
    found === undefined ? -1 : dataplane.classes.indexOf(found),
    node.ready,
    node.deleting,
    node.taints.includes(AUTOSCALER_TAINT),
    node.labels['topology.kubernetes.io/zone'] ?? null,
    providers.map((provider) => excludedBy(node.labels, provider)),
  ];
  for (const family of FAMILIES) {
    const isOfFamily = (address: string): boolean => address.includes(':') === (family === 6);
    const detector = found?.candidates[0]?.detector[family];
    const cidrs = [...(detector?.kind === 'cidr' ? [detector.cidr] : []), ...ranges.filter((range) => range.family === family)];
    const podCidr = node.podCidrs.find((cidr) => cidr.family === family);
    const addresses = [nodeIp(node, family), podCidr?.text.slice(0, podCidr.text.indexOf('/'))];
    parts.push(node.internalIPs.filter(isOfFamily).length, node.externalIPs.filter(isOfFamily).length);
    parts.push(addresses.map((address) => (typeof address === 'string' ? cidrs.map((cidr) => cidr.contains(address)) : null)));
  }
  return JSON.stringify(parts);
}

function distinctProviders(lands: readonly Land[]): readonly (Provider | null)[] {
  const found = new Map<string, Provider | null>([['', null]]);
  for (const { cluster } of lands)
    for (const service of cluster.services)
      if (service.type === 'LoadBalancer') {
        const provider = providerOf(service, cluster);
        found.set(provider === null ? '' : `${provider.name} ${provider.excluding?.join() ?? ''}`, provider);
      }
  return [...found.values()];
}
