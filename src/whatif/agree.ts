import type { Branch, Flow, SeenSource } from '../analysis/report.ts';
import type { Gap } from '../cluster/evidence.ts';
import { compareFates, type Fate } from './compare.ts';

/** What holds of a flow in every possible cluster; where they disagree in the verdict, it is undetermined. */
export function agreedFate(flows: readonly [Flow, ...Flow[]], open: readonly Gap[]): Fate {
  const [first, ...others] = flows;
  if (others.every((other) => other.verdict === first.verdict && compareFates(first, other).change === 'unchanged')) return first;
  const outcomes = new Set(
    flows.flatMap(({ verdict, branches }) => (verdict === 'undetermined' ? ['undetermined'] : branches.map(({ outcome }) => outcome))),
  );
  if (outcomes.size !== 1 || outcomes.has('undetermined')) return undecided(open);
  const branches = flows.flatMap((flow) => flow.branches);
  const because = first.because.filter(({ code }) => others.every((other) => other.because.some((each) => each.code === code)));
  return { verdict: first.verdict, branches: collapsed(branches), because };
}

function undecided(open: readonly Gap[]): Fate {
  return {
    verdict: 'undetermined',
    branches: [],
    because: open.map(({ what, why }) => ({ code: 'undetermined', text: `${what}: ${why}`, rule: null })),
  };
}

/** One branch for all: the outcome is certain, and of the rest what all have in common. */
function collapsed(branches: readonly Branch[]): Branch[] {
  const [first] = branches;
  if (first === undefined) return [];
  const { httpStatus: _status, ...rest } = first;
  const then = branches.every((branch) => branch.then === first.then) ? first.then : null;
  return [{ ...rest, then, share: 1, endpoint: null, source: commonSource(branches.map(({ source }) => source)) }];
}

/** Null where some see the client and others do not. */
function commonSource(sources: readonly (SeenSource | null)[]): SeenSource | null {
  const [first] = sources;
  if (first === undefined || first === null || sources.some((source) => source?.kind !== first.kind)) return null;
  const common = <K extends keyof SeenSource>(key: K): SeenSource[K] | null =>
    sources.every((source) => source?.[key] === first[key]) ? first[key] : null;
  return { kind: first.kind, address: common('address'), interface: common('interface'), by: common('by') };
}
