import type { Family } from '../net/ip.ts';
import { FAMILIES, parseCidrs } from '../net/ip.ts';
import type { ProxySettings } from './proxy-settings.ts';
import type { Detector, PodNetwork, ProxyConfig } from './types.ts';
import type { Version } from './version.ts';
import { atLeast } from './version.ts';

/** Versions on both sides of every change in behaviour, tried when none is known: iptables mode's eras, and nftables mode's. */
const SAMPLES: Readonly<Record<ProxyConfig['mode'], readonly Version[]>> = {
  iptables: [20, 21, 23, 24, 25, 34].map(sample),
  nftables: [29, 31, 34].map(sample),
};
/** KEP-5343: the release in which an empty mode is planned to mean nftables. */
const NFTABLES_DEFAULT_MINOR = 40;
const FIRST_NFTABLES_MINOR = 29;
/** Devices that carry other nodes' and outside traffic; a prefix that matches one of these is no detector of pods. */
const UPLINKS = ['eth', 'eno', 'enp', 'ens', 'enx', 'bond', 'wlan', 'flannel', 'vxlan', 'tunl', 'lo', 'docker'];

function sample(minor: number): Version {
  return { minor, patch: 9, text: `v1.${minor}.9` };
}

/** Every configuration that the settings and versions allow: one when they are known, several where the evidence leaves them open. */
export function candidatesOf(settings: ProxySettings | null, versions: readonly Version[], network: PodNetwork | undefined): ProxyConfig[] {
  if (settings === null) return suppositions(versions);
  const mode = effectiveMode(settings, versions[0] ?? null);
  if (mode !== 'iptables' && mode !== 'nftables') return [];
  const tried = versions.length > 0 ? versions : SAMPLES[mode];
  return tried.flatMap((version) => fromSettings(settings, version, network));
}

/** The mode that a kube-proxy runs in: the configured one, else the version's default. */
export function effectiveMode(settings: ProxySettings, version: Version | null): 'iptables' | 'nftables' | 'ipvs' | 'userspace' | null {
  switch (settings.mode ?? '') {
    case '':
      return version !== null && version.minor >= NFTABLES_DEFAULT_MINOR ? 'nftables' : 'iptables';
    case 'iptables':
    case 'nftables':
    case 'ipvs':
    case 'userspace':
      return settings.mode as 'iptables' | 'nftables' | 'ipvs' | 'userspace';
    default:
      return null;
  }
}

function fromSettings(settings: ProxySettings, version: Version, network: PodNetwork | undefined): ProxyConfig[] {
  const mode = effectiveMode(settings, version);
  if (mode !== 'iptables' && mode !== 'nftables') return [];
  const base = {
    mode,
    minor: version.minor,
    patch: version.patch,
    masqueradeAll: settings.masqueradeAll ?? false,
    localhostNodePorts: settings.localhostNodePorts ?? true,
    nodePortAddresses: settings.nodePortAddresses ?? [],
  };
  return detectorsOf(settings, mode, version, network).map((detector) => ({ ...base, detector }));
}

function detectorsOf(
  settings: ProxySettings,
  mode: 'iptables' | 'nftables',
  version: Version,
  network: PodNetwork | undefined,
): Record<Family, Detector>[] {
  const both = (detector: Detector): Record<Family, Detector> => ({ 4: detector, 6: detector });
  switch (settings.detectLocalMode ?? '') {
    case '':
    case 'ClusterCIDR': {
      // pkg/proxy/util: only the first CIDR of each family counts.
      const cidrs = parseCidrs((settings.clusterCIDR ?? '').split(',').filter((text) => text.trim() !== ''));
      const first = (family: Family): Detector => {
        const cidr = cidrs.find((candidate) => candidate.family === family);
        return cidr === undefined ? { kind: 'absent' } : { kind: 'cidr', cidr };
      };
      return [{ 4: first(4), 6: first(6) }];
    }
    case 'NodeCIDR':
      return [both({ kind: 'node-cidr' })];
    case 'BridgeInterface':
      return interfaceDetectors(bridgeMatches(settings.bridgeInterface ?? '', network), mode, version).map(both);
    case 'InterfaceNamePrefix':
      return interfaceDetectors(prefixMatches(settings.interfaceNamePrefix ?? '', network), mode, version).map(both);
    default:
      return ['absent', 'own-pods', 'any-pod', 'nobody'].map((kind) => both({ kind } as Detector));
  }
}

type Matches = 'own-pods' | 'nobody' | 'unknown';

function interfaceDetectors(matches: Matches, mode: 'iptables' | 'nftables', version: Version): Detector[] {
  // kubernetes/kubernetes #134024: nftables mode compared interface indexes, so that pods were not recognised; fixed in 1.33.6 and 1.34.2.
  const fixed = atLeast(version, 34, 2) || (version.minor === 33 && version.patch >= 6);
  if (mode === 'nftables' && !fixed) return [{ kind: 'own-pods' }, { kind: 'nobody' }];
  return matches === 'unknown' ? [{ kind: 'own-pods' }, { kind: 'nobody' }] : [{ kind: matches }];
}

function bridgeMatches(bridge: string, network: PodNetwork | undefined): Matches {
  if (bridge === '' || network?.podDevice === undefined || network.podDevice === null) return 'unknown';
  if (network.podDevice.endsWith('*')) return 'nobody';
  return network.podDevice === bridge ? 'own-pods' : 'nobody';
}

/** The device is the one at the IP layer: behind a bridge that is the bridge, and a veth's name never matches (measured). */
function prefixMatches(prefix: string, network: PodNetwork | undefined): Matches {
  const device = network?.podDevice ?? null;
  if (device === null || prefix === '' || UPLINKS.some((uplink) => uplink.startsWith(prefix) || prefix.startsWith(uplink)))
    return 'unknown';
  if (!device.endsWith('*')) return device.startsWith(prefix) ? 'own-pods' : 'nobody';
  const stem = device.slice(0, -1);
  if (stem.startsWith(prefix)) return 'own-pods';
  return prefix.startsWith(stem) ? 'unknown' : 'nobody';
}

/** What may be, when nothing is known of kube-proxy's configuration: both modes, each kind of detector, node ports everywhere or on the primary address. */
function suppositions(versions: readonly Version[]): ProxyConfig[] {
  const kinds: readonly Detector['kind'][] = ['any-pod', 'absent', 'own-pods'];
  const modes = ['iptables', 'nftables'] as const;
  const known = versions.map((version) =>
    modes.filter((mode) => mode === 'iptables' || version.minor >= FIRST_NFTABLES_MINOR).map((mode) => ({ mode, version })),
  );
  const pairs = versions.length > 0 ? known.flat() : modes.flatMap((mode) => SAMPLES[mode].map((version) => ({ mode, version })));
  return pairs.flatMap(({ mode, version: { minor, patch } }) =>
    kinds.flatMap((kind) =>
      [[], ['primary']].map((nodePortAddresses) => ({
        mode,
        minor,
        patch,
        detector: Object.fromEntries(FAMILIES.map((family) => [family, { kind }])) as unknown as Record<Family, Detector>,
        masqueradeAll: false,
        localhostNodePorts: true,
        nodePortAddresses,
      })),
    ),
  );
}
