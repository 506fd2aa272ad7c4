import type { Table } from './types.ts';

/** How kube-proxy tells pods, as its rules show it. */
export type DumpDetector =
  | { readonly kind: 'source'; readonly network: string }
  /** As iptables writes it: `cni0`, `cali+`. */
  | { readonly kind: 'device'; readonly device: string }
  | { readonly kind: 'none' };

/** kube-proxy's settings as a dump shows them; null: it does not. */
export interface EraSettings {
  readonly detector: DumpDetector | null;
  readonly masqueradeAll: boolean | null;
  readonly masqueradeBit: number | null;
  readonly randomFully: boolean | null;
  /** The addresses that take node ports; empty: all. */
  readonly nodePortAddresses: readonly string[] | null;
  readonly localhostNodePorts: boolean | null;
}

/** What is gathered line by line. */
export interface Reading {
  anyChain: boolean;
  iptablesMode: boolean;
  readonly filterChains: Set<string>;
  detector: DumpDetector | null;
  masqueradeAll: boolean;
  /** Rules lead to clusterIPs; there should be masquerade marks beside them. */
  hasClusterIp: boolean;
  hasClusterIpMark: boolean;
  /** Local policy's head rules stand somewhere, so that a detector would show. */
  hasLocalHead: boolean;
  masqueradeBit: number | null;
  randomFully: boolean | null;
  allNodePorts: boolean;
  loopbackLeftOut: boolean;
  readonly nodePortAddresses: string[];
  hasV6Address: boolean;
  firewallAllows: boolean;
  hasNote: boolean;
  invalidDropped: boolean;
}

export function newReading(): Reading {
  return {
    anyChain: false,
    iptablesMode: false,
    filterChains: new Set(),
    detector: null,
    masqueradeAll: false,
    hasClusterIp: false,
    hasClusterIpMark: false,
    hasLocalHead: false,
    masqueradeBit: null,
    randomFully: null,
    allNodePorts: false,
    loopbackLeftOut: false,
    nodePortAddresses: [],
    hasV6Address: false,
    firewallAllows: false,
    hasNote: false,
    invalidDropped: false,
  };
}

/** Takes from one line what it says. */
export function readLine(reading: Reading, table: Table, line: string): void {
  const chain = /^(?:-A |:)(?<chain>\S+)/.exec(line)?.groups?.['chain'];
  if (chain === undefined) return;
  if (chain.startsWith('KUBE-')) reading.anyChain = true;
  if (table === 'filter') readFilter(reading, chain, line);
  else if (table === 'nat') readNat(reading, chain, line);
}

function readFilter(reading: Reading, chain: string, line: string): void {
  reading.filterChains.add(chain);
  if (chain === 'KUBE-FORWARD' && line.includes('--ctstate INVALID')) reading.invalidDropped = true;
}

function readNat(reading: Reading, chain: string, line: string): void {
  // ipvs mode has KUBE-SERVICES, KUBE-POSTROUTING and KUBE-MARK-MASQ, too, but KUBE-NODE-PORT.
  if (chain.startsWith('KUBE-SVC-') || chain === 'KUBE-NODEPORTS') reading.iptablesMode = true;
  if (!line.startsWith('-A ')) return;
  if (chain === 'KUBE-SERVICES') readServices(reading, line);
  if (chain.startsWith('KUBE-SV') || chain === 'KUBE-SERVICES') readClusterIp(reading, line);
  if (chain.startsWith('KUBE-EXT-') || chain.startsWith('KUBE-XLB-')) readLocalHead(reading, line);
  if (chain.startsWith('KUBE-FW-')) readFirewall(reading, line);
  if (chain === 'KUBE-MARK-MASQ') readMark(reading, line);
  if (chain === 'KUBE-POSTROUTING' && line.includes('-j MASQUERADE')) reading.randomFully = line.includes('--random-fully');
}

/** The jumps at the end of KUBE-SERVICES. */
function readServices(reading: Reading, line: string): void {
  if (line.includes(' -d ') && line.includes('/128 ')) reading.hasV6Address = true;
  if (!line.endsWith('-j KUBE-NODEPORTS')) return;
  reading.iptablesMode = true;
  const address = /^-A \S+ -d (?<address>[^/ ]+)/.exec(line)?.groups?.['address'];
  if (address !== undefined) reading.nodePortAddresses.push(address);
  else reading.allNodePorts = true;
  if (line.startsWith('-A KUBE-SERVICES ! -d ')) reading.loopbackLeftOut = true;
}

const MATCH = /^-A \S+ (?:-d \S+ )?(?<not>! )?(?<option>-[si]) (?<value>\S+) /;

function matchOf(line: string): DumpDetector | null {
  const groups = MATCH.exec(line)?.groups;
  const value = groups?.['value'];
  if (groups === undefined || value === undefined) return null;
  return groups['option'] === '-s' ? { kind: 'source', network: value } : { kind: 'device', device: value };
}

/** `"SPN cluster IP"`: the jump, and the mark with its detector. */
function readClusterIp(reading: Reading, line: string): void {
  if (!line.includes(' cluster IP" ')) return;
  reading.hasClusterIp = true;
  if (!line.endsWith('-j KUBE-MARK-MASQ')) return;
  reading.hasClusterIpMark = true;
  const detector = matchOf(line);
  if (detector === null) reading.masqueradeAll = true;
  else reading.detector ??= detector;
}

function readLocalHead(reading: Reading, line: string): void {
  if (line.includes('"masquerade LOCAL traffic for ')) reading.hasLocalHead = true;
  if (line.includes('"pod traffic for ') || line.includes('"Redirect pods trying ')) reading.detector ??= matchOf(line);
}

function readFirewall(reading: Reading, line: string): void {
  if (line.includes(' -j KUBE-EXT-')) reading.firewallAllows = true;
  if (line.endsWith('will be dropped by KUBE-PROXY-FIREWALL"')) reading.hasNote = true;
}

function readMark(reading: Reading, line: string): void {
  const text = /--(?:set-x|or-)mark 0x(?<mark>[0-9a-f]+)/.exec(line)?.groups?.['mark'];
  const bit = text === undefined ? null : Math.log2(Number.parseInt(text, 16));
  if (bit !== null && Number.isInteger(bit)) reading.masqueradeBit = bit;
}

/** The settings that the lines together show. */
export function settingsOf(reading: Reading): EraSettings {
  const { allNodePorts } = reading;
  return {
    detector: detectorOf(reading),
    masqueradeAll: reading.hasClusterIpMark ? reading.masqueradeAll : reading.hasClusterIp ? false : null,
    masqueradeBit: reading.masqueradeBit,
    randomFully: reading.randomFully,
    nodePortAddresses: allNodePorts ? [] : reading.nodePortAddresses.length > 0 ? reading.nodePortAddresses : null,
    localhostNodePorts: localhostOf(reading),
  };
}

/** No mark beside any clusterIP, or Local policy's head without a rule for pods: no detector. With masqueradeAll, only the latter tells. */
function detectorOf(reading: Reading): DumpDetector | null {
  if (reading.detector !== null) return reading.detector;
  if (reading.hasLocalHead) return { kind: 'none' };
  return reading.hasClusterIp && !reading.hasClusterIpMark ? { kind: 'none' } : null;
}

/** IPv6 rules never serve loopback; until 1.25 there was no such setting, and IPv4 loopback was served. */
function localhostOf(reading: Reading): boolean | null {
  if (isV6(reading)) return null;
  if (reading.loopbackLeftOut) return false;
  if (reading.allNodePorts) return true;
  return reading.nodePortAddresses.some((address) => address.startsWith('127.')) ? true : null;
}

/** The rules are of ip6tables, as far as some address shows it. */
export function isV6({ hasV6Address, nodePortAddresses }: Reading): boolean {
  return hasV6Address || nodePortAddresses.some((address) => address.includes(':'));
}
