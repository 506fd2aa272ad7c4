import type { Answer } from './report.ts';
import { nameList, weigher } from './tally.ts';
import type { Told } from './told.ts';

/** Only the health check was asked about: which nodes pass it. */
export function healthAnswer({ flows, groups }: Told): Answer {
  const nodesOf = weigher(groups);
  const nodes = new Map<string, Set<string>>();
  for (const flow of flows) {
    const status = flow.branches.find((branch) => branch.httpStatus !== undefined)?.httpStatus;
    const word = status === undefined ? flow.verdict : String(status);
    const known = nodes.get(word) ?? new Set();
    for (const node of nodesOf(flow.to.node ?? '')) known.add(node);
    nodes.set(word, known);
  }
  const parts = [...nodes].map(([word, names]) => `${word} on ${names.size} (${nameList([...names])})`);
  const passing = nodes.get('200')?.size ?? 0;
  const total = new Set([...nodes.values()].flatMap((names) => [...names])).size;
  const mood = passing === total ? 'good' : passing > 0 ? 'mixed' : nodes.has('503') ? 'bad' : 'unknown';
  const port = flows[0]?.to.port ?? 0;
  return { mood, text: `The health check on port ${port} answers, of ${total} node${total === 1 ? '' : 's'}: ${parts.join(', ')}.` };
}
