import type { Evidence } from '../cluster/evidence.ts';
import type { Cluster, Node, Service } from '../cluster/model.ts';
import { serviceKey } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import { flowsFor } from './asked-flows.ts';
import { providerOf } from './providers.ts';
import { createTracers } from './traced-flow.ts';
import { beginsOnRead, verifiedFlow } from './verify.ts';
import type { VerifiedFlow } from './verify-report.ts';

/** The flows of one Service, predicted and traced. */
export interface Followed {
  readonly flows: readonly VerifiedFlow[];
  /** How many nodes they are of, and how many have rules that were read. */
  readonly nodes: number;
  readonly nodesWithRules: number;
}

/** Null: enough was followed for other Services before. */
export type Follow = (service: Service) => Followed | null;

export interface FollowLimits {
  /** Nodes per Service; their flows grow with the square of it. */
  readonly nodes: number;
  /** Flows of all Services together: the Service that goes beyond is the last. */
  readonly flows: number;
}

export const FOLLOW_LIMITS: FollowLimits = { nodes: 4, flows: 2_000 };

/** Follows the flows of one Service after another through the nodes' rules, which are read once; the nodes named first are those of most interest. */
export function createFollow(
  { evidence, cluster, dataplane }: { readonly evidence: Evidence; readonly cluster: Cluster; readonly dataplane: Dataplane },
  first: readonly string[],
  limits: FollowLimits = FOLLOW_LIMITS,
): Follow {
  const tracers = createTracers(evidence.nodeFiles, cluster, dataplane);
  const read = tracers.ground.nodes.names;
  const wanted = [...new Set([...first.filter((name) => read.includes(name)), ...read])];
  const byKey = new Map(cluster.services.map((service) => [serviceKey(service), service]));
  const known = new Map<Service, Followed>();
  let left = limits.flows;
  return (asked) => {
    const service = byKey.get(serviceKey(asked)) ?? asked;
    const found = known.get(service);
    if (found !== undefined) return found;
    if (left <= 0) return null;
    const nodes = nodesFor(service, wanted, limits.nodes).flatMap((name): Node[] => {
      const node = cluster.nodeByName.get(name);
      return node === undefined ? [] : [node];
    });
    const provider = service.type === 'LoadBalancer' ? providerOf(service, cluster) : null;
    const question = { namespace: service.namespace, name: service.name, from: [], to: [], via: [], port: null };
    const scope = { cluster, dataplane, service, question, provider, ports: service.ports, nodes, groups: null };
    const flows = flowsFor(scope, tracers.of(service)).flows.filter((flow) => beginsOnRead(flow, tracers.ground.nodes));
    left -= flows.length;
    const followed = { flows: flows.flatMap(verifiedFlow), nodes: nodes.length, nodesWithRules: read.length };
    known.set(service, followed);
    return followed;
  };
}

/** Those of most interest, and at least one with an endpoint and one without where there are such. */
function nodesFor(service: Service, wanted: readonly string[], most: number): readonly string[] {
  if (wanted.length <= most) return wanted;
  const holders = new Set(service.ports.flatMap(({ endpoints }) => endpoints.map(({ node }) => node)));
  const holder = wanted.find((name) => holders.has(name));
  const other = wanted.find((name) => !holders.has(name));
  const sure = [holder, other].filter((name) => name !== undefined);
  return [...new Set([...wanted.slice(0, most - sure.length), ...sure, ...wanted])].slice(0, most);
}
