import type { Suggestion } from './reply.ts';

/** What `whatif --set` takes, with the values that a field can have; null: nobody can list them. */
export const SERVICE_FIELDS: Readonly<Record<string, readonly string[] | null>> = {
  type: ['ClusterIP', 'NodePort', 'LoadBalancer'],
  externalTrafficPolicy: ['Cluster', 'Local'],
  internalTrafficPolicy: ['Cluster', 'Local'],
  sessionAffinity: ['None', 'ClientIP'],
  'sessionAffinityConfig.clientIP.timeoutSeconds': null,
  externalIPs: null,
  loadBalancerSourceRanges: null,
  healthCheckNodePort: null,
  allocateLoadBalancerNodePorts: ['true', 'false'],
  publishNotReadyAddresses: ['true', 'false'],
  nodePort: null,
};

/** `externalTrafficPolicy=` first, then `externalTrafficPolicy=Local`. */
export function fieldSuggestions(partial: string): Suggestion[] {
  const at = partial.indexOf('=');
  if (at < 0) {
    return Object.entries(SERVICE_FIELDS).map(([field, values]) => ({
      value: `${field}=`,
      description: values === null ? undefined : values.join(', '),
      isBeginning: true,
    }));
  }
  const field = partial.slice(0, at);
  const values = Object.hasOwn(SERVICE_FIELDS, field) ? SERVICE_FIELDS[field] : null;
  return (values ?? []).map((value) => ({ value: `${field}=${value}` }));
}
