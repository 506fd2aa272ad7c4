import { defineServiceRule } from '../types.ts';
import { type Drift, driftOf, driftTelling } from './differences.ts';

/** Masquerading and short circuits depend on externalTrafficPolicy: a node with others than the Service's has not followed a change. */
export const driftPolicy = defineServiceRule<Drift>({
  id: 'drift-policy',
  title: "a node's rules are those of another traffic policy",
  severity: 'error',
  needs: [],
  needsRules: 'compared',
  anyDataplane: true,
  foldsUnder: ['drift-chain-missing'],
  detect: (scene) => driftOf(scene, 'policy'),
  tell: (fact, scene) => driftTelling('rules of another traffic policy', fact, scene),
});
