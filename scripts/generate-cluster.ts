import { nodeObject } from './generate/nodes.ts';
import { type ClusterSize, createPlan, defaultsOf, type Plan } from './generate/plan.ts';
import { podObject } from './generate/pods.ts';
import { endpointSliceObject, serviceObject } from './generate/services.ts';
import { systemObjects } from './generate/system.ts';

/**
 * A big cluster, one object after the other, the same for the same seed: nodes, Services, EndpointSlices and pods, kube-proxy rolled out everywhere, flannel.
 * `bench/target` is a LoadBalancer Service with policy Local and a few dozen endpoints; `bench/big` has 1,000 endpoints and policy Cluster.
 */
export function* generateCluster(size: Partial<ClusterSize> = {}): Generator<unknown> {
  const plan = createPlan(defaultsOf(size));
  yield* systemObjects(plan);
  for (let i = 0; i < plan.size.nodes; i++) yield nodeObject(plan, i);
  yield* serviceObjects(plan);
  for (let i = 0; i < plan.size.pods; i++) yield podObject(plan, i);
}

function* serviceObjects(plan: Plan): Generator<unknown> {
  for (const service of plan.services) yield serviceObject(service, plan.size.mix);
  for (const slice of plan.slices) yield endpointSliceObject(plan, slice);
}
