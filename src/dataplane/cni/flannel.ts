import type { Node } from '../../cluster/model.ts';
import type { DaemonSetObject } from '../../cluster/objects.ts';
import type { Cidr, Family } from '../../net/ip.ts';
import { addressAt, parseCidr } from '../../net/ip.ts';
import { isK3s, k3sClusterCidrs } from '../k3s.ts';
import type { Signs } from '../signs.ts';
import { cite, configMap, containersOf, daemonSet, envOf } from '../signs.ts';
import type { PodNetwork, Routing } from '../types.ts';
import { podCidrsOf } from './pod-cidrs.ts';

const BACKEND = 'flannel.alpha.coreos.com/backend-type';
/** flannel pkg/backend/vxlan: the VNI is in the device's name. */
const DEFAULT_VNI = 1;
const DAEMONS = ['kube-flannel-ds', 'kube-flannel', 'kube-flannel-ds-amd64', 'canal', 'rke2-canal'];
const CONFIG_MAPS = ['kube-flannel-cfg', 'canal-config', 'rke2-canal-config'];

/** flannel by its DaemonSet, by itself or beside Calico's policy engine (canal). Several networks where `--ip-masq` is not known. */
export function flannelNetworks(signs: Signs): PodNetwork[] {
  const daemon = daemonSet(signs, ...DAEMONS);
  return daemon === null ? [] : networksOf(signs, daemon);
}

/** flannel by its annotations on nodes: k3s and RKE2 embed it, and elsewhere its DaemonSet may not have been read. */
export function annotatedFlannelNetworks(signs: Signs): PodNetwork[] {
  return annotatedNode(signs) === undefined ? [] : networksOf(signs, null);
}

function networksOf(signs: Signs, daemon: DaemonSetObject | null): PodNetwork[] {
  const annotated = annotatedNode(signs);
  const canal = daemon?.metadata.name.includes('canal') ?? false;
  const settings = readSettings(signs);
  const backend = annotated?.annotations[BACKEND] ?? settings.backend;
  const evidence = [
    ...(daemon === null ? [] : [cite(daemon)]),
    ...(annotated === undefined ? [] : [`Node ${annotated.name} annotation ${BACKEND}`]),
    ...settings.evidence,
  ];
  const network = {
    name: `${canal ? 'canal' : 'flannel'}-${backend ?? 'unknown'}`,
    evidence,
    podLink: canal ? ('unnumbered' as const) : ('bridge' as const),
    podDevice: canal ? 'cali*' : settings.bridge,
    hairpin: canal ? true : settings.hairpin,
    routing: routingOf(signs.cluster.nodes, backend, settings),
    networks: settings.networks,
    servesClusterIPs: false,
  };
  const masquerades = daemon === null ? embeddedMasquerades(signs) : daemonMasquerades(daemon, settings.masquerade);
  const styles = masquerades === null ? (['flannel', 'none'] as const) : ([masquerades ? 'flannel' : 'none'] as const);
  return styles.map((style) => ({ ...network, masquerade: { style } }));
}

function annotatedNode(signs: Signs): Node | undefined {
  return signs.cluster.nodes.find((node) => node.annotations[BACKEND] !== undefined);
}

interface Settings {
  readonly backend: string | null;
  readonly directRouting: boolean;
  readonly vni: number;
  /** canal keeps `--ip-masq` in its ConfigMap. */
  readonly masquerade: boolean | null;
  readonly networks: readonly Cidr[];
  readonly bridge: string;
  readonly hairpin: boolean | null;
  readonly evidence: readonly string[];
}

function readSettings(signs: Signs): Settings {
  const config = CONFIG_MAPS.map((name) => configMap(signs, name)).find((found) => found !== null) ?? null;
  const masquerade = config?.data?.['masquerade'];
  const net = parseJson(config?.data?.['net-conf.json']);
  const backend = record(net['Backend']);
  const listed = [net['Network'], net['IPv6Network']]
    .map((text) => (typeof text === 'string' ? parseCidr(text) : null))
    .filter((cidr) => cidr !== null);
  const delegate = delegateOf(parseJson(config?.data?.['cni-conf.json']));
  const k3s = k3sClusterCidrs(signs);
  return {
    backend: typeof backend['Type'] === 'string' ? backend['Type'].toLowerCase() : null,
    directRouting: backend['DirectRouting'] === true,
    vni: typeof backend['VNI'] === 'number' ? backend['VNI'] : DEFAULT_VNI,
    masquerade: masquerade === undefined ? null : masquerade === 'true',
    networks: listed.length > 0 ? listed : k3s.length > 0 ? k3s : podCidrsOf(signs.cluster.nodes),
    bridge: typeof delegate?.['bridge'] === 'string' ? delegate['bridge'] : 'cni0',
    // flannel's own manifest and k3s turn it on; a delegate that does not say leaves it to the plugin's version.
    hairpin: delegate === null ? true : typeof delegate['hairpinMode'] === 'boolean' ? delegate['hairpinMode'] : null,
    evidence: config === null ? [] : [cite(config)],
  };
}

function delegateOf(conf: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | null {
  const plugins = Array.isArray(conf['plugins']) ? conf['plugins'] : [conf];
  const flannel = plugins.map(record).find((plugin) => plugin['type'] === 'flannel');
  return flannel === undefined ? null : record(flannel['delegate']);
}

/** flannel pkg/backend: vxlan lends flannel.1's own address, the podCIDR's network address (measured); host-gw routes over the uplink. */
function routingOf(nodes: readonly Node[], backend: string | null, { directRouting, vni }: Settings): Routing {
  if (backend === 'host-gw') return { kind: 'direct' };
  if (backend !== 'vxlan' || directRouting) return { kind: 'unknown' };
  const addresses = new Map<string, Partial<Record<Family, string>>>();
  for (const node of nodes) {
    const found: Partial<Record<Family, string>> = {};
    for (const cidr of node.podCidrs) {
      const address = addressAt(cidr, 0);
      if (address !== null) found[cidr.family] ??= address;
    }
    addresses.set(node.name, found);
  }
  return { kind: 'overlay', device: { 4: `flannel.${vni}`, 6: `flannel-v6.${vni}` }, addresses };
}

function daemonMasquerades(daemon: DaemonSetObject, configured: boolean | null): boolean | null {
  const main = containersOf(daemon).filter((container) => container.name?.includes('flannel') ?? false);
  if (main.length === 0) return null;
  const words = main.flatMap((container) => [...(container.command ?? []), ...(container.args ?? [])]).flatMap((word) => word.split(/\s+/));
  if (words.some((word) => /^--?ip-masq(=true)?$/.test(word))) return true;
  const [given] = ['FLANNELD_IP_MASQ', 'FLANNEL_IP_MASQ'].map((name) => envOf(daemon, name)).filter((value) => value !== undefined);
  return given === null ? configured : given === 'true';
}

/** k3s pkg/agent/flannel: masquerading is on unless a future flag turns it off. */
function embeddedMasquerades(signs: Signs): boolean | null {
  return signs.cluster.nodes.some(isK3s) ? true : null;
}

function parseJson(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(text ?? '{}'));
  } catch {
    return {};
  }
}

function record(raw: unknown): Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? (raw as Readonly<Record<string, unknown>>) : {};
}
