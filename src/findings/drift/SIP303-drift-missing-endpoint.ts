import { defineServiceRule } from '../types.ts';
import { type Drift, driftOf, driftTelling } from './differences.ts';

/** An endpoint of the EndpointSlices has no rule, or shares do not sum up. */
export const driftMissingEndpoint = defineServiceRule<Drift>({
  id: 'drift-missing-endpoint',
  title: 'a node does not know an endpoint',
  severity: 'warning',
  needs: [],
  needsRules: 'compared',
  anyDataplane: true,
  foldsUnder: ['drift-chain-missing'],
  detect: (scene) => driftOf(scene, 'endpoints'),
  tell: (fact, scene) => driftTelling('wrong shares or missing rules for endpoints', fact, scene),
});
