import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RuleDifference } from '../../src/analysis/verify/types.ts';
import type { ForeignForServices, NodeVerification } from '../../src/analysis/verify/verify-node.ts';
import { verifyNode } from '../../src/analysis/verify/verify-node.ts';
import type { Evidence } from '../../src/cluster/evidence.ts';
import { clusterFrom } from '../../src/cluster/from-kubernetes.ts';
import type { Node } from '../../src/cluster/model.ts';
import { detectDataplane } from '../../src/dataplane/detect.ts';
import { deviceOf } from '../../src/expected/detector.ts';
import { parseIptablesSave } from '../../src/netfilter/iptables-save/parse-save.ts';
import { loadCase, type ProbeRecord, type RecordedCase } from './cases.ts';

/** A cluster with the rules of one node broken, and what the kernel then did to every probe. */
export interface BrokenCase {
  readonly name: string;
  readonly base: string;
  /** The node whose rules are not as kube-proxy wrote them. */
  readonly node: string;
  readonly recorded: RecordedCase;
  /** Probes that came out otherwise than in the intact cluster. */
  readonly changed: readonly ProbeRecord[];
}

export function baseNames(root: string): string[] {
  const folder = join(root, 'bases');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

export function brokenNames(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .sort()
    .filter((name) => existsSync(join(root, name, 'breakage.json')));
}

export function loadBase(root: string, name: string): RecordedCase {
  return loadCase(join(root, 'bases', name), { nodeFiles: true });
}

/** What was recorded of a breakage, laid over the intact cluster. */
export function loadBroken(root: string, name: string): BrokenCase {
  const folder = join(root, name);
  const { base, node } = json(join(folder, 'breakage.json')) as { base: string; node: string };
  const intact = loadBase(root, base);
  const changed = json(join(folder, 'outcomes.json')) as readonly ProbeRecord[];
  const otherwise = new Map(changed.map((record) => [keyOf(record), record]));
  const isRules = (format: string): boolean => format === 'iptables-save' || format === 'ip6tables-save';
  const kept = intact.evidence.nodeFiles.filter((file) => file.node !== node || !isRules(file.format));
  const rules = (['iptables-save', 'ip6tables-save'] as const).flatMap((format) => {
    const path = join(folder, node, `${format}.txt`);
    return existsSync(path) ? [{ node, format, path, text: readFileSync(path, 'utf8') }] : [];
  });
  return {
    name,
    base,
    node,
    changed,
    recorded: {
      ...intact,
      name,
      evidence: { ...intact.evidence, nodeFiles: [...kept, ...rules] },
      records: intact.records.map((record) => otherwise.get(keyOf(record)) ?? record),
    },
  };
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

export function keyOf({ from, ip, port, protocol, via = '' }: ProbeRecord): string {
  return `${from} ${ip} ${port} ${protocol} ${via}`;
}

/** What `verify` finds on every node, with all Services asked for. */
export function verifyAll(evidence: Evidence): NodeVerification[] {
  const cluster = clusterFrom(evidence);
  const dataplane = detectDataplane(evidence, cluster);
  return cluster.nodes.map((node) => {
    const found = dataplane.classOf.get(node.name);
    const config = found?.candidates[0];
    if (found === undefined || config === undefined) throw new Error(`no configuration of kube-proxy on ${node.name}`);
    const dialect = { device: deviceOf(found.localDetection), localAddresses: addressesOn(evidence, node) };
    return verifyNode({
      node,
      config,
      confidence: found.confidence,
      cluster,
      services: cluster.services,
      dumps: dumpsOf(evidence, node),
      dialect,
    });
  });
}

function dumpsOf({ nodeFiles }: Evidence, node: Node): Parameters<typeof verifyNode>[0]['dumps'] {
  const parsed = ([4, 6] as const).flatMap((family) => {
    const format = family === 4 ? 'iptables-save' : 'ip6tables-save';
    const file = nodeFiles.find((each) => each.node === node.name && each.format === format);
    return file === undefined ? [] : [[family, parseIptablesSave(file.text, { file: file.path, family })] as const];
  });
  return Object.fromEntries(parsed);
}

function addressesOn({ nodeFiles }: Evidence, node: Node): string[] | null {
  const file = nodeFiles.find((each) => each.node === node.name && each.format === 'ip-addr');
  if (file === undefined) return null;
  const links = JSON.parse(file.text) as { addr_info?: { local?: string }[] }[];
  return links.flatMap((link) => (link.addr_info ?? []).flatMap((info) => (info.local === undefined ? [] : [info.local])));
}

/** One finding in a line: `missing nat KUBE-NODEPORTS node-port-jump`, `foreign filter FORWARD drops`, `setting masqueradeAll`, `mode`. */
export interface Found {
  readonly what: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly effect: string;
}

export function findingsOf({ families }: NodeVerification): Found[] {
  return families.flatMap(({ family, fixed, services, foreign, settings, mode, strangers }) => {
    const mark = family === 6 ? 'IPv6 ' : '';
    return [
      ...fixed.map((each) => difference(mark, each)),
      ...services.flatMap(({ differences }) => differences.map((each) => difference(mark, each))),
      ...foreign.map((each) => foreignRule(mark, each)),
      ...settings
        .filter((setting) => setting.contradicts !== null)
        .map(
          ({ name, effect }): Found => ({
            what: `${mark}setting ${name}`,
            severity: 'warning',
            effect: effect ?? '',
          }),
        ),
      ...(!('reason' in mode) ? [] : [{ what: `${mark}mode ${mode.kind}`, severity: 'warning', effect: mode.reason } as const]),
      ...strangers.map((name): Found => ({ what: `${mark}stranger ${name}`, severity: 'warning', effect: 'the API does not have it' })),
    ];
  });
}

/** Chains of service ports and endpoints have hashes for names. */
function difference(mark: string, { kind, table, chain, code, severity, effect }: RuleDifference): Found {
  return { what: `${mark}${kind} ${table} ${chain.replace(/-[A-Z2-7]{16}$/, '-*')} ${code}`, severity, effect };
}

function foreignRule(mark: string, { rule }: ForeignForServices): Found {
  return { what: `${mark}foreign ${rule.table} ${rule.hook} ${rule.act}`, severity: rule.severity, effect: rule.why };
}

/** `client via node1 → 192.0.2.10:80: refused by tcp-reset`, senders of the same outcome together. */
export function outcomesInWords(records: readonly ProbeRecord[]): string[] {
  const senders = new Map<string, string[]>();
  for (const record of records) {
    const to = record.to.startsWith('node')
      ? `${record.to}${record.family === 6 ? ' (IPv6)' : ''}`
      : record.ip.includes(':')
        ? `[${record.ip}]`
        : record.ip;
    const key = `${record.via === undefined ? '' : `via ${record.via} `}→ ${to}:${record.port}: ${[...new Set(record.outcomes.map(outcomeText))].join(' or ')}`;
    senders.set(key, [...(senders.get(key) ?? []), record.from]);
  }
  return [...senders].map(([key, names]) => `${names.join(', ')} ${key}`);
}

function outcomeText({ result, server, seen, how }: ProbeRecord['outcomes'][number]): string {
  if (result === 'delivered' || result === 'no-reply') return `${server} sees ${seen}${result === 'no-reply' ? ' (no reply)' : ''}`;
  return how === undefined ? result : `${result} (${how})`;
}
