import type { ChainBook } from './chain-book.ts';
import { redactComment } from './comment.ts';
import { OWN_TABLE, redactNftChain, redactNftNames, redactTable } from './nft.ts';
import type { Pen } from './pen.ts';
import { redactSet } from './rule-names.ts';
import { redactText } from './text.ts';

/** The object around a text: under which key it stands, and the table that it belongs to. */
interface Owner {
  readonly kind: string;
  readonly table: string;
}

type Replace = (text: string, key: string, owner: Owner) => string;

/** `ip -j addr` and `ip -j route`: addresses; what somebody wrote about a device goes. */
export function redactIpJson(text: string, pen: Pen): string {
  return rewrite(text, (value, key) => (/^(?:ifalias|altname|altnames)$/.test(key) ? 'redacted' : redactText(value, pen)));
}

/** `nft -j list ruleset`. */
export function redactNftJson(text: string, book: ChainBook, pen: Pen): string {
  return rewrite(text, (value, key, owner) => {
    if (key === 'comment') return redactComment(value, book, pen);
    if (key === 'prefix') return 'redacted';
    const named = redactNftNames(value, pen);
    if (named !== value || owner.table === OWN_TABLE) return redactText(named, pen);
    if (key === 'table' || (key === 'name' && owner.kind === 'table')) return redactTable(value, pen);
    if (value.startsWith('@')) return `@${redactSet(value.slice(1), book, pen)}`;
    if (key === 'chain' || key === 'target' || (key === 'name' && owner.kind === 'chain')) return redactNftChain(value, book, pen);
    return key === 'name' ? redactSet(value, book, pen) : redactText(value, pen);
  });
}

/** Text that is no JSON is worth nothing to a reader, and may hold anything. */
function rewrite(text: string, replace: Replace): string {
  try {
    return `${JSON.stringify(walk(JSON.parse(text), replace, { key: '', owner: { kind: '', table: '' } }))}\n`;
  } catch {
    return '[]\n';
  }
}

function walk(value: unknown, replace: Replace, { key, owner }: { readonly key: string; readonly owner: Owner }): unknown {
  if (typeof value === 'string') return replace(value, key, owner);
  if (Array.isArray(value)) return value.map((element) => walk(element, replace, { key, owner }));
  if (typeof value !== 'object' || value === null) return value;
  const table: unknown = Reflect.get(value, 'table');
  const inside = typeof table === 'string' ? { kind: key, table } : { ...owner, kind: key };
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, walk(child, replace, { key: name, owner: inside })]));
}
