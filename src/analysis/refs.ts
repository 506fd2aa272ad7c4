import type { Endpoint } from '../cluster/model.ts';
import type { EndpointRef } from './report.ts';

/** An endpoint as reports name it. */
export function endpointRef({ address, port, node, pod }: Endpoint): EndpointRef {
  return { address, port, node, pod: pod?.name ?? null, namespace: pod?.namespace ?? null };
}
