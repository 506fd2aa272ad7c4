import type { Rule } from '../types.ts';
import { endpointNodeNotAnLbTarget } from './SIP112-endpoint-node-not-an-lb-target.ts';
import { endpointNodeNotReady } from './SIP113-endpoint-node-notready.ts';
import { rolloutGapLocal } from './SIP135-rollout-gap-local.ts';
import { daemonSetUpdateGap } from './SIP136-daemonset-update-gap.ts';
import { nodeRemovalGap } from './SIP137-node-removal-gap.ts';
import { imbalanceLocal } from './SIP138-imbalance-local.ts';
import { l2SingleActiveNode } from './SIP139-l2-single-active-node.ts';
import { l2NoEligibleSpeaker } from './SIP140-l2-no-eligible-speaker.ts';
import { vipHolderWithoutEndpoint } from './SIP141-vip-holder-without-endpoint.ts';
import { bgpAnnouncedEverywhere } from './SIP142-bgp-announced-everywhere.ts';
import { sharedVipConflict } from './SIP143-shared-vip-conflict.ts';
import { sessionAffinityCollapse } from './SIP144-session-affinity-collapse.ts';
import { trafficDistributionAndEntryNode } from './SIP145-traffic-distribution-and-entry-node.ts';

/** How traffic is spread over nodes and endpoints, and what changes of pods and nodes do to it. */
export const SPREAD_RULES: readonly Rule[] = [
  endpointNodeNotAnLbTarget,
  endpointNodeNotReady,
  rolloutGapLocal,
  daemonSetUpdateGap,
  nodeRemovalGap,
  imbalanceLocal,
  l2SingleActiveNode,
  l2NoEligibleSpeaker,
  vipHolderWithoutEndpoint,
  bgpAnnouncedEverywhere,
  sharedVipConflict,
  sessionAffinityCollapse,
  trafficDistributionAndEntryNode,
];
