import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeRules } from '../test/docs/support/node-rules.ts';
import { type Command, measureInTurn } from './bench/measure.ts';
import { type BenchRow, printRows } from './bench/report.ts';
import { serve, startServer } from './bench/serve.ts';
import { generateCluster } from './generate-cluster.ts';

// Whole processes against a server with 5,000 nodes, 10,000 Services, 20,000 EndpointSlices and 100,000 pods: what each command takes, reading included.

const SCRIPT = resolve(process.argv[1] ?? '');
const ROOT = dirname(dirname(SCRIPT));
const RUN = join(ROOT, 'bin', 'run.js');

const { values: flags } = parseArgs({
  options: { serve: { type: 'string' }, runs: { type: 'string', default: '3' }, pods: { type: 'string', default: '100000' } },
});
const size = { nodes: 5000, services: 10_000, slices: 20_000, pods: Number(flags.pods) };
/** One with an endpoint of the Service that is asked about, and one without. */
const NODES = ['node-00003', 'node-00100'];

if (flags.serve === undefined) await bench();
else await serve(flags.serve, JSON.parse(process.env['BENCH_SIZE'] ?? '{}'));

async function bench(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'srcip-bench-'));
  process.stderr.write('starting a server, and writing the rules of two nodes\n');
  const server = await startServer({ script: SCRIPT, root: ROOT, which: 'big', size });
  try {
    const kubeconfig = join(home, 'kubeconfig');
    writeFileSync(kubeconfig, server.kubeconfig);
    const rules = writeRules(home);
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: kubeconfig };
    const rows: BenchRow[] = [];
    for (const { words, seconds, memory } of asked(rules)) rows.push(...(await measured(words, { env, seconds, memory })));
    printRows(rows);
  } finally {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

interface Asked {
  readonly words: readonly string[];
  readonly seconds?: number;
  readonly memory?: number;
}

function asked(rules: string): readonly Asked[] {
  const target = ['svc/target', '-n', 'bench'];
  return [
    { words: ['explain', ...target], memory: 220 },
    { words: ['explain', ...target, '-o', 'json'] },
    { words: ['check', ...target, '--fail-on', 'never'] },
    { words: ['check', '-A', '--fail-on', 'never'] },
    { words: ['whatif', ...target, '--set', 'externalTrafficPolicy=Cluster'] },
    { words: ['whatif', '-A', '--drain', 'node-00003'] },
    { words: ['verify', ...target, '--rules', rules, '--fail-on', 'never'] },
    { words: ['verify', '-A', '--rules', rules, '--fail-on', 'never'] },
    { words: ['trace', ...target, '--from', 'external', '--to', `node/${NODES[1]}`, '--rules', rules] },
  ];
}

interface Measuring {
  readonly env: Readonly<Record<string, string>>;
  readonly seconds: number | undefined;
  readonly memory: number | undefined;
}

async function measured(words: readonly string[], { env, seconds, memory }: Measuring): Promise<BenchRow[]> {
  const label = `srcip ${words.map((word) => (word.startsWith('/') ? 'DIR' : word)).join(' ')}`;
  process.stderr.write(`${label}\n`);
  const command: Command = { label, program: process.execPath, args: [RUN, ...words], env };
  const [ours] = await measureInTurn([command], Number(flags.runs));
  if (ours === undefined) throw new Error('a command was measured');
  const title = `100,000 pods: ${words[0]}${words.includes('-A') ? ' -A' : ''}`;
  return [
    { title: `${title}, time`, ours, theirs: null, target: { kind: 'seconds', atMost: seconds ?? null } },
    { title: `${title}, peak memory`, ours, theirs: null, target: { kind: 'memory', atMost: memory ?? null } },
  ];
}

function writeRules(home: string): string {
  const folder = join(home, 'rules');
  mkdirSync(folder);
  const objects = [...generateCluster({ ...size, pods: 0 })].map((object) => JSON.parse(JSON.stringify(object)));
  for (const [node, text] of nodeRules(objects, NODES)) writeFileSync(join(folder, `${node}.iptables-save`), text);
  return folder;
}
