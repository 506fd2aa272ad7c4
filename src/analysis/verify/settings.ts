import type { Gap } from '../../cluster/evidence.ts';
import type { DataplaneClass, Detector, ProxyConfig } from '../../dataplane/types.ts';
import { detectorMatch } from '../../expected/detector.ts';
import type { Dialect, Proxier } from '../../expected/types.ts';
import { DEFAULT_DIALECT } from '../../expected/types.ts';
import { nodePortNetworks } from '../../kubeproxy/entry.ts';
import { familyOf, parseCidr } from '../../net/ip.ts';
import { eraOfDump, versionBy } from './era.ts';
import type { NodeRules, SettingUsed } from './types.ts';
import { NO_DETECTOR, type Votes, votesOf, winner } from './votes.ts';

/** By what a node's rules are to be judged, and how each setting came to be known. */
export interface Resolved {
  readonly proxier: Proxier;
  readonly settings: readonly SettingUsed[];
  readonly gaps: readonly Gap[];
}

interface Step<T> {
  readonly value: T;
  readonly used: SettingUsed;
}

/** kube-proxy's version and configuration on a node: by its rules where enough of them show it, else by the API, else assumed. */
export function resolveSettings(asked: NodeRules): Resolved {
  const { node, family, observed, config } = asked;
  const otherwise = apiWord(asked);
  const votes = votesOf(observed);
  const era = eraOfDump(observed);
  const version = versionBy(era, config.minor, otherwise);
  const detector = detectorBy(asked, votes, otherwise);
  const masqueradeAll = masqueradeAllBy(config, votes, otherwise);
  const bit = bitBy(asked, votes);
  const ports = nodePortsBy(asked, era, otherwise);
  const dialect: Partial<Dialect> = {
    ...asked.dialect,
    ...(detector.value.device === null ? {} : { device: detector.value.device }),
    masqueradeBit: bit.value,
    localAddresses: asked.dialect?.localAddresses ?? knownAddresses(asked, era.nodePortAddresses ?? []),
  };
  const used: ProxyConfig = {
    ...config,
    mode: 'iptables',
    minor: version.value,
    detector: { ...config.detector, [family]: detector.value.detector },
    masqueradeAll: masqueradeAll.value,
    nodePortAddresses: ports.value.nodePortAddresses,
    localhostNodePorts: ports.value.localhostNodePorts,
  };
  return {
    proxier: { node, config: used, family, dialect },
    settings: [version.used, detector.used, masqueradeAll.used, bit.used, ...ports.used].map(withEffect),
    gaps: version.gaps,
  };
}

function withEffect(setting: SettingUsed): SettingUsed {
  if (setting.contradicts === null) return setting;
  const effect = effectOfSetting(setting);
  return effect === null ? setting : { ...setting, effect };
}

function effectOfSetting({ name, value, contradicts }: SettingUsed): string | null {
  switch (name) {
    case 'version':
      return `the rules are those of another kube-proxy than ${contradicts}: Services act as they did with ${value}`;
    case 'masqueradeAll':
      return value === 'true'
        ? 'pods that ask a clusterIP are masqueraded, too: endpoints see an address of this node instead of theirs'
        : 'pods that ask a clusterIP keep their source';
    case 'detector':
      return `pods are told by "${value}" instead of "${contradicts}": those that it misses count as outsiders, and are masqueraded when they ask a clusterIP`;
    default:
      return null;
  }
}

function apiWord({ confidence }: { readonly confidence?: DataplaneClass['confidence'] }): 'api' | 'assumed' {
  return confidence === undefined || confidence === 'assumed' ? 'assumed' : 'api';
}

type Otherwise = 'api' | 'assumed';

function detectorBy(asked: NodeRules, votes: Votes, otherwise: Otherwise): Step<{ detector: Detector; device: string | null }> {
  const { node, config, family } = asked;
  const device = asked.dialect?.device ?? null;
  const supposed = detectorText(detectorMatch(node, config, family, device));
  const shown = winner(votes.detector, supposed);
  const keep = { detector: config.detector[family], device };
  const setting = (value: string, from: SettingUsed['from'], line: string | null): SettingUsed => ({
    name: 'detector',
    value,
    from,
    contradicts: from === 'dump' && otherwise === 'api' && value !== supposed && supposed !== UNKNOWN ? supposed : null,
    shownBy: line,
  });
  if (shown?.value === supposed) return { value: keep, used: setting(supposed, 'dump', shown.line) };
  const wins = shown !== null && (shown.sure || otherwise === 'assumed' || supposed === UNKNOWN);
  const read = wins ? detectorFrom(shown.value, keep.detector) : null;
  if (shown === null || read === null) return { value: keep, used: setting(supposed, otherwise, null) };
  return { value: { device, ...read }, used: setting(shown.value, 'dump', shown.line) };
}

const UNKNOWN = 'unknown';

function detectorText(match: ReturnType<typeof detectorMatch>): string {
  if (match.kind === 'source') return `-s ${match.network}`;
  if (match.kind === 'device') return `-i ${match.device}`;
  return match.kind === 'none' ? NO_DETECTOR : UNKNOWN;
}

function detectorFrom(text: string, supposed: Detector): { detector: Detector; device?: string } | null {
  if (text === NO_DETECTOR) return { detector: { kind: 'absent' } };
  const value = text.slice('-s '.length);
  if (text.startsWith('-i ')) return { detector: supposed.kind === 'nobody' ? supposed : { kind: 'own-pods' }, device: value };
  const cidr = parseCidr(value);
  return cidr === null ? null : { detector: { kind: 'cidr', cidr } };
}

function masqueradeAllBy(config: ProxyConfig, votes: Votes, otherwise: Otherwise): Step<boolean> {
  const supposed = String(config.masqueradeAll);
  const shown = winner(votes.masqueradeAll, supposed);
  const wins = shown !== null && (shown.value === supposed || shown.sure || otherwise === 'assumed');
  const value = wins ? shown.value : supposed;
  return {
    value: value === 'true',
    used: {
      name: 'masqueradeAll',
      value,
      from: wins ? 'dump' : otherwise,
      contradicts: wins && value !== supposed && otherwise === 'api' ? supposed : null,
      shownBy: wins ? shown.line : null,
    },
  };
}

function bitBy({ dialect }: NodeRules, { mark }: Votes): Step<number> {
  const supposed = dialect?.masqueradeBit ?? DEFAULT_DIALECT.masqueradeBit;
  const shown = winner(mark, `0x${(2 ** supposed).toString(16)}`);
  const bit = shown === null ? null : Math.log2(Number.parseInt(shown.value, 16));
  const known = shown !== null && bit !== null && Number.isInteger(bit) && (bit === supposed || shown.sure);
  const value = known ? bit : supposed;
  return {
    value,
    used: {
      name: 'masqueradeBit',
      value: String(value),
      from: known ? 'dump' : 'assumed',
      contradicts: null,
      shownBy: known ? shown.line : null,
    },
  };
}

type PortSettings = Pick<ProxyConfig, 'nodePortAddresses' | 'localhostNodePorts'>;

/** The jumps to the node ports are few, and an altered one looks like a setting: they decide only where the API says nothing. */
function nodePortsBy(
  { node, config, family }: NodeRules,
  era: ReturnType<typeof eraOfDump>,
  otherwise: Otherwise,
): { readonly value: PortSettings; readonly used: readonly SettingUsed[] } {
  const shown = era.nodePortAddresses;
  const networks = nodePortNetworks(node, config, family);
  const agrees =
    shown !== null && (networks === null ? shown.length === 0 : shown.every((ip) => networks.some((cidr) => cidr.contains(ip))));
  const byDump = shown !== null && !agrees && otherwise === 'assumed';
  const addresses = byDump ? shown : config.nodePortAddresses;
  const local = otherwise === 'assumed' && era.localhostNodePorts !== null ? era.localhostNodePorts : config.localhostNodePorts;
  const from = (fits: boolean): SettingUsed['from'] => (fits ? 'dump' : otherwise);
  const setting = (name: SettingUsed['name'], value: string, fits: boolean): SettingUsed => ({
    name,
    value,
    from: from(fits),
    contradicts: null,
    shownBy: null,
  });
  return {
    value: { nodePortAddresses: addresses, localhostNodePorts: local },
    used: [
      setting('nodePortAddresses', addresses.length === 0 ? 'all' : addresses.join(', '), agrees || byDump),
      setting('localhostNodePorts', String(local), era.localhostNodePorts === local),
    ],
  };
}

/** Addresses of the node that are sure: those of its Node object, loopback, and those that its rules name. */
function knownAddresses({ node, family }: NodeRules, shown: readonly string[]): string[] {
  const loopback = family === 4 ? '127.0.0.1' : '::1';
  return [...new Set([loopback, ...node.internalIPs, ...node.externalIPs, ...shown])].filter((address) => familyOf(address) === family);
}
