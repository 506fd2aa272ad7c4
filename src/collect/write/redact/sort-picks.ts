import type { ChainBook } from './chain-book.ts';

const PICK = /^(?:\[\d+:\d+\] )?-A (?<chain>KUBE-(?:SVC|SVL|XLB)-\S+) (?<middle>.*)-j (?<target>KUBE-SEP-\S+)$/;

interface Pick {
  readonly line: number;
  readonly before: string;
  readonly after: string;
  readonly target: string;
  readonly comment: string;
}

/**
 * kube-proxy writes the rules that pick an endpoint in the order of the endpoints' addresses; replaced addresses have another order. Where the original rules were
 * in order, the endpoints change places among them, so that the rules are again what kube-proxy would write.
 */
export function sortPicks(originals: readonly string[], redacted: readonly string[], book: ChainBook): string[] {
  const lines = [...redacted];
  let run: Pick[] = [];
  let kind = '';
  const finish = (): void => {
    if (run.length > 1 && run.every((pick, i) => i === 0 || (run[i - 1]?.before ?? '') <= pick.before)) reorder(lines, run);
    run = [];
  };
  for (const [line, text] of originals.entries()) {
    const found = pickOf(text, redacted[line] ?? '', { line, book });
    if (found === null || found.kind !== kind) finish();
    kind = found?.kind ?? '';
    if (found !== null) run.push(found.pick);
  }
  finish();
  return lines;
}

function pickOf(
  original: string,
  redacted: string,
  { line, book }: { readonly line: number; readonly book: ChainBook },
): { readonly kind: string; readonly pick: Pick } | null {
  const { chain = '', middle = '', target = '' } = PICK.exec(original)?.groups ?? {};
  const endpoint = target === '' ? null : book.endpointOf(target);
  if (endpoint === null) return null;
  const [, comment = ''] = /--comment ("(?:[^"\\]|\\.)*"|\S+)/.exec(redacted) ?? [];
  const [, newTarget = ''] = /-j (\S+)$/.exec(redacted) ?? [];
  // Rules of session affinity come before, in a run of their own.
  const kind = `${chain} ${/ --rcheck /.test(` ${middle}`) ? 'affinity' : 'pick'}`;
  return { kind, pick: { line, ...endpoint, target: newTarget, comment } };
}

/** Each place keeps its probability; who stands there changes. */
function reorder(lines: string[], run: readonly Pick[]): void {
  const sorted = [...run].sort((a, b) => (a.after < b.after ? -1 : a.after > b.after ? 1 : 0));
  for (const [index, place] of run.entries()) {
    const moved = sorted[index];
    if (moved === undefined || moved === place) continue;
    const text = lines[place.line] ?? '';
    // Session affinity names the endpoint's chain a second time.
    const exchanged = text.replaceAll(place.target, moved.target);
    lines[place.line] = place.comment === '' ? exchanged : exchanged.replace(place.comment, () => moved.comment);
  }
}
