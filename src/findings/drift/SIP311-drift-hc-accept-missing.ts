import { defineServiceRule } from '../types.ts';
import { type Drift, driftOf, driftTelling } from './differences.ts';

/** Kube-proxy accepts healthCheckNodePort ahead of the host's own firewall; without that the check may be dropped. */
export const driftHcAcceptMissing = defineServiceRule<Drift>({
  id: 'drift-hc-accept-missing',
  title: 'a node lacks the rule that lets the health check in',
  severity: 'warning',
  needs: [],
  needsRules: 'compared',
  anyDataplane: true,
  detect: (scene) => driftOf(scene, 'health-check'),
  tell: (fact, scene) => driftTelling('no rule that lets the health check in', fact, scene),
});
