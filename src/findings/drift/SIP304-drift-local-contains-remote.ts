import { defineServiceRule } from '../types.ts';
import { type Drift, driftOf, driftTelling } from './differences.ts';

/** KUBE-SVL holds an endpoint that is not on this node: the answer goes past it. */
export const driftLocalContainsRemote = defineServiceRule<Drift>({
  id: 'drift-local-contains-remote',
  title: "a node's Local chain leads to another node's endpoint",
  severity: 'error',
  needs: [],
  needsRules: 'compared',
  anyDataplane: true,
  foldsUnder: ['drift-chain-missing'],
  detect: (scene) => driftOf(scene, 'remote-in-local'),
  tell: (fact, scene) => driftTelling('endpoints of other nodes in the chain for Local policy', fact, scene),
});
