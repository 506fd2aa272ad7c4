import type { Flow } from './flow.ts';
import type { Hook, Step } from './hooks.ts';
import { both, type MayMatch, mayMatch } from './may-match.ts';
import { targetName } from './target-name.ts';

/** A foreign rule that packets of a flow come to. */
export interface Met {
  readonly step: Step;
  /** The jumps that lead to it. */
  readonly through: readonly Step[];
  readonly flow: Flow;
  readonly match: Exclude<MayMatch, 'no'>;
  /** By its own conditions alone, whatever stands before it. */
  readonly alone: Exclude<MayMatch, 'no'>;
  /** Behind which of kube-proxy's chains it stands. */
  readonly behind: ReadonlySet<string>;
}

export interface Walked {
  readonly met: readonly Met[];
  /** How sure packets of the flow come to the end of the hook, where the policy stands. */
  readonly end: MayMatch;
  readonly behind: ReadonlySet<string>;
}

/** What kube-proxy's chains do to a flow at a hook: `takes` ends the hook for it. */
export type AtKubeProxy = (chain: string, flow: Flow) => 'takes' | 'passes';

/** A dump made to be walked forever is not. */
const MOST_STEPS = 20_000;

/** Follows a flow through the rules of a hook, in order, as far as conditions can be decided. */
export function walkHook(hook: Hook, flow: Flow, atKubeProxy: AtKubeProxy): Walked {
  const walk: Walk = { flow, atKubeProxy, met: [], behind: new Set(), left: MOST_STEPS };
  const end = through(walk, hook.steps, []);
  return { met: walk.met, end: end === 'returned' ? 'yes' : end, behind: walk.behind };
}

interface Walk {
  readonly flow: Flow;
  readonly atKubeProxy: AtKubeProxy;
  readonly met: Met[];
  readonly behind: Set<string>;
  left: number;
}

/** How sure packets leave a chain at its end; `sure` so far by the jumps that led here. */
function through(walk: Walk, steps: readonly Step[], path: readonly Step[], sure: MayMatch = 'yes'): MayMatch | 'returned' {
  let here = sure;
  for (const step of steps) {
    if (--walk.left < 0) return both(here, 'maybe');
    const alone = mayMatch(step.rule.spec, walk.flow);
    const match = both(here, alone);
    if (match === 'no' || alone === 'no') continue;
    const left = take(walk, step, path, { match, alone });
    if (left === 'returned') return here;
    if (left === 'no') {
      if (match === here) return 'no';
      here = both(here, 'maybe');
    } else if (left === 'maybe') here = both(here, 'maybe');
  }
  return here;
}

/** How sure packets that match go on behind the rule. */
function take(walk: Walk, step: Step, path: readonly Step[], { match, alone }: Pick<Met, 'match' | 'alone'>): MayMatch | 'returned' {
  if (step.kubeProxys) {
    const chain = targetName(step.rule);
    walk.behind.add(chain);
    return walk.atKubeProxy(chain, walk.flow) === 'takes' ? 'no' : 'yes';
  }
  if (step.inner !== null) {
    const end = through(walk, step.inner, [...path, step], match);
    return end === 'no' ? 'no' : end === match ? 'yes' : 'maybe';
  }
  const target = targetName(step.rule);
  if (target === 'RETURN' && path.length > 0) return match === 'yes' ? 'returned' : 'maybe';
  walk.met.push({ step, through: path, flow: walk.flow, match, alone, behind: new Set(walk.behind) });
  if (step.opaque) return 'maybe';
  return TERMINAL.has(target) ? 'no' : 'yes';
}

const TERMINAL = new Set([
  'ACCEPT',
  'DROP',
  'REJECT',
  'RETURN',
  'QUEUE',
  'NFQUEUE',
  'DNAT',
  'SNAT',
  'MASQUERADE',
  'REDIRECT',
  'NETMAP',
  'TPROXY',
]);
