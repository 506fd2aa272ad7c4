import type { Wanted } from '../ssh/types.ts';

/** One program that only reads, and what its output is called. */
export interface Program {
  readonly format: Wanted;
  /** Run as it stands: images of kube-proxy have no shell, and nothing here needs one. */
  readonly command: readonly string[];
  /** For gaps: `rules of node1`. */
  readonly what: string;
  /** A missing or failing one is no gap: what it prints can be derived from the cluster. */
  readonly optional: boolean;
}

const PROGRAMS: Readonly<Record<Wanted, Omit<Program, 'format'>>> = {
  'iptables-save': { command: ['iptables-save'], what: 'rules', optional: false },
  'ip6tables-save': { command: ['ip6tables-save'], what: 'IPv6 rules', optional: false },
  nft: { command: ['nft', 'list', 'ruleset'], what: 'nftables ruleset', optional: false },
  'ip-addr': { command: ['ip', '-j', 'addr'], what: 'addresses', optional: true },
  'ip-route': { command: ['ip', '-j', 'route', 'show', 'table', 'all'], what: 'routes', optional: true },
};

export function programFor(format: Wanted): Program {
  return { format, ...PROGRAMS[format] };
}
