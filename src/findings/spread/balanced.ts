import { loadBalancerView } from '../../analysis/load-balancer.ts';
import type { LoadBalancerView } from '../../analysis/report.ts';
import type { ServiceScene } from '../scene.ts';

/** What the load balancer makes of the nodes, as reports show it. Work for each node: ask for it only where a finding depends on it. */
export function balancedOf({ cluster, service, provider }: ServiceScene): LoadBalancerView | null {
  return loadBalancerView(cluster.cluster, cluster.dataplane, service, provider());
}
