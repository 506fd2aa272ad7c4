/** What a name names. Equal names of different kinds get different replacements. */
export type NameKind =
  | 'namespace'
  | 'node'
  | 'service'
  | 'pod'
  | 'daemon'
  | 'slice'
  | 'host'
  | 'port'
  | 'zone'
  | 'region'
  | 'key'
  | 'value'
  | 'class'
  | 'chain'
  | 'set'
  | 'name';

const STEMS: Readonly<Record<NameKind, string>> = {
  namespace: 'ns-',
  node: 'node-',
  service: 'svc-',
  pod: 'pod-',
  daemon: 'daemon-',
  slice: 'slice-',
  host: 'host-',
  port: 'port-',
  zone: 'zone-',
  region: 'region-',
  key: 'key-',
  value: 'value-',
  class: 'class-',
  chain: 'CHAIN-',
  set: 'set-',
  name: 'name-',
};

/** Replacements of names. Until `settle` names are only noted and stay what they are. */
export interface Names {
  of(kind: NameKind, name: string): string;
  /** Gives every noted name its number, in the order of the names, so that what was sorted by name stays so. */
  settle(): void;
}

export function createNames(): Names {
  const noted = new Map<NameKind, Set<string>>();
  const given = new Map<NameKind, Map<string, string>>();
  const originals = new Set<string>();
  let settled = false;

  function numbered(kind: NameKind, index: number): string {
    const width = Math.max(2, String(noted.get(kind)?.size ?? 0).length);
    let stem = STEMS[kind];
    // A name that somebody has is no replacement.
    while (originals.has(`${stem}${String(index).padStart(width, '0')}`)) stem = `${stem}x-`;
    return `${stem}${String(index).padStart(width, '0')}`;
  }

  return {
    of: (kind, name) => {
      if (name === '') return name;
      if (!settled) {
        const names = noted.get(kind) ?? new Set();
        noted.set(kind, names.add(name));
        originals.add(name);
        return name;
      }
      const names = given.get(kind) ?? new Map<string, string>();
      given.set(kind, names);
      const found = names.get(name) ?? numbered(kind, names.size + 1);
      names.set(name, found);
      return found;
    },
    settle: () => {
      settled = true;
      for (const [kind, names] of noted) given.set(kind, new Map([...names].sort().map((name, i) => [name, numbered(kind, i + 1)])));
    },
  };
}
