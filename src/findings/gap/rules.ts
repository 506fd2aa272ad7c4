import type { Rule } from '../types.ts';
import { dataplaneNotModelled } from './SIP901-dataplane-not-modelled.ts';
import { selfTestMisleads } from './SIP902-self-test-misleads.ts';
import { notExternallyReachable } from './SIP903-not-externally-reachable.ts';
import { externalNameService } from './SIP904-externalname-service.ts';
import { headlessService } from './SIP905-headless-service.ts';
import { lbBypassesNodeports } from './SIP906-lb-bypasses-nodeports.ts';

/** What cannot be told, or has no answer. */
export const GAP_RULES: readonly Rule[] = [
  dataplaneNotModelled,
  selfTestMisleads,
  notExternallyReachable,
  externalNameService,
  headlessService,
  lbBypassesNodeports,
];
