import type { Cluster, Service } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import type { Provider } from './providers.ts';
import type { Flow, LoadBalancerView, NodeGroup } from './report.ts';

/** All that a note may look at. */
export interface NoteContext {
  readonly cluster: Cluster;
  readonly dataplane: Dataplane;
  readonly service: Service;
  readonly flows: readonly Flow[];
  readonly groups: readonly NodeGroup[] | null;
  readonly view: LoadBalancerView | null;
  /** Who implements the load balancer of a LoadBalancer Service, where that is known. */
  readonly provider: Provider | null;
}
