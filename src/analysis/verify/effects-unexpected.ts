import type { Rule } from '../../netfilter/ruleset.ts';
import { endpointBehind, percent, type Scene } from './effects-missing.ts';
import type { Effect, Finding } from './finding.ts';
import { error, info, warning } from './finding.ts';
import { conditionsOf, targetText } from './form.ts';
import { commentOf, dnatOf, targetOf } from './line-parts.ts';
import { throughChain } from './port-facts.ts';

type Unexpected = Extract<Finding, { kind: 'unexpected' }>;

/** What a rule that should not stand does. `behind`: the rules of the chain that it leads to. */
export function effectOfUnexpected({ observed, code, reachable }: Unexpected, scene: Scene, behind: readonly Rule[]): Effect {
  if (!reachable) return info('nothing: a rule before it takes every packet');
  switch (code) {
    case 'stale-endpoint':
    case 'unused-endpoint':
      return wrongEndpoint({ observed, code, reachable, kind: 'unexpected' }, scene, behind);
    case 'duplicate':
      return warning(
        `${endpointBehind(observed, scene)} gets ${percent(shareOf(observed, scene))} of new connections, more than its share`,
      );
    case 'outdated-rule':
      return outdated(observed, scene);
    case 'stray-hook':
      return warning(`packets of ${scene.chain} come to ${targetOf(observed.line)}, which this version of kube-proxy does not do`);
    default:
      return stray(observed, scene);
  }
}

function shareOf(rule: Rule, { balance }: Scene): number {
  return balance?.shares.get(targetOf(rule.line)) ?? 0;
}

function wrongEndpoint({ observed, code }: Unexpected, scene: Scene, behind: readonly Rule[]): Effect {
  const address = behind.map((rule) => dnatOf(rule.line)).find((to) => to !== null);
  const share = shareOf(observed, scene);
  const some =
    scene.balance?.shares.has(targetOf(observed.line)) === true ? `${percent(share)} of new connections` : 'clients that it served lately';
  if (address === undefined)
    return warning(`leads ${some} to a chain without DNAT: they go on to the next endpoint, and behind the last one they are lost`);
  if (code === 'stale-endpoint')
    return error(`sends ${some} to ${address}, which no EndpointSlice of the Service lists: they fail, or reach something else`);
  return error(`sends ${some} to ${endpointBehind(observed, scene)}, ${whyUnused(observed, scene)}`);
}

function whyUnused(rule: Rule, { facts, chain }: Scene): string {
  const endpoint = facts?.endpoints.get(targetOf(rule.line));
  if (facts === null || endpoint === undefined) return 'which should not be used here';
  if (chain.startsWith('KUBE-SVL-') && endpoint.node !== facts.node.name) return 'which is not on this node';
  return endpoint.ready ? 'which should not be used on this node' : 'which is not ready';
}

function outdated(rule: Rule, { facts }: Scene): Effect {
  const { target } = rule.spec;
  const named = commentOf(rule.line).split(' ')[0] ?? '';
  if (target.kind === 'chain' && facts !== null && named.includes('/') && named !== facts.name && !facts.name.startsWith(`${named}:`))
    return warning(`brings traffic of ${named} to ${target.chain}, a chain of this Service`);
  if (target.kind === 'reject' || (target.kind === 'verdict' && target.verdict === 'DROP')) {
    const act = target.kind === 'reject' ? 'refuses' : 'drops';
    return warning(`${act} packets that are not translated before; kube-proxy should have removed it`);
  }
  if (target.kind === 'chain') return warning(`still takes traffic that the Service does not have any more, to ${target.chain}`);
  return warning(`still does ${targetText(rule)} to packets of the Service; kube-proxy should have removed it`);
}

function stray(rule: Rule, { facts, chain }: Scene): Effect {
  const who = facts === null ? '' : ` (${throughChain(chain, facts)})`;
  const conditions = conditionsOf(rule.spec);
  const packets = conditions === '' ? `everything that comes to ${chain}${who}` : `what matches "${conditions}" in ${chain}${who}`;
  const say = conditions === '' ? error : warning;
  const { target } = rule.spec;
  switch (target.kind) {
    case 'none':
      return info('nothing: it has no target');
    case 'reject':
      return say(`rejects ${packets}`);
    case 'verdict':
      return say(verdict(target.verdict, packets, rule));
    case 'dnat':
    case 'redirect':
      return say(`sends ${packets} to ${targetText(rule)} instead of an endpoint of the Service`);
    case 'chain':
      return say(`sends ${packets} to chain ${target.chain}`);
    default:
      return warning(`does ${targetText(rule)} to ${packets}`);
  }
}

function verdict(name: string, packets: string, { table }: Rule): string {
  if (name === 'DROP') return `drops ${packets}`;
  if (name === 'RETURN') return `sends ${packets} back before the rules behind it`;
  if (name === 'ACCEPT') return table === 'nat' ? `lets ${packets} go on untranslated` : `accepts ${packets} before the rules behind it`;
  return `queues ${packets} to a program`;
}
