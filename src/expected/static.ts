import { hookRules } from './hooks.ts';
import { host } from './line.ts';
import { loopbackOf, nodePortAddresses, servesLocalhost } from './node-ports.ts';
import type { Placed } from './placed.ts';
import { byChain, declare, place } from './placed.ts';
import type { Expected, Proxier, Table } from './types.ts';
import { DEFAULT_DIALECT } from './types.ts';

/** The chains, hooks and rules that stand whatever Services there are (facts §2), and the jump to the node ports (§5). */
export function expectedStatic(proxier: Proxier): Expected {
  const required = chainNames(proxier).map(([table, chain]) => declare(table, chain));
  const optional = optionalChains(proxier);
  const placed = [
    ...required,
    ...hookRules(proxier),
    ...postrouting(proxier),
    ...marks(proxier),
    ...firewall(proxier),
    ...forward(proxier),
    ...nodePortJumps(proxier),
    ...optional.map(([table, chain]) => declare(table, chain)),
  ];
  return { chains: byChain(placed, new Set(optional.map(([table, chain]) => `${table} ${chain}`))), unknown: [] };
}

type Names = readonly (readonly [Table, string])[];

function chainNames({ config }: Proxier): Names {
  const { minor } = config;
  return [
    ['nat', 'KUBE-SERVICES'],
    ['nat', 'KUBE-NODEPORTS'],
    ['nat', 'KUBE-POSTROUTING'],
    ['nat', 'KUBE-MARK-MASQ'],
    ...(minor >= 20 && minor <= 24 ? ([['nat', 'KUBE-MARK-DROP']] as const) : []),
    ['filter', 'KUBE-SERVICES'],
    ['filter', 'KUBE-EXTERNAL-SERVICES'],
    ['filter', 'KUBE-FORWARD'],
    ...(minor >= 21 ? ([['filter', 'KUBE-NODEPORTS']] as const) : []),
    ...(minor >= 25 ? ([['filter', 'KUBE-PROXY-FIREWALL']] as const) : []),
    ...(minor >= 27 || minor <= 24 ? ([['filter', 'KUBE-FIREWALL']] as const) : []),
  ];
}

/** Empty marker chains of kube-proxy and kubelet, and the kubelet's own. */
function optionalChains({ config }: Proxier): Names {
  const { minor } = config;
  const tables = ['mangle', 'nat', 'filter'] as const;
  return [
    ...tables.map((table) => [table, 'KUBE-PROXY-CANARY'] as const),
    ...tables.map((table) => [table, 'KUBE-KUBELET-CANARY'] as const),
    ['mangle', 'KUBE-IPTABLES-HINT'],
    ...(minor < 20 || minor > 24 ? ([['nat', 'KUBE-MARK-DROP']] as const) : []),
    ...(minor === 25 || minor === 26 ? ([['filter', 'KUBE-FIREWALL']] as const) : []),
  ];
}

function markOf({ dialect }: Proxier): string {
  return `0x${(2 ** (dialect?.masqueradeBit ?? DEFAULT_DIALECT.masqueradeBit)).toString(16)}`;
}

/** kube-proxy ≥1.19 (kubernetes #92035): the mark is cleared before masquerading. `--random-fully` by the iptables binary. */
function postrouting(proxier: Proxier): Placed[] {
  const mark = markOf(proxier);
  const chain = 'KUBE-POSTROUTING';
  const randomFully = proxier.dialect?.randomFully ?? null;
  return [
    place('nat', chain, {
      code: 'postrouting-return',
      meaning: 'leaves alone what is not marked',
      matches: `-m mark ! --mark ${mark}/${mark}`,
      target: 'RETURN',
    }),
    place('nat', chain, { code: 'postrouting-clear-mark', meaning: 'clears the mark', target: `MARK --set-xmark ${mark}/0x0` }),
    place('nat', chain, {
      code: 'postrouting-masquerade',
      meaning: 'masquerades with the address of the outgoing device',
      comment: 'kubernetes service traffic requiring SNAT',
      target: randomFully === false ? 'MASQUERADE' : 'MASQUERADE --random-fully',
      also: randomFully === null ? [{ target: 'MASQUERADE' }] : [],
    }),
  ];
}

const DROP_MARK = '0x8000';

/** KUBE-MARK-MASQ; and the drop mark of kubelets until 1.26, which kube-proxy uses until 1.24. */
function marks(proxier: Proxier): Placed[] {
  const mark = markOf(proxier);
  const set = (value: string): string => `MARK --set-xmark ${value}/${value}`;
  const { minor } = proxier.config;
  return [
    place('nat', 'KUBE-MARK-MASQ', { code: 'mark-masquerade', meaning: 'marks for masquerading', target: set(mark) }),
    place('nat', 'KUBE-MARK-DROP', {
      code: 'mark-drop',
      meaning: 'marks for dropping',
      target: set(DROP_MARK),
      optional: minor >= 25,
      writer: 'kubelet',
    }),
  ];
}

/** filter KUBE-FIREWALL: the kubelet's in all versions, kube-proxy's since 1.27 while it serves node ports on loopback. */
function firewall(proxier: Proxier): Placed[] {
  const { minor } = proxier.config;
  const own = minor >= 27 && servesLocalhost(proxier);
  const dropMarked = place('filter', 'KUBE-FIREWALL', {
    code: 'drop-marked',
    meaning: 'drops what is marked for dropping',
    comment: 'kubernetes firewall for dropping marked packets',
    matches: `-m mark --mark ${DROP_MARK}/${DROP_MARK}`,
    target: 'DROP',
    optional: minor >= 25,
    writer: 'kubelet',
  });
  const localnet = place('filter', 'KUBE-FIREWALL', {
    code: 'localnet-guard',
    meaning: 'keeps neighbours from the loopback addresses of the node',
    source: '! 127.0.0.0/8',
    destination: '127.0.0.0/8',
    comment: 'block incoming localnet connections',
    matches: '-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT',
    target: 'DROP',
    optional: !own,
    writer: own ? 'kube-proxy' : 'kubelet',
  });
  return [dropMarked, ...(proxier.family === 4 ? [localnet] : [])];
}

function forward(proxier: Proxier): Placed[] {
  const mark = markOf(proxier);
  const chain = 'KUBE-FORWARD';
  const { minor } = proxier.config;
  const invalid = '-m conntrack --ctstate INVALID';
  const counted = `${invalid} -m nfacct --nfacct-name ct_state_invalid_dropped_pkts`;
  const established = (comment: string): Placed =>
    place('filter', chain, {
      code: 'forward-established',
      meaning: 'lets the rest of accepted connections through',
      comment,
      matches: '-m conntrack --ctstate RELATED,ESTABLISHED',
      target: 'ACCEPT',
    });
  return [
    place('filter', chain, {
      code: 'forward-invalid',
      meaning: 'drops packets that belong to no connection',
      matches: invalid,
      target: 'DROP',
      // Left out since 1.29 where nf_conntrack_tcp_be_liberal was set when kube-proxy started (kubernetes #120354).
      optional: minor >= 29,
      also: minor >= 31 ? [{ matches: counted }] : [],
    }),
    place('filter', chain, {
      code: 'forward-marked',
      meaning: 'lets traffic through that is to be masqueraded',
      comment: 'kubernetes forwarding rules',
      matches: `-m mark --mark ${mark}/${mark}`,
      target: 'ACCEPT',
    }),
    ...(minor >= 23
      ? [established('kubernetes forwarding conntrack rule')]
      : [
          established('kubernetes forwarding conntrack pod source rule'),
          established('kubernetes forwarding conntrack pod destination rule'),
        ]),
  ];
}

const LAST_RULE = 'kubernetes service nodeports; NOTE: this must be the last rule in this chain';

/** The end of nat KUBE-SERVICES: every local address, or one rule for each that nodePortAddresses select. */
function nodePortJumps(proxier: Proxier): Placed[] {
  const addresses = nodePortAddresses(proxier);
  const shared = { code: 'all-node-ports', comment: LAST_RULE, target: 'KUBE-NODEPORTS' } as const;
  if (addresses === null) {
    const excluded = proxier.config.minor >= 26 && !servesLocalhost(proxier);
    return [
      place('nat', 'KUBE-SERVICES', {
        ...shared,
        meaning: 'node ports on every address of the node',
        destination: excluded ? `! ${loopbackOf(proxier.family)}` : null,
        matches: '-m addrtype --dst-type LOCAL',
      }),
    ];
  }
  return addresses.map((address) =>
    place('nat', 'KUBE-SERVICES', { ...shared, meaning: `node ports on ${address}`, destination: host(address) }),
  );
}
