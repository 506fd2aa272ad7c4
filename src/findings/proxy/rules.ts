import type { Rule } from '../types.ts';
import { internalLocalNoEndpoint } from './SIP114-internal-local-no-endpoint.ts';
import { clusterCidrMissing } from './SIP156-cluster-cidr-missing.ts';
import { clusterCidrIncomplete } from './SIP157-cluster-cidr-incomplete.ts';
import { kubeProxyMissingOnNode } from './SIP158-kube-proxy-missing-on-node.ts';
import { kubeProxyUnhealthy } from './SIP159-kube-proxy-unhealthy.ts';
import { proxyModeDiffers } from './SIP160-proxy-mode-differs.ts';

/** kube-proxy's own configuration and health, and internalTrafficPolicy, which it alone enforces. */
export const PROXY_RULES: readonly Rule[] = [
  internalLocalNoEndpoint,
  clusterCidrMissing,
  clusterCidrIncomplete,
  kubeProxyMissingOnNode,
  kubeProxyUnhealthy,
  proxyModeDiffers,
];
