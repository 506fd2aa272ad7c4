import { clean } from './text.ts';

const SHOWN = 5;

/** A hint with the names most like the wanted one, or with the first few names when none is like it. */
export function nearNames(wanted: string, names: Iterable<string>, what: string): string {
  const all = [...names].sort();
  if (all.length === 0) return `the kubeconfig holds no ${what}`;
  const near = all
    .map((name) => ({ name, far: distanceOf(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter(({ far }) => far <= Math.max(2, wanted.length / 3))
    .sort((a, b) => a.far - b.far)
    .slice(0, SHOWN);
  if (near.length > 0) return `did you mean ${list(near.map(({ name }) => name))}?`;
  const rest = all.length - SHOWN;
  return `there ${all.length === 1 ? 'is' : 'are'} ${list(all.slice(0, SHOWN))}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${clean(name)}"`).join(', ');
}

/** Edits between two names; a name inside the other counts as one edit. */
function distanceOf(a: string, b: string): number {
  if (a === b) return 0;
  if (a.length > 2 && (b.includes(a) || (b.length > 2 && a.includes(b)))) return 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
