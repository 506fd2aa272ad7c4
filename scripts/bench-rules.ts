import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { indexRuleset } from '../src/netfilter/evaluate/chain-index.ts';
import { parseRules } from '../src/netfilter/parse-rules.ts';
import { type Arriving, tracePacket } from '../src/netfilter/trace.ts';
import type { Measured } from './bench/measure.ts';
import { printRows } from './bench/report.ts';

// A node of a cluster with 10,000 Services: how long its rules take to read, next to how long the node takes to print them.

const { values: flags } = parseArgs({
  options: {
    services: { type: 'string', default: '10000' },
    endpoints: { type: 'string', default: '5' },
    runs: { type: 'string', default: '7' },
    read: { type: 'string' },
  },
});

const IP = 'ip';

/** What a process that reads one dump has to say. */
interface Reading {
  readonly parse: number;
  readonly index: number;
  readonly firstTrace: number;
  readonly trace: number;
  readonly peakMB: number;
  readonly rules: number;
  readonly outcome: string;
}

function bench(): void {
  const home = mkdtempSync(join(tmpdir(), 'srcip-bench-'));
  try {
    const path = join(home, 'node1.iptables-save');
    writeFileSync(path, dumpOf(Number(flags.services), Number(flags.endpoints)));
    const readings = Array.from({ length: Number(flags.runs) }, () => readInChild(path));
    const saves = saveTimes(path);
    report(path, readings, saves);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Every reading is a process of its own, without the certificates that Node would load at its start. */
function readInChild(path: string): Reading {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--read', path], { env, encoding: 'utf8' });
  if (child.status !== 0) throw new Error(`reading the dump failed: ${child.stderr}`);
  return JSON.parse(child.stdout) as Reading;
}

function read(path: string): Reading {
  const text = readFileSync(path, 'utf8');
  const [parsed, parse] = timed(() => parseRules(text, { file: path }));
  const [, index] = timed(() => indexRuleset(parsed.ruleset));
  const node = {
    rulesets: { 4: parsed.ruleset, 6: null },
    devices: [
      {
        name: 'eth0',
        master: null,
        addresses: [{ address: '172.18.0.11', prefix: 24, scope: 'global', secondary: false, deprecated: false }],
      },
    ],
    routes: [route('0.0.0.0', 0)],
  };
  const [trace, firstTrace] = timed(() => tracePacket(node, packetTo(Number(flags.services) - 2)));
  const others = Array.from({ length: 101 }, (_, i) => timed(() => tracePacket(node, packetTo(17 * i + 1)))[1]);
  const rules = [...parsed.ruleset.tables.values()]
    .flatMap((table) => [...table.chains.values()])
    .reduce((sum, chain) => sum + chain.rules.length, 0);
  const outcome = trace.branches
    .map(({ end, packet, share }) => `${end.kind} ${packet.destination}:${packet.destinationPort} ${share.toFixed(2)}`)
    .join(', ');
  return { parse, index, firstTrace, trace: median(others), peakMB: process.resourceUsage().maxRSS / 1024, rules, outcome };
}

function route(address: string, prefix: number) {
  return {
    family: 4 as const,
    dst: { text: 'default', address, prefix },
    type: 'unicast',
    table: 'main',
    device: 'eth0',
    gateway: '172.18.0.1',
    prefsrc: null,
    metric: 0,
    nextHops: [],
  };
}

function packetTo(service: number): Arriving {
  return {
    protocol: 'tcp',
    source: '198.51.100.10',
    sourcePort: 40_000,
    destination: clusterIp(service % Number(flags.services)),
    destinationPort: 80,
    from: { device: 'eth0' },
  };
}

function timed<T>(work: () => T): readonly [T, number] {
  const start = process.hrtime.bigint();
  const result = work();
  return [result, Number(process.hrtime.bigint() - start) / 1e6];
}

/** Milliseconds that `iptables-nft-save` takes for the same rules in a namespace of its own; null where it cannot be measured. */
function saveTimes(path: string): readonly number[] | null {
  const name = `srcip-bench-${process.pid}`;
  if (process.getuid?.() !== 0 || spawnSync(IP, ['netns', 'add', name]).status !== 0) return null;
  const inside = (...command: readonly string[]) => ['netns', 'exec', name, ...command];
  try {
    note('loading the rules into a namespace');
    const loaded = spawnSync(IP, inside('iptables-nft-restore'), { input: readFileSync(path), encoding: 'utf8' });
    if (loaded.status !== 0) {
      note(`iptables-nft-restore: ${loaded.stderr || loaded.error?.message || 'failed'}`);
      return null;
    }
    const save = (): number => timed(() => spawnSync(IP, inside('iptables-nft-save'), { stdio: ['ignore', 'ignore', 'pipe'] }))[1];
    return Array.from({ length: Number(flags.runs) }, save);
  } finally {
    spawnSync(IP, ['netns', 'del', name]);
  }
}

function report(path: string, readings: readonly Reading[], saves: readonly number[] | null): void {
  const of = (figure: (reading: Reading) => number): number => median(readings.map(figure));
  const parse = of((reading) => reading.parse + reading.index);
  const peak = Math.max(...readings.map((reading) => reading.peakMB));
  const lines = [
    `${readings[0]?.rules} rules, ${(statSync(path).size / 1e6).toFixed(1)} MB; medians of ${readings.length} processes`,
    `parse ${of((reading) => reading.parse).toFixed(0)} ms, index ${of((reading) => reading.index).toFixed(0)} ms, together ${parse.toFixed(0)} ms`,
    saves === null
      ? 'iptables-nft-save: not measured (needs root, ip and iptables-nft)'
      : `iptables-nft-save ${median(saves).toFixed(0)} ms: parse and index take ${(parse / median(saves)).toFixed(2)} of it (target <= 0.25: ${met(parse / median(saves), 0.25)})`,
    `peak memory ${peak.toFixed(0)} MB (target <= 250: ${met(peak, 250)})`,
    `trace ${of((reading) => reading.trace).toFixed(2)} ms (target <= 5: ${met(
      of((reading) => reading.trace),
      5,
    )}); the first of a process, with all its code still cold, ${of((reading) => reading.firstTrace).toFixed(2)} ms`,
    `the trace: ${readings[0]?.outcome}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const one = (label: string, milliseconds: number, peakMB: number | null = null): Measured => ({
    label,
    runs: readings.length,
    seconds: milliseconds / 1000,
    peakMB,
    trouble: null,
  });
  const save = saves === null ? null : one('iptables-nft-save', median(saves));
  const ours = one(`reading ${readings[0]?.rules} rules`, parse, peak * 1.048576);
  printRows([
    ...(save === null
      ? []
      : [{ title: 'rules of 10,000 Services, time', ours, theirs: save, target: { kind: 'ratio', atMost: 0.25 } } as const]),
    { title: 'rules of 10,000 Services, peak memory', ours, theirs: null, target: { kind: 'memory', atMost: 250 } },
  ]);
}

function met(value: number, atMost: number): string {
  return value <= atMost ? 'met' : 'MISSED';
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

function clusterIp(service: number): string {
  return `10.${96 + (service >> 16)}.${(service >> 8) & 255}.${service & 255}`;
}

/** kube-proxy 1.33, cluster CIDR 10.244.0.0/16: per Service a jump, a masquerade rule, a chance per endpoint, and two rules in each endpoint's chain. */
function dumpOf(services: number, endpoints: number): string {
  const chains: string[] = [];
  const jumps: string[] = [];
  const rules: string[] = [];
  for (let service = 0; service < services; service++) {
    const name = `team-${service % 40}/service-${service}:http`;
    const chain = `KUBE-SVC-${hash(`${name}tcp`)}`;
    const target = `-d ${clusterIp(service)}/32 -p tcp -m comment --comment "${name} cluster IP" -m tcp --dport 80`;
    chains.push(chain);
    jumps.push(`-A KUBE-SERVICES ${target} -j ${chain}`);
    rules.push(`-A ${chain} ! -s 10.244.0.0/16 ${target} -j KUBE-MARK-MASQ`);
    for (let each = 0; each < endpoints; each++) {
      const address = `10.244.${((service * endpoints + each) >> 8) & 255}.${(service * endpoints + each) & 255}`;
      const endpoint = `KUBE-SEP-${hash(`${name}tcp${address}:8080${service}`)}`;
      const chance =
        each === endpoints - 1
          ? ''
          : `-m statistic --mode random --probability ${(Math.round(2 ** 31 / (endpoints - each)) / 2 ** 31).toFixed(11)} `;
      chains.push(endpoint);
      rules.push(`-A ${chain} -m comment --comment "${name} -> ${address}:8080" ${chance}-j ${endpoint}`);
      rules.push(`-A ${endpoint} -s ${address}/32 -m comment --comment "${name}" -j KUBE-MARK-MASQ`);
      rules.push(`-A ${endpoint} -p tcp -m comment --comment "${name}" -m tcp -j DNAT --to-destination ${address}:8080`);
    }
  }
  return [...HEAD, ...chains.map((chain) => `:${chain} - [0:0]`), ...STATIC, ...jumps, ...rules, 'COMMIT', ''].join('\n');
}

const HEAD = [
  '*nat',
  ':PREROUTING ACCEPT [0:0]',
  ':INPUT ACCEPT [0:0]',
  ':OUTPUT ACCEPT [0:0]',
  ':POSTROUTING ACCEPT [0:0]',
  ':KUBE-MARK-MASQ - [0:0]',
  ':KUBE-POSTROUTING - [0:0]',
  ':KUBE-SERVICES - [0:0]',
];
const STATIC = [
  '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
  '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
  '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
  '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
  '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
  '-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0',
  '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
];

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The first 16 characters of the base32 of a SHA-256, as kube-proxy names chains. */
function hash(text: string): string {
  const bytes = createHash('sha256').update(text).digest();
  let bits = 0n;
  for (const byte of bytes.subarray(0, 10)) bits = (bits << 8n) | BigInt(byte);
  return Array.from({ length: 16 }, (_, i) => BASE32[Number((bits >> BigInt(75 - 5 * i)) & 31n)]).join('');
}

if (flags.read !== undefined) process.stdout.write(JSON.stringify(read(flags.read)));
else bench();
