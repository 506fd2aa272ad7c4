import type { ExpectedRule } from '../../expected/types.ts';
import type { Effect } from './finding.ts';
import { error, info, warning } from './finding.ts';
import { targetOf } from './line-parts.ts';

/** What follows where a jump from a built-in chain to kube-proxy's is not there. */
export function missingHook(rule: ExpectedRule, scene: { readonly chain: string; readonly forwardPolicy: string | null }): Effect {
  const target = targetOf(rule.line);
  const effect = EFFECTS[`${scene.chain} ${target}`];
  if (effect !== undefined) return effect;
  if (target === 'KUBE-FORWARD') return forward(scene.forwardPolicy);
  return warning(`packets of ${scene.chain} do not come to ${target}`);
}

const UNREFUSED = 'external addresses and node ports without (local) endpoints are not refused';
const RANGES = 'what loadBalancerSourceRanges keep out is not dropped';

const EFFECTS: Readonly<Record<string, Effect>> = {
  'PREROUTING KUBE-SERVICES': error(
    'nothing that arrives at this node reaches a Service: neither its pods nor clients from outside are translated',
  ),
  'OUTPUT KUBE-SERVICES': error('processes of this node reach no Service: nothing translates their packets'),
  'POSTROUTING KUBE-POSTROUTING': error(
    'traffic that should be masqueraded keeps its source: answers of endpoints on other nodes go past this node, and the connection hangs unless another rule masquerades it',
  ),
  'INPUT KUBE-EXTERNAL-SERVICES': warning(`${UNREFUSED} on addresses of this node: the host itself answers`),
  'FORWARD KUBE-EXTERNAL-SERVICES': warning(`${UNREFUSED}: packets are routed on untranslated, and clients hang`),
  'INPUT KUBE-SERVICES': warning('clusterIPs without endpoints are not refused for packets to the node'),
  'FORWARD KUBE-SERVICES': warning('pods that ask a clusterIP without endpoints are not refused at once: they hang'),
  'INPUT KUBE-NODEPORTS': warning('health checks of load balancers pass only as far as other rules of INPUT accept them'),
  'INPUT KUBE-PROXY-FIREWALL': warning(`${RANGES} where the load balancer address is the node's own: the host itself answers`),
  'FORWARD KUBE-PROXY-FIREWALL': warning(`${RANGES}: packets are routed on untranslated`),
  'OUTPUT KUBE-PROXY-FIREWALL': warning(`${RANGES} for processes of this node: their packets leave untranslated`),
  'INPUT KUBE-FIREWALL': warning(
    'neighbours can reach what listens on 127.0.0.1 of this node; before 1.25, marked packets are not dropped',
  ),
  'OUTPUT KUBE-FIREWALL': info('before 1.25, packets of this node that are marked for dropping are not dropped'),
};

/** nat and filter have an OUTPUT each. */
export function missingFilterOutput(): Effect {
  return warning('processes of this node that ask a clusterIP without endpoints are not refused at once: they hang');
}

function forward(policy: string | null): Effect {
  if (policy === 'DROP')
    return error('masqueraded requests, and answers, are dropped by the policy of FORWARD unless another rule accepts them');
  return warning(
    'answers that belong to no connection are not dropped, and masqueraded traffic passes only while nothing else in FORWARD drops it',
  );
}
