import type { Gap, NodeFile } from '../../cluster/evidence.ts';

/** A chain with a rule in it, or a policy other than ACCEPT. */
const RULE = /^(?:-A |:\S+ (?:DROP|REJECT) )/m;

/**
 * A node may have rules in both of the kernel's tables, legacy and nft; each has a program of its own that prints them. Of several dumps those that hold rules are
 * kept, the first when none does. When more than one does, the packet meets both, in an order that no dump shows: that is a gap.
 */
export function chooseVariants(
  files: readonly NodeFile[],
  what: string,
): { readonly files: readonly NodeFile[]; readonly gaps: readonly Gap[] } {
  if (files.length < 2) return { files, gaps: [] };
  const filled = files.filter(({ text }) => RULE.test(text));
  if (filled.length < 2) return { files: filled.length === 0 ? files.slice(0, 1) : filled, gaps: [] };
  const programs = filled.map(({ path }) => path.slice(path.lastIndexOf(' ') + 1)).join(' and ');
  const why = `ssh: ${programs} both print rules (nft and legacy tables are in use at once); both were read, but the order in which the kernel asks them is not visible`;
  return { files: filled, gaps: [{ what: `order of ${what}`, why }] };
}
