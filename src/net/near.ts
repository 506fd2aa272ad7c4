const MOST_SHOWN = 3;
/** A shorter word is part of too many names to mean one of them. */
const SHORTEST_PART = 3;

/** Names that a mistyped one may have meant, best first: few edits away, or one a part of the other. */
export function nearMatches(wanted: string, names: Iterable<string>, most = MOST_SHOWN): string[] {
  const scored = [...new Set(names)]
    .map((name) => ({ name, far: distance(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter(({ far, name }) => far <= Math.max(1, Math.floor(Math.max(name.length, wanted.length) / 3)));
  scored.sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1));
  return scored.slice(0, most).map(({ name }) => name);
}

/** `did you mean "a" or "b"?`, or undefined. */
export function didYouMean(wanted: string, names: Iterable<string>): string | undefined {
  const near = nearMatches(wanted, names);
  return near.length === 0 ? undefined : `did you mean ${near.map((name) => JSON.stringify(name)).join(' or ')}?`;
}

/** Edits between two names; one that is part of the other counts as one edit. */
function distance(a: string, b: string): number {
  if (a === b) return 0;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= SHORTEST_PART && long.includes(short) ? 1 : editDistance(a, b);
}

/** Insertions, deletions, substitutions and swaps of neighbours, one row at a time (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? (older[j - 2] ?? 0) + 1 : substituted;
      row.push(Math.min(substituted, swapped, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    older = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}
