import type { Rule } from '../types.ts';
import { driftChainMissing } from './SIP301-drift-chain-missing.ts';
import { driftStaleEndpoint } from './SIP302-drift-stale-endpoint.ts';
import { driftMissingEndpoint } from './SIP303-drift-missing-endpoint.ts';
import { driftLocalContainsRemote } from './SIP304-drift-local-contains-remote.ts';
import { driftPolicy } from './SIP305-drift-policy.ts';
import { driftForeignRuleFirst } from './SIP306-drift-foreign-rule-first.ts';
import { driftForwardDrop } from './SIP307-drift-forward-drop.ts';
import { driftIptablesBackendSplit } from './SIP308-drift-iptables-backend-split.ts';
import { driftModeLeftover } from './SIP309-drift-mode-leftover.ts';
import { driftFirewallChain } from './SIP310-drift-firewall-chain.ts';
import { driftHcAcceptMissing } from './SIP311-drift-hc-accept-missing.ts';
import { driftNftVerdict } from './SIP312-drift-nft-verdict.ts';
import { driftSharedRules } from './SIP313-drift-shared-rules.ts';
import { driftOtherRule } from './SIP314-drift-other-rule.ts';

/** The nodes' rules against those that should be there. */
export const DRIFT_RULES: readonly Rule[] = [
  driftChainMissing,
  driftStaleEndpoint,
  driftMissingEndpoint,
  driftLocalContainsRemote,
  driftPolicy,
  driftForeignRuleFirst,
  driftForwardDrop,
  driftIptablesBackendSplit,
  driftModeLeftover,
  driftFirewallChain,
  driftHcAcceptMissing,
  driftNftVerdict,
  driftSharedRules,
  driftOtherRule,
];
