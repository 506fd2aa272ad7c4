import type { Endpoint } from '../cluster/model.ts';

/** Ready, or on its way out and still serving: what kube-proxy may pick (≥1.26 where nothing is ready). */
export function isUsable(endpoint: Endpoint): boolean {
  return endpoint.ready || (endpoint.serving && endpoint.terminating);
}

/** The ready endpoints; where there are none, those that terminate and still serve. */
export function usable(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  return ready.length > 0 ? ready : endpoints.filter(isUsable);
}
