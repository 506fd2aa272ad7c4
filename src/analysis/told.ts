import type { Service } from '../cluster/model.ts';
import type { Provider } from './providers.ts';
import type { Flow, LoadBalancerView, NodeGroup } from './report.ts';

/** What the answer is taken from. */
export interface Told {
  readonly service: Service;
  readonly flows: readonly Flow[];
  readonly groups: readonly NodeGroup[] | null;
  readonly view: LoadBalancerView | null;
  readonly provider: Provider | null;
}
