import { defineServiceRule } from '../types.ts';
import { type Foreign, foreignOf, foreignTelling } from './foreign.ts';

/** A rule of somebody else takes packets of the Service before kube-proxy's rules, or changes them behind its back. */
export const driftForeignRuleFirst = defineServiceRule<Foreign>({
  id: 'drift-foreign-rule-first',
  title: "somebody else's rule comes before kube-proxy's",
  severity: 'warning',
  needs: [],
  needsRules: 'compared',
  anyDataplane: true,
  detect: (scene) => foreignOf(scene, ({ act, hook, severity }) => severity !== 'info' && !(hook === 'FORWARD' && DROPS.has(act))),
  tell: (fact, scene) => foreignTelling(fact, scene),
});

const DROPS: ReadonlySet<string> = new Set(['drops', 'policy-drops']);
