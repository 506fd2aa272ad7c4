import type { Table } from './types.ts';

/** A rule text that only some versions write (facts §10.2). */
export interface Clue {
  readonly table: Table;
  /** Begin of the lines that can show it; asked first, because dumps are long. */
  readonly chain: string;
  readonly pattern: RegExp;
  readonly minMinor?: number;
  readonly maxMinor?: number;
  readonly means: string;
}

/** Rules whose presence tells. Each needs one line. */
export const CLUES: readonly Clue[] = [
  {
    table: 'filter',
    chain: 'INPUT',
    pattern: / -j KUBE-SERVICES$/,
    maxMinor: 19,
    means: 'INPUT leads to KUBE-SERVICES (removed in 1.20)',
  },
  {
    table: 'filter',
    chain: 'FORWARD',
    pattern: / -j KUBE-EXTERNAL-SERVICES$/,
    minMinor: 20,
    means: 'FORWARD leads to KUBE-EXTERNAL-SERVICES (since 1.20)',
  },
  {
    table: 'filter',
    chain: 'INPUT',
    pattern: / -j KUBE-NODEPORTS$/,
    minMinor: 21,
    means: 'INPUT leads to KUBE-NODEPORTS (since 1.21)',
  },
  {
    table: 'filter',
    chain: 'KUBE-FORWARD',
    pattern: /conntrack pod (?:source|destination) rule/,
    maxMinor: 22,
    means: 'two conntrack rules in KUBE-FORWARD (until 1.22)',
  },
  {
    table: 'filter',
    chain: 'KUBE-FORWARD',
    pattern: /"kubernetes forwarding conntrack rule"/,
    minMinor: 23,
    means: 'one conntrack rule in KUBE-FORWARD (since 1.23)',
  },
  {
    table: 'filter',
    chain: 'KUBE-FORWARD',
    pattern: / --nfacct-name /,
    minMinor: 31,
    means: 'nfacct counter of invalid packets (since 1.31)',
  },
  {
    table: 'filter',
    chain: '',
    pattern: /^-A (?:INPUT|FORWARD|OUTPUT) .*-j KUBE-PROXY-FIREWALL$/,
    minMinor: 25,
    means: 'KUBE-PROXY-FIREWALL is hooked in (since 1.25)',
  },
  {
    table: 'nat',
    chain: 'KUBE-SERVICES',
    pattern: / -m physdev /,
    maxMinor: 20,
    means: 'externalIPs are guarded with physdev (until 1.20)',
  },
  {
    table: 'nat',
    chain: 'KUBE-SERVICES',
    pattern: / -j KUBE-MARK-MASQ$/,
    maxMinor: 21,
    means: 'masquerade marks in KUBE-SERVICES (until 1.21)',
  },
  {
    table: 'nat',
    chain: 'KUBE-SVC-',
    pattern: / cluster IP".* -j KUBE-MARK-MASQ$/,
    minMinor: 22,
    means: 'masquerade marks in KUBE-SVC (since 1.22)',
  },
  { table: 'nat', chain: 'KUBE-XLB-', pattern: /^/, maxMinor: 23, means: 'KUBE-XLB chains (until 1.23)' },
  { table: 'nat', chain: 'KUBE-XLB-', pattern: /"Balancing rule \d+ for /, maxMinor: 22, means: 'numbered balancing rules (until 1.22)' },
  {
    table: 'nat',
    chain: 'KUBE-XLB-',
    pattern: /^-A \S+ -m comment --comment "[^" ]+" (?:-m statistic \S+ \S+ \S+ \S+ )?-j KUBE-SEP-/,
    minMinor: 23,
    means: 'balancing rules in KUBE-XLB without number (since 1.23)',
  },
  {
    table: 'nat',
    chain: 'KUBE-FW-',
    pattern: / -j KUBE-(?:SVC|XLB)-/,
    maxMinor: 23,
    means: 'KUBE-FW leads to KUBE-SVC or KUBE-XLB (until 1.23)',
  },
  {
    table: 'nat',
    chain: 'KUBE-SVC-',
    pattern: /^-A \S+ -m comment --comment "[^" ]+" (?:-m statistic \S+ \S+ \S+ \S+ )?-j KUBE-SEP-/,
    maxMinor: 23,
    means: 'comments of balancing rules without endpoint (until 1.23)',
  },
  {
    table: 'nat',
    chain: 'KUBE-SVC-',
    pattern: / -> .* -j KUBE-SEP-/,
    minMinor: 24,
    means: 'comments of balancing rules with endpoint (since 1.24)',
  },
  { table: 'nat', chain: 'KUBE-SVL-', pattern: /^/, minMinor: 24, means: 'KUBE-SVL chains (since 1.24)' },
  { table: 'nat', chain: 'KUBE-EXT-', pattern: /^/, minMinor: 24, means: 'KUBE-EXT chains (since 1.24)' },
  {
    table: 'nat',
    chain: 'KUBE-',
    pattern: /^-A KUBE-(?:SVL|XLB|FW)-.* -j KUBE-MARK-DROP$/,
    maxMinor: 24,
    means: 'jumps to KUBE-MARK-DROP (until 1.24)',
  },
  {
    table: 'nat',
    chain: 'KUBE-SERVICES',
    pattern: /^-A \S+ ! -d (?:127\.0\.0\.0\/8|::1\/128) .*-j KUBE-NODEPORTS$/,
    minMinor: 26,
    means: 'the jump to KUBE-NODEPORTS leaves out loopback (since 1.26)',
  },
  {
    table: 'nat',
    chain: 'KUBE-FW-',
    pattern: /will be dropped by KUBE-PROXY-FIREWALL"$/,
    minMinor: 27,
    means: 'a note at the end of KUBE-FW (since 1.27)',
  },
  {
    table: 'nat',
    chain: 'KUBE-NODEPORTS',
    pattern: / --nfacct-name /,
    minMinor: 31,
    means: 'nfacct counter of node ports on loopback (since 1.31)',
  },
  {
    table: 'nat',
    chain: 'KUBE-FW-',
    pattern: /^-A \S+ -m comment --comment "[^"]* loadbalancer IP" -j KUBE-EXT-/,
    maxMinor: 33,
    means: 'a source range that holds everything has a rule (until 1.33)',
  },
];
