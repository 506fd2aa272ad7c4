import { append } from './scene/lazy.ts';
import { nameList } from './words.ts';

/** `no endpoint: node1, node2; label x: node3`. */
export function reasonList(entries: readonly { readonly name: string; readonly why: string }[]): string {
  const byReason = new Map<string, string[]>();
  for (const { name, why } of entries) append(byReason, why, name);
  return [...byReason].map(([why, names]) => `${why}: ${nameList(names)}`).join('; ');
}
