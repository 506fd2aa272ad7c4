const MOST_SHOWN = 3;

/** Names that a mistyped one may have meant, best first: a part of it, or few edits away. */
export function nearMatches(wanted: string, names: readonly string[]): string[] {
  const scored = names
    .map((name) => ({ name, distance: name.includes(wanted) || wanted.includes(name) ? 1 : editDistance(wanted, name) }))
    .filter(({ distance, name }) => distance <= Math.max(1, Math.floor(Math.max(name.length, wanted.length) / 3)));
  scored.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return scored.slice(0, MOST_SHOWN).map(({ name }) => name);
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substituted, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** `did you mean "a" or "b"?`, or undefined. */
export function didYouMean(wanted: string, names: readonly string[]): string | undefined {
  const near = nearMatches(wanted, names);
  return near.length === 0 ? undefined : `did you mean ${near.map((name) => JSON.stringify(name)).join(' or ')}?`;
}
