import { defineServiceRule } from '../types.ts';
import { type Foreign, foreignOf, foreignTelling } from './foreign.ts';

/** FORWARD drops (Docker sets that policy) what no rule accepts; kube-proxy accepts only what it has masqueraded, on the node that was asked. */
export const driftForwardDrop = defineServiceRule<Foreign>({
  id: 'drift-forward-drop',
  title: 'a node does not forward packets to pods',
  severity: 'error',
  needs: [],
  needsRules: 'compared',
  anyDataplane: true,
  detect: (scene) =>
    foreignOf(scene, ({ act, hook, severity }) => severity !== 'info' && hook === 'FORWARD' && (act === 'drops' || act === 'policy-drops')),
  tell: (fact, scene) => foreignTelling(fact, scene),
});
