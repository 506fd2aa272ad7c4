import { nearMatches } from '../../net/near.ts';
import { quoted } from './text.ts';

const SHOWN = 5;

/** A hint with the names most like the wanted one, or with the first few names when none is like it. */
export function nearNames(wanted: string, names: Iterable<string>, what: string): string {
  const all = [...names].sort();
  if (all.length === 0) return `the kubeconfig holds no ${what}`;
  const near = wanted === '' ? [] : nearMatches(wanted, all, SHOWN);
  if (near.length > 0) return `did you mean ${near.map(quoted).join(', ')}?`;
  const rest = all.length - SHOWN;
  return `there ${all.length === 1 ? 'is' : 'are'} ${all.slice(0, SHOWN).map(quoted).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
