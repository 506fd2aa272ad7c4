import type { Rule } from '../types.ts';
import { lbUnhealthyTargetsExpected } from './SIP115-lb-unhealthy-targets-expected.ts';
import { kubeProxyNodenameMismatch } from './SIP116-kube-proxy-nodename-mismatch.ts';
import { hcPortMissing } from './SIP117-hc-port-missing.ts';
import { hcPortBlocked } from './SIP118-hc-port-blocked.ts';
import { hcPortConflict } from './SIP119-hc-port-conflict.ts';
import { hcPortDrift } from './SIP120-hc-port-drift.ts';
import { hcOverrideDefeatsLocal } from './SIP121-hc-override-defeats-local.ts';
import { azureAppprotocolProbePath } from './SIP122-azure-appprotocol-probe-path.ts';
import { hcListensOnRestrictedAddresses } from './SIP123-hc-listens-on-restricted-addresses.ts';
import { newNodeBrieflyInRotation } from './SIP124-new-node-briefly-in-rotation.ts';

/** Health checks of load balancers: what they ask, who answers, and what they make of it. */
export const HEALTH_RULES: readonly Rule[] = [
  lbUnhealthyTargetsExpected,
  kubeProxyNodenameMismatch,
  hcPortMissing,
  hcPortBlocked,
  hcPortConflict,
  hcPortDrift,
  hcOverrideDefeatsLocal,
  azureAppprotocolProbePath,
  hcListensOnRestrictedAddresses,
  newNodeBrieflyInRotation,
];
