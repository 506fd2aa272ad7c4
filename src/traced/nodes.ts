import type { Gap, NodeFile } from '../cluster/evidence.ts';
import type { Cluster, Node } from '../cluster/model.ts';
import { nodeIp } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import type { Cidr, Family } from '../net/ip.ts';
import { FAMILIES, isLoopback } from '../net/ip.ts';
import { parseNft } from '../netfilter/nft/parse-nft.ts';
import type { NftRuleset } from '../netfilter/nft/types.ts';
import { devicesFromJson, routesFromJson } from '../netfilter/node/ip-json.ts';
import type { Device, NodeNet, Route } from '../netfilter/node/node-net.ts';
import { parseRules } from '../netfilter/parse-rules.ts';
import type { Parsed, Problem, Ruleset } from '../netfilter/ruleset.ts';
import { emptyRuleset } from '../netfilter/ruleset.ts';
import type { Supposed } from './derive-net.ts';
import { deriveDevices, deriveNet, perhapsOnNodes } from './derive-net.ts';
import { untraceable } from './untraceable.ts';

/** A node whose rules were read. */
export interface ObservedNode {
  readonly name: string;
  readonly net: NodeNet;
  /** Why its rules do not decide what becomes of a packet, or null. */
  readonly untraceable: string | null;
  /** Why a packet cannot be followed through them although they would decide, or null: part of the dump could not be read. */
  readonly incomplete: string | null;
  /** Its addresses and routes are concluded from API objects, not read on the node. */
  readonly derived: boolean;
  /** Its InternalIPs. */
  readonly addresses: readonly string[];
  /** Its rules as they were parsed, by family; a family without a dump is absent. */
  readonly dumps: Readonly<Partial<Record<Family, Parsed>>>;
}

/** The nodes as they were read. */
export interface ObservedNodes {
  /** Null: nothing was read of it. */
  get(name: string): ObservedNode | null;
  /** The node and the device that have an address; null for nobody's, and for one that several nodes have. */
  ownerOf(address: string): { readonly node: string; readonly device: string } | null;
  /** Names of the nodes with rules. */
  readonly names: readonly string[];
  /** Files that belong to no node of the cluster, and what could not be read. */
  readonly gaps: readonly Gap[];
}

/** Why nothing can be said of a packet that comes to this node; null: its rules decide. */
export function whyOpen({ untraceable: mode, incomplete }: ObservedNode): string | null {
  return mode ?? incomplete;
}

/** Gathers what the nodes printed. Rules are parsed when a packet first comes to their node. */
export function observeNodes(files: readonly NodeFile[], supposed: Supposed): ObservedNodes {
  const { cluster } = supposed;
  const { byNode, gaps } = filesByNode(files, cluster);
  const known = new Map<string, ObservedNode | null>();
  const get = (name: string): ObservedNode | null => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const node = cluster.nodeByName.get(name);
    const own = byNode.get(name);
    const made = node === undefined || own === undefined ? null : observe(node, own, supposed);
    known.set(name, made);
    return made;
  };
  let owners: ReadonlyMap<string, { node: string; device: string } | null> | null = null;
  return {
    get,
    ownerOf: (address) => {
      owners ??= ownersIn(byNode, supposed);
      return owners.get(address) ?? null;
    },
    names: cluster.nodes.map((node) => node.name).filter((name) => hasRules(byNode.get(name))),
    gaps,
  };
}

type Files = ReadonlyMap<NodeFile['format'], readonly NodeFile[]>;

function hasRules(files: Files | undefined): boolean {
  return files !== undefined && (files.has('iptables-save') || files.has('ip6tables-save') || files.has('nft'));
}

function filesByNode(files: readonly NodeFile[], cluster: Cluster): { byNode: ReadonlyMap<string, Files>; gaps: Gap[] } {
  const byNode = new Map<string, Map<NodeFile['format'], NodeFile[]>>();
  const gaps: Gap[] = [];
  for (const file of files) {
    const name = nodeOfFile(file, cluster);
    if (name === null) {
      gaps.push({
        what: `file ${file.path}`,
        why: `no node is named "${file.node}": the file's base name or its folder must say whose it is`,
      });
      continue;
    }
    const own = byNode.get(name) ?? new Map<NodeFile['format'], NodeFile[]>();
    byNode.set(name, own);
    own.set(file.format, [...(own.get(file.format) ?? []), file]);
  }
  return { byNode, gaps };
}

/** By name, else by the name's first label (a host name without its domain), else by an address of the node. */
function nodeOfFile({ node }: NodeFile, cluster: Cluster): string | null {
  if (cluster.nodeByName.has(node)) return node;
  const short = (name: string): string => name.split('.')[0] ?? name;
  const alike = cluster.nodes.filter((each) => short(each.name) === short(node) || each.internalIPs.includes(node));
  return alike.length === 1 ? (alike[0]?.name ?? null) : null;
}

function observe(node: Node, files: Files, supposed: Supposed): ObservedNode {
  const { dataplane } = supposed;
  const four = parsed(files, 4);
  const six = parsed(files, 6);
  const dumps = { ...(four === null ? {} : { 4: four }), ...(six === null ? {} : { 6: six }) };
  const nft = nftOf(files, dumps);
  const rulesets = { 4: four?.ruleset ?? absentRuleset(node, 4), 6: six?.ruleset ?? absentRuleset(node, 6) };
  const sets = new Map([...knownSets(dataplane), ...(nft?.tables ?? []).flatMap((table) => [...table.sets])]);
  const native = nft === null ? {} : { nft };
  const { devices, routes } = readNet(files);
  const why = {
    untraceable: twoBackends(files) ?? untraceable({ node, dataplane, rulesets, nft }),
    incomplete: unreadable([four, six, nft]),
  };
  if (devices !== null && routes !== null)
    return {
      name: node.name,
      net: { rulesets, ...native, devices, routes, sets },
      ...why,
      derived: false,
      addresses: node.internalIPs,
      dumps,
    };
  const net = deriveNet(node, supposed);
  return {
    name: node.name,
    net: { ...net, ...native, sets, rulesets, devices: devices ?? net.devices, routes: routes ?? net.routes },
    ...why,
    derived: true,
    addresses: node.internalIPs,
    dumps,
  };
}

/** A rule that could not be read may be the one that decides; a stray line that is none (a shell's prompt) decides nothing. */
function unreadable(dumps: readonly ({ readonly problems: readonly Problem[] } | null)[]): string | null {
  const problems = dumps.flatMap((dump) => dump?.problems ?? []);
  const [first, ...others] = problems.filter(({ text }) => text.trim() === '' || /^\s*(?:-A|-N|-P|\[|:|\*)/.test(text));
  if (first === undefined) return null;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return `its dump cannot be read whole: ${first.file} line ${first.line}: ${first.reason}${more}`;
}

/** iptables-legacy and iptables-nft act side by side; in which order their rules meet a packet is not in their dumps. */
function twoBackends(files: Files): string | null {
  const twice = (['iptables-save', 'ip6tables-save'] as const).some((format) => (files.get(format) ?? []).length > 1);
  return twice ? 'it has rules in both iptables backends (or two dumps), and their order is not known' : null;
}

/**
 * felix/ipsets: Calico keeps its IPPools in two sets per family, those with natOutgoing and all. Only where the pools were read is it known
 * what these hold.
 */
function knownSets({ networks }: Dataplane): NonNullable<NodeNet['sets']> {
  const [network] = networks;
  if (network === undefined || networks.length > 1 || network.masquerade.style !== 'calico') return new Map();
  const { natPools, allPools } = network.masquerade;
  const holds =
    (pools: readonly Cidr[], family: Family) =>
    (address: string): boolean =>
      pools.some((cidr) => cidr.family === family && cidr.contains(address));
  return new Map(
    FAMILIES.flatMap((family) => [
      [`cali${family}0masq-ipam-pools`, holds(natPools, family)] as const,
      [`cali${family}0all-ipam-pools`, holds(allPools, family)] as const,
    ]),
  );
}

function parsed(files: Files, family: Family): Parsed | null {
  const [file] = files.get(family === 4 ? 'iptables-save' : 'ip6tables-save') ?? [];
  return file === undefined ? null : parseRules(file.text, { file: file.path, family });
}

/** Tables that iptables-nft itself keeps in nftables: what iptables-save has printed of them is not asked twice. */
const OF_IPTABLES = /^(?<tool>ip6?) (?<table>filter|nat|mangle|raw|security)$/;

function nftOf(files: Files, dumps: ObservedNode['dumps']): NftRuleset | null {
  const [file] = files.get('nft') ?? [];
  if (file === undefined) return null;
  const isPrinted = (name: string): boolean => {
    const { tool, table = '' } = OF_IPTABLES.exec(name)?.groups ?? {};
    return dumps[tool === 'ip6' ? 6 : 4]?.ruleset.tables.has(table) === true;
  };
  return parseNft(file.text, { file: file.path, leaveOut: isPrinted });
}

/** A node without an address of the family has nothing to say about it; of any other the rules are missing. */
function absentRuleset(node: Node, family: Family): Ruleset | null {
  return nodeIp(node, family) === null ? emptyRuleset(family) : null;
}

function readNet(files: Files): { devices: readonly Device[] | null; routes: readonly Route[] | null } {
  const json = (format: NodeFile['format']): readonly unknown[] =>
    (files.get(format) ?? []).flatMap((file): readonly unknown[] => {
      try {
        const value: unknown = JSON.parse(file.text);
        return Array.isArray(value) ? value : [];
      } catch {
        return [];
      }
    });
  const [addresses, routes] = [json('ip-addr'), json('ip-route')];
  return {
    devices: addresses.length === 0 ? null : devicesFromJson(addresses),
    routes: routes.length === 0 ? null : routesFromJson(routes),
  };
}

function ownersIn(byNode: ReadonlyMap<string, Files>, supposed: Supposed): ReadonlyMap<string, { node: string; device: string } | null> {
  const owners = new Map<string, { node: string; device: string } | null>();
  const claim = (address: string, node: string, device: string): void => {
    const other = owners.get(address);
    // On the same node the first device is the one that other hosts reach: the rest lend its address.
    if (other === undefined) owners.set(address, { node, device });
    else if (other?.node !== node) owners.set(address, null);
  };
  const derived: string[] = [];
  for (const node of supposed.cluster.nodes) {
    const files = byNode.get(node.name);
    const read = files === undefined ? null : readNet(files).devices;
    if (read === null) derived.push(node.name);
    for (const device of read ?? deriveDevices(node, { ...supposed, vipsAreLocal: false }) ?? [])
      for (const { address, scope } of device.addresses)
        if (scope !== 'link' && !isLoopback(address)) claim(address, node.name, device.name);
  }
  // Supposed to be on every node whose devices are concluded: two of them decide that it is nobody's.
  if (supposed.vipsAreLocal)
    for (const address of perhapsOnNodes(supposed.cluster)) for (const node of derived.slice(0, 2)) claim(address, node, 'lo');
  return owners;
}
