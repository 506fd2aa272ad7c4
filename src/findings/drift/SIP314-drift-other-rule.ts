import { defineServiceRule } from '../types.ts';
import { type Drift, driftOf, driftTelling } from './differences.ts';

/** A rule of a Service differs in a way that has no finding of its own: hairpin marks, session affinity, rules of an older kube-proxy. */
export const driftOtherRule = defineServiceRule<Drift>({
  id: 'drift-other-rule',
  title: "a rule of a Service is not as kube-proxy's version and settings make it",
  severity: 'warning',
  needs: [],
  needsRules: 'compared',
  anyDataplane: true,
  foldsUnder: ['drift-chain-missing'],
  detect: (scene) => driftOf(scene, 'other'),
  tell: (fact, scene) => driftTelling('rules that are not as they should be', fact, scene),
});
