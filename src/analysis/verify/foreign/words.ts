import { printMatch } from '../../../netfilter/rule/print-rule.ts';
import type { RuleSpec } from '../../../netfilter/ruleset.ts';
import { targetText } from '../form.ts';
import type { ForeignAct, ForeignRule, Severity } from '../types.ts';
import type { Hook } from './hooks.ts';

interface Said {
  readonly act: ForeignAct;
  readonly hook: Hook;
  readonly spec: RuleSpec;
  readonly match: ForeignRule['match'];
  /** The flows that it takes. */
  readonly names: readonly string[];
  readonly behind: ReadonlySet<string>;
  readonly writer: string | null;
}

const SHOWN = 3;

/** `a, b, c and 4 more`. */
export function list(names: readonly string[]): string {
  if (names.length <= SHOWN + 1) return names.join(', ');
  return `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more`;
}

/** One sentence: what the rule does to which packets, and what follows. */
export function whyOf(said: Said): string {
  const flows = list(said.names);
  const verb = (stem: string): string => (said.match === 'certain' ? `${stem}s` : `may ${stem}`);
  const when = conditionText(said);
  const sentences: Record<ForeignAct, string> = {
    drops: `${verb(said.spec.target.kind === 'reject' ? 'reject' : 'drop')} packets of ${flows}${when}${place(said)}`,
    'skips-kube-proxy': `${verb('end')} the nat table for packets to ${flows}${when} before KUBE-SERVICES: they are not translated to an endpoint`,
    'skips-refusals': `${verb('accept')} packets to ${flows}${when} before kube-proxy's rules that refuse them: they are routed on untranslated`,
    redirects: `${verb('send')} packets to ${flows}${when} elsewhere (${targetText(said.spec)}) before KUBE-SERVICES sees them`,
    'rewrites-source': `${verb('rewrite')} the source of packets to ${flows}${when}${rewritePlace(said)}`,
    'sets-masquerade-mark': `${verb('set')} kube-proxy's masquerade mark on packets of ${flows}${when}: they lose their source address`,
    'clears-masquerade-mark': `${verb('clear')} or ${said.match === 'certain' ? 'skips' : 'skip'} kube-proxy's masquerade mark on packets to ${flows}${when}: they keep their source, and answers go past this node`,
    'disables-nat': `${verb('take')} packets of ${flows}${when} out of connection tracking: they are not translated`,
    'policy-drops': '',
    'may-drop': `${said.writer ?? 'another program'} decides about packets of ${flows} here, and may drop them`,
  };
  return sentences[said.act];
}

/** Conditions on the client's side and such that cannot be decided: they say for whom it holds. */
function conditionText({ spec }: Said): string {
  const texts = spec.matches.filter((match) => !DECIDED.has(match.kind)).map(printMatch);
  return texts.length === 0 ? '' : ` (where ${texts.join(' ')})`;
}

const DECIDED: ReadonlySet<string> = new Set(['destination', 'protocol', 'ports', 'multiport', 'comment', 'conntrack']);

function place({ hook, behind }: Said): string {
  if (hook.table === 'raw' || hook.table === 'mangle') return ` in table ${hook.table}, before kube-proxy's rules see them`;
  if (behind.has('KUBE-FORWARD')) return ' unless KUBE-FORWARD accepted them before (masqueraded traffic)';
  return '';
}

function rewritePlace({ behind }: Said): string {
  return behind.has('KUBE-POSTROUTING')
    ? ', where kube-proxy did not masquerade them'
    : ' before KUBE-POSTROUTING: endpoints see the address that this rule chooses';
}

interface PolicySaid {
  readonly hook: Hook;
  readonly match: ForeignRule['match'];
  readonly names: readonly string[];
  readonly accepts: boolean;
  readonly alwaysMasqueraded: boolean;
  /** None of the packets is on its way to an endpoint. */
  readonly isUntranslated: boolean;
}

/** What a policy of DROP does to what no rule accepted. */
export function whyPolicy({ hook, match, names, accepts, alwaysMasqueraded, isUntranslated }: PolicySaid): string {
  const verb = match === 'certain' ? 'drops' : 'drops, unless a rule with conditions that cannot be decided here accepts them,';
  if (hook.name !== 'FORWARD' || hook.table !== 'filter')
    return `the policy of ${hook.table} ${hook.name} ${verb} packets of ${list(names)}`;
  if (isUntranslated) return `the policy of FORWARD ${verb} packets to ${list(names)} that the node sends on`;
  if (!accepts) return `the policy of FORWARD ${verb} packets to ${list(names)}, and no KUBE-FORWARD accepts what is masqueraded`;
  const who = alwaysMasqueraded
    ? 'pods that ask the clusterIP, and requests that another node sent on'
    : 'outside clients, and pods that ask the clusterIP';
  return `the policy of FORWARD ${verb} packets to ${list(names)} that are not masqueraded: those of ${who}`;
}

const HEAVY: ReadonlySet<ForeignAct> = new Set([
  'drops',
  'skips-kube-proxy',
  'redirects',
  'clears-masquerade-mark',
  'disables-nat',
  'policy-drops',
]);

/** What a usual companion of kube-proxy may do is a note; what somebody's rule surely does to the Service is an error. */
export function severityOf(act: ForeignAct, match: ForeignRule['match'], usual: boolean): Severity {
  if (act === 'may-drop') return usual ? 'info' : 'warning';
  if (act === 'rewrites-source') return usual || match === 'possible' ? 'info' : 'warning';
  if (usual) return match === 'certain' ? 'warning' : 'info';
  return HEAVY.has(act) && match === 'certain' ? 'error' : 'warning';
}
