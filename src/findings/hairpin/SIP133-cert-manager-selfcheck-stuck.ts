import { callersOf } from '../scene/callers.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { shellWord } from '../words.ts';
import { callOf, type Fate } from './calls.ts';
import { rewriteAdvice } from './words.ts';

interface Stuck extends Fact {
  readonly host: string;
  readonly challenge: string;
  readonly namespace: string;
  readonly name: string;
  /** cert-manager's own words. */
  readonly reason: string;
  /** What its call meets by the prediction. */
  readonly fate: Fate | null;
}

/** Characters of a reason that are shown. */
const LONGEST = 200;

/** cert-manager asks for its own challenge before the authority does; while that fails no certificate is ordered (cert-manager/cert-manager#863). */
export const certManagerSelfcheckStuck = defineServiceRule<Stuck>({
  id: 'cert-manager-selfcheck-stuck',
  title: "cert-manager cannot reach its own challenge through the Service's outside address",
  severity: 'warning',
  needs: ['Challenge'],
  foldsUnder: [
    'no-usable-endpoints',
    'lb-pending',
    'local-no-reachable-target',
    'proxy-protocol-mismatch',
    'hairpin-local-dropped',
    'hairpin-proxy-protocol-bypass',
    'hairpin-tls-terminated-at-lb',
    'hairpin-nlb-loopback',
    'ipmode-proxy-unreachable',
    'source-ranges-block-in-cluster',
  ],
  detect: (scene) => {
    const hosts = new Map<string, Stuck>();
    for (const caller of callersOf(scene.cluster).to(scene.service)) {
      if (caller.sign !== 'challenge' || hosts.has(caller.host)) continue;
      const { name, namespace = 'default' } = caller.object;
      const reason = stuckReason(scene, name, namespace);
      if (reason === null) continue;
      const fate = callOf(scene, caller)?.fate ?? null;
      hosts.set(caller.host, {
        confidence: 'observed',
        key: caller.host,
        objects: [{ kind: 'Challenge', namespace, name }],
        host: caller.host,
        challenge: `${namespace}/${name}`,
        namespace,
        name,
        reason,
        fate,
      });
    }
    return [...hosts.values()];
  },
  tell: ({ host, challenge, namespace, name, reason, fate }, scene) => ({
    message: `cert-manager's self check of ${host} does not get through ${scene.key} (Challenge ${challenge})`,
    why: `cert-manager says: ${reason}. ${told(fate)}`,
    remedy: `See it again: kubectl describe challenge ${shellWord(name)} -n ${shellWord(namespace)}. ${remedyFor(fate, scene)}`,
  }),
});

function stuckReason({ cluster }: ServiceScene, name: string, namespace: string): string | null {
  const status = cluster.object('Challenge', name, namespace)?.status;
  const reason = status?.reason ?? '';
  if ((status?.state ?? 'pending') !== 'pending' || !/self.?check|propagation/i.test(reason)) return null;
  const line = reason.replaceAll(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

function told(fate: Fate | null): string {
  switch (fate) {
    case 'within':
      return 'The Services let its connection through to the pods, so it is DNS, a NetworkPolicy, or what the controller answers';
    case 'out':
      return 'Its connection leaves the cluster for the load balancer and comes back from there: what happens outside does not show in the objects';
    case 'silent':
      return 'By the prediction its connection gets no answer';
    case 'refused':
      return 'By the prediction its connection is refused';
    case 'unknown':
    case null:
      return 'What its connection meets cannot be told from the objects';
  }
}

function remedyFor(fate: Fate | null, scene: ServiceScene): string {
  return fate === 'within'
    ? 'Ask the same URL from a pod in the namespace of cert-manager, and compare the address that the name resolves to there'
    : rewriteAdvice(scene);
}
