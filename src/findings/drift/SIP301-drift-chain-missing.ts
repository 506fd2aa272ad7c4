import { defineServiceRule } from '../types.ts';
import { type Drift, driftOf, driftTelling } from './differences.ts';

/** A jump that kube-proxy writes for each address of a Service, or its policy chain, is not there. */
export const driftChainMissing = defineServiceRule<Drift>({
  id: 'drift-chain-missing',
  title: "a node lacks the way into kube-proxy's chains of a Service",
  severity: 'error',
  needs: [],
  needsRules: 'compared',
  anyDataplane: true,
  detect: (scene) => driftOf(scene, 'way-in'),
  tell: (fact, scene) => driftTelling('lost rules that lead to the endpoints', fact, scene),
});
