import type { Kind } from '../../cluster/objects.ts';
import { isKnownKind, slim } from '../../cluster/slim.ts';

/** Which kinds are read at all. */
export type Wants = (kind: string) => boolean;

/** Kinds of use here, or those among them that the caller asked for; hosts of ConfigMaps (the kind `ConfigHosts`) only where they are asked for. */
export function wantsOf(wanted: ReadonlySet<Kind> | undefined, configHosts = false): Wants {
  return (kind) => (kind === 'ConfigHosts' ? configHosts : isKnownKind(kind) && (wanted === undefined || wanted.has(kind as Kind)));
}

/** The wanted kinds that a text speaks of, as `kind: Pod`, `"kind":"Pod"` or `kind: PodList`. A cheap look before anything is parsed. */
export function mentionedKinds(text: string, wants: Wants): ReadonlySet<string> {
  const found = new Set<string>();
  for (const match of text.matchAll(/kind["']?\s*:\s*["']?([A-Za-z]+)/g)) {
    const kind = itemKind(match[1] ?? '');
    if (kind !== null && wants(kind)) found.add(kind);
  }
  return found;
}

/** `PodList` → `Pod`, `List` → null (its items say what they are), `Pod` → `Pod`. */
export function itemKind(kind: string): string | null {
  if (kind === 'List' || kind === '') return null;
  return isListKind(kind) ? kind.slice(0, -'List'.length) : kind;
}

export function isListKind(kind: string): boolean {
  return kind.endsWith('List');
}

/** Whether a ConfigMap of this name is kept; slim() alone knows the names. */
export function isUsefulConfigMap(name: string): boolean {
  return slim({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }) !== null;
}
