/** The built-in chains of each table in the order in which they are listed. */
const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  raw: ['PREROUTING', 'OUTPUT'],
};

export const BUILT_IN_CHAINS: ReadonlySet<string> = new Set(Object.values(BUILT_IN).flat());

/** What targets a table alone may have. */
const NAT_ONLY = /\b(?:DNAT|SNAT|MASQUERADE|REDIRECT|NETMAP)\b/;

/** Which table a listing without a name shows: by its built-in chains, else by its targets; null when nothing shows it. */
export function inferTable(chains: readonly string[], text: string): string | null {
  const builtIn = chains.filter((name) => BUILT_IN_CHAINS.has(name));
  const exact = Object.entries(BUILT_IN).find(
    ([, names]) => names.length === builtIn.length && names.every((name) => builtIn.includes(name)),
  );
  if (exact !== undefined) return exact[0];
  // Kernels before 2.6.36 have no INPUT in nat.
  if (builtIn.includes('PREROUTING') && builtIn.includes('POSTROUTING') && !builtIn.includes('FORWARD')) return 'nat';
  if (NAT_ONLY.test(text)) return 'nat';
  if (/\breject-with\b|\bREJECT\b/.test(text) || builtIn.includes('FORWARD')) return 'filter';
  if (/KUBE-(?:SVC|SEP|SVL|EXT|XLB|FW|MARK-MASQ|POSTROUTING)\b/.test(text)) return 'nat';
  return /\bDROP\b/.test(text) ? 'filter' : null;
}

/** Whether a chain cannot belong to the table whose chains stand before it. */
export function startsNewTable(before: readonly string[], name: string): boolean {
  if (before.includes(name)) return true;
  const builtIn = before.filter((each) => BUILT_IN_CHAINS.has(each));
  if (!BUILT_IN_CHAINS.has(name) || builtIn.length === 0) return false;
  const together = [...builtIn, name];
  const fits = Object.values(BUILT_IN).some((names) => isSubsequence(together, names));
  return !fits;
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const name of whole) if (part[at] === name) at++;
  return at === part.length;
}
