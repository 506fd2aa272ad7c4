import type { Service } from '../../../cluster/model.ts';
import type { Expected, Proxier } from '../../../expected/types.ts';
import { DEFAULT_DIALECT } from '../../../expected/types.ts';
import type { Family } from '../../../net/ip.ts';
import type { NftRuleset } from '../../../netfilter/nft/types.ts';
import type { RulesetIndex } from '../ruleset-index.ts';
import type { ForeignAct, ForeignRule } from '../types.ts';
import { type Flow, type Flows, flowsOf } from './flow.ts';
import { foreignHooks, type Hook } from './hooks.ts';
import { actOf } from './judge.ts';
import { nftHooks } from './nft-hooks.ts';
import { targetName } from './target-name.ts';
import { type AtKubeProxy, type Met, type Walked, walkHook } from './walk.ts';
import { severityOf, whyOf, whyPolicy } from './words.ts';
import { writerOf } from './writers.ts';

interface Asked {
  readonly service: Service;
  readonly proxier: Proxier;
  readonly observed: RulesetIndex;
  readonly expected: Expected;
}

/** Where others have a say beside kube-proxy's nftables mode: in what iptables-save printed, if it was asked, and in tables that nft lists. */
export function hooksBesideNftables(nft: NftRuleset, family: Family, observed: RulesetIndex | null): readonly Hook[] {
  return [...(observed === null ? [] : foreignHooks(observed)), ...nftHooks(nft, family, observed)];
}

/** The rules at these hooks that packets of the Service come to, and policies that drop them. */
export function foreignBesideNftables(hooks: readonly Hook[], service: Service, proxier: Proxier): ForeignRule[] {
  if (hooks.length === 0) return [];
  const own = flowsOf(service, proxier);
  const flows = { ...own, sentOn: [...own.sentOn, ...own.unserved] };
  const here = { masqueradeMark: 2 ** DEFAULT_DIALECT.masqueradeBit, refuses: false, isNftables: true };
  return hooks.flatMap((hook) => atHook(hook, flows, here, null));
}

/** The rules of others that packets of the Service come to before kube-proxy's have had their say, and policies that drop them. */
export function foreignRules({ service, proxier, observed, expected }: Asked): ForeignRule[] {
  const hooks = foreignHooks(observed);
  if (hooks.length === 0) return [];
  const flows = flowsOf(service, proxier);
  const masqueradeMark = 2 ** (proxier.dialect?.masqueradeBit ?? DEFAULT_DIALECT.masqueradeBit);
  return hooks.flatMap((hook) => atHook(hook, flows, { masqueradeMark, refuses: refusesAt(expected, hook), isNftables: false }, observed));
}

const REFUSING = new Set(['reject-no-endpoints', 'drop-no-local-endpoints', 'drop-outside-source-ranges']);

function refusesAt({ chains }: Expected, { table }: Hook): boolean {
  return table === 'filter' && chains.some((chain) => chain.table === 'filter' && chain.rules.some((rule) => REFUSING.has(rule.code)));
}

interface Here {
  readonly masqueradeMark: number;
  readonly refuses: boolean;
  readonly isNftables: boolean;
}

function atHook(hook: Hook, flows: Flows, here: Here, observed: RulesetIndex | null): ForeignRule[] {
  const found = new Map<string, { readonly act: ForeignAct; readonly met: Met[] }>();
  const atEnd: Walked[] = [];
  const ending: Flow[] = [];
  for (const { flow, refused } of flowsAt(hook, flows, here.refuses)) {
    const walked = walkHook(hook, flow, atKubeProxy(hook));
    for (const met of walked.met) {
      const act = actOf(met, { hook, masqueradeMark: here.masqueradeMark, refuses: refused && !behindRefusals(met) });
      if (act === null || (here.isNftables && !BESIDE_NFTABLES.has(act)) || (refused && act !== 'skips-refusals')) continue;
      const key = `${met.step.rule.lineNumber} ${met.through.map((step) => step.rule.lineNumber).join(' ')}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { act, met: [met] });
      else known.met.push(met);
    }
    if (!refused && walked.end !== 'no') {
      atEnd.push(walked);
      ending.push(flow);
    }
  }
  const rules = [...found.values()].map(({ act, met }) => foreignRule(hook, act, met));
  return hook.policy === 'DROP' && ending.length > 0 ? [...rules, policyRule({ hook, flows, observed }, atEnd, ending)] : rules;
}

/** What rules of iptables do to packets whatever chains of kube-proxy stand beside them; to accept in one table ends no other's. */
const BESIDE_NFTABLES: ReadonlySet<ForeignAct> = new Set(['drops', 'redirects', 'rewrites-source', 'disables-nat', 'may-drop']);

function behindRefusals({ behind }: Met): boolean {
  return behind.has('KUBE-EXTERNAL-SERVICES') || behind.has('KUBE-PROXY-FIREWALL') || behind.has('KUBE-SERVICES');
}

interface Passing {
  readonly flow: Flow;
  /** Not translated, because kube-proxy refuses it behind. */
  readonly refused: boolean;
}

/** What of the Service's traffic passes a hook. */
function flowsAt({ table, name }: Hook, flows: Flows, refuses: boolean): Passing[] {
  const pass = (some: readonly Flow[], refused = false): Passing[] => some.map((flow) => ({ flow, refused }));
  const refused = refuses ? pass(flows.arriving, true) : [];
  switch (name) {
    case 'PREROUTING':
      return table === 'nat' ? pass(flows.arriving) : [...pass(flows.arriving), ...pass(flows.replies)];
    case 'OUTPUT':
      return [
        ...(table === 'filter' ? [...pass(flows.forwarded), ...refused] : pass(flows.arriving)),
        ...pass(flows.replies.filter((flow) => flow.local === true)),
      ];
    case 'INPUT':
      return [...pass(flows.taken), ...pass(flows.answers), ...refused];
    case 'FORWARD':
      return [...pass(flows.forwarded), ...pass(flows.sentOn), ...pass(flows.replies.filter((flow) => flow.local !== true)), ...refused];
    default:
      return pass(flows.forwarded);
  }
}

/** Service traffic ends nat PREROUTING and OUTPUT in KUBE-SERVICES; KUBE-FORWARD accepts replies, and what is marked. */
function atKubeProxy({ table, name }: Hook): AtKubeProxy {
  return (chain, flow) => {
    if (chain === 'KUBE-SERVICES' && table === 'nat') return 'takes';
    if (chain === 'KUBE-FORWARD' && flow.direction === 'reply') return 'takes';
    if (chain === 'KUBE-NODEPORTS' && name === 'INPUT' && flow.address === null) return 'takes';
    return 'passes';
  };
}

function foreignRule(hook: Hook, act: ForeignAct, met: readonly Met[]): ForeignRule {
  const sure = met.filter((each) => each.match === 'yes' && !each.step.opaque);
  const match = sure.length > 0 ? 'certain' : 'possible';
  const [first] = sure.length > 0 ? sure : met;
  if (first === undefined) throw new Error('a foreign rule that nothing meets');
  const { rule } = first.step;
  const through = first.through.map((step) => step.rule.line);
  const writer = writerOf([...first.through.map((step) => targetName(step.rule)), rule.chain, targetName(rule)]);
  const names = [...new Set((sure.length > 0 ? sure : met).map((each) => each.flow.name))];
  return {
    act,
    table: hook.table,
    hook: hook.name,
    chain: rule.chain,
    line: rule.line,
    lineNumber: rule.lineNumber,
    through,
    writer: writer?.name ?? null,
    match,
    why: whyOf({ act, hook, spec: rule.spec, match, names, behind: first.behind, writer: writer?.name ?? null }),
    severity: severityOf(
      act,
      act === 'rewrites-source' && met.some((each) => each.alone === 'yes') ? 'certain' : match,
      writer?.usual === true,
    ),
  };
}

interface PolicyAsked {
  readonly hook: Hook;
  readonly flows: Flows;
  readonly observed: RulesetIndex | null;
}

function policyRule({ hook, flows, observed }: PolicyAsked, walked: readonly Walked[], ending: readonly Flow[]): ForeignRule {
  const sure = walked.some((each) => each.end === 'yes');
  const match = sure ? 'certain' : 'possible';
  const counters = observed?.ruleset.tables.get(hook.table)?.chains.get(hook.name)?.counters;
  const count = counters === undefined || counters === null ? '' : ` [${counters.packets}:${counters.bytes}]`;
  const accepts = walked.some((each) => each.behind.has('KUBE-FORWARD'));
  return {
    act: 'policy-drops',
    table: hook.table,
    hook: hook.name,
    chain: hook.name,
    line: `:${hook.name} DROP${count}`,
    lineNumber: null,
    through: [],
    writer: null,
    match,
    why: whyPolicy({
      hook,
      match,
      names: [...new Set(ending.map((flow) => flow.name))],
      accepts,
      alwaysMasqueraded: flows.alwaysMasqueraded,
      isUntranslated: ending.every((flow) => flows.sentOn.includes(flow)),
    }),
    severity: severityOf('policy-drops', match, false),
  };
}
