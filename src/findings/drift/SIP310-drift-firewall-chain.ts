import { defineServiceRule } from '../types.ts';
import { type Drift, driftOf, driftTelling } from './differences.ts';

/** KUBE-FW and KUBE-PROXY-FIREWALL do not say what loadBalancerSourceRanges say. */
export const driftFirewallChain = defineServiceRule<Drift>({
  id: 'drift-firewall-chain',
  title: "a node filters the load balancer's address by other ranges than the Service's",
  severity: 'warning',
  needs: [],
  needsRules: 'compared',
  anyDataplane: true,
  foldsUnder: ['drift-chain-missing'],
  detect: (scene) => driftOf(scene, 'ranges'),
  tell: (fact, scene) => driftTelling('source ranges other than those', fact, scene),
});
