/** What slim() drops anyway and what is long: keys below top-level keys, by kind. `*` is every kind. */
const DROPPED: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  '*': { metadata: ['managedFields'] },
  Node: { metadata: ['managedFields'], status: ['images', 'allocatable', 'capacity', 'volumesInUse', 'volumesAttached'] },
  Pod: {
    metadata: ['managedFields', 'annotations'],
    spec: ['tolerations', 'affinity'],
    status: ['initContainerStatuses', 'ephemeralContainerStatuses'],
  },
};

/**
 * A block-style document without its long, unused parts: parsing YAML costs far more than looking at indentation.
 * Only keys exactly two levels deep are taken out, so text inside a block scalar is never touched.
 */
export function prune(text: string, column: number, kind: string): string {
  const dropped = DROPPED[kind] ?? DROPPED['*'] ?? {};
  const kept: string[] = [];
  let [section, child, dropping, keptFrom] = [undefined as readonly string[] | undefined, -1, false, 0];
  for (let at = 0; at < text.length; at = lineEnd(text, at)) {
    const indent = indentAt(text, at);
    const first = text.charAt(at + indent);
    if (first === '\n' || first === '' || first === '#') continue;
    if (indent > column && child < 0) child = indent;
    let drop = dropping;
    if (indent <= column) [section, child, drop] = [dropped[keyAt(text, at + indent)], -1, false];
    else if (indent <= child && first !== '-') drop = section?.includes(keyAt(text, at + indent)) ?? false;
    if (drop === dropping) continue;
    if (drop) kept.push(text.slice(keptFrom, at));
    else keptFrom = at;
    dropping = drop;
  }
  if (!dropping) kept.push(text.slice(keptFrom));
  return kept.join('');
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

function indentAt(text: string, at: number): number {
  let indent = 0;
  while (text.charCodeAt(at + indent) === 0x20) indent++;
  return indent;
}

function keyAt(text: string, at: number): string {
  const end = text.slice(at, at + 64).search(/:(?=\s|$)/);
  return end < 0 ? '' : text.slice(at, at + end);
}
