import { defineServiceRule } from '../types.ts';
import { type Drift, driftOf, driftTelling } from './differences.ts';

/** A rule leads to an address that no EndpointSlice lists. */
export const driftStaleEndpoint = defineServiceRule<Drift>({
  id: 'drift-stale-endpoint',
  title: 'a node still sends to an endpoint that is gone',
  severity: 'error',
  needs: [],
  needsRules: 'compared',
  anyDataplane: true,
  foldsUnder: ['drift-chain-missing'],
  detect: (scene) => driftOf(scene, 'stale-endpoint'),
  tell: (fact, scene) => driftTelling('rules for endpoints that are gone', fact, scene),
});
