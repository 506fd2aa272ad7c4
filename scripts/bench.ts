import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Command, type Measured, measureInTurn } from './bench/measure.ts';
import { type BenchRow, printRows } from './bench/report.ts';
import { type ServedCluster, serve, startServer } from './bench/serve.ts';

// Whole processes, start-up included, as a user waits for them; medians of runs taken in turn with the reference.

const SCRIPT = resolve(process.argv[1] ?? '');
const ROOT = dirname(dirname(SCRIPT));
const RUN = join(ROOT, 'bin', 'run.js');
const EXPLAIN_BIG = [RUN, 'explain', 'svc/target', '-n', 'bench'];
const EXPLAIN_SMALL = [RUN, 'explain', 'svc/ingress-nginx-controller', '-n', 'ingress-nginx'];
const HELP = [RUN, 'explain', '--help'];
/** Not one of the texts that are ready. */
const WRITTEN_HELP = [RUN, 'explain', 'svc/x', '--help'];
const COMPLETE = join(ROOT, 'bin', 'complete.js');

const { values: flags } = parseArgs({
  options: {
    serve: { type: 'string' },
    runs: { type: 'string', default: '7' },
    nodes: { type: 'string', default: '5000' },
    services: { type: 'string', default: '10000' },
    slices: { type: 'string', default: '20000' },
    pods: { type: 'string', default: '0' },
  },
});

if (flags.serve === undefined) await bench();
else await serve(flags.serve, JSON.parse(process.env['BENCH_SIZE'] ?? '{}'));

async function bench(): Promise<void> {
  const size = { nodes: Number(flags.nodes), services: Number(flags.services), slices: Number(flags.slices), pods: Number(flags.pods) };
  const home = mkdtempSync(join(tmpdir(), 'srcip-bench-'));
  const servers: ServedCluster[] = [];
  try {
    note(`starting a server with ${size.nodes} nodes, ${size.services} Services, ${size.slices} EndpointSlices, ${size.pods} pods`);
    for (const which of ['big', 'demo']) servers.push(await startServer({ script: SCRIPT, root: ROOT, which, size }));
    const [big, demo] = servers.map((server, i) => command({ home, name: String(i), kubeconfig: server.kubeconfig }));
    if (big === undefined || demo === undefined) throw new Error('two servers were started');
    printRows([...(await bigRows(big)), ...(await smallRows(demo))]);
  } finally {
    for (const server of servers) await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

type CommandMaker = (label: string, program: string, args: readonly string[]) => Command;

async function bigRows(make: CommandMaker): Promise<BenchRow[]> {
  const [ours, theirs] = await pair(
    make('srcip explain svc/target -n bench', process.execPath, EXPLAIN_BIG),
    make('kubectl get nodes -o json', 'kubectl', ['get', 'nodes', '-o', 'json']),
  );
  return [
    { title: 'big cluster, time', ours, theirs, target: { kind: 'ratio', atMost: 0.15 } },
    { title: 'big cluster, peak memory', ours, theirs, target: { kind: 'memory', atMost: 220 } },
  ];
}

async function smallRows(make: CommandMaker): Promise<BenchRow[]> {
  const node = make('node -e 0', process.execPath, ['-e', '0']);
  const [explain, get] = await pair(
    make('srcip explain svc/ingress-nginx-controller', process.execPath, EXPLAIN_SMALL),
    make('kubectl get nodes', 'kubectl', ['get', 'nodes']),
  );
  const [help, forHelp] = await pair(make('srcip explain --help', process.execPath, HELP), node);
  const [wide, forWide] = await pair(make('srcip explain svc/x --help', process.execPath, WRITTEN_HELP), node);
  const [version, client] = await pair(
    make('srcip --version', process.execPath, [RUN, '--version']),
    make('kubectl version --client', 'kubectl', ['version', '--client']),
  );
  const [words, forWords] = await pair(
    make('completion of svc/', process.execPath, [COMPLETE, 'explain', '-n', 'shop', 'svc/']),
    make('kubectl __complete get svc', 'kubectl', ['__complete', 'get', 'svc', '-n', 'shop', '']),
  );
  return [
    { title: 'small cluster, time', ours: explain, theirs: get, target: { kind: 'ratio', atMost: 2.5 } },
    { title: 'help, time', ours: help, theirs: forHelp, target: { kind: 'ratio', atMost: 2.2 } },
    { title: 'help that oclif writes, time', ours: wide, theirs: forWide, target: { kind: 'ratio', atMost: 2.2 } },
    { title: 'version, time', ours: version, theirs: client, target: { kind: 'ratio', atMost: null } },
    { title: 'completion, time', ours: words, theirs: forWords, target: { kind: 'ratio', atMost: null } },
  ];
}

async function pair(ours: Command, theirs: Command): Promise<[Measured, Measured]> {
  note(`${ours.label}  against  ${theirs.label}`);
  const [a, b] = await measureInTurn([ours, theirs], Number(flags.runs));
  if (a === undefined || b === undefined) throw new Error('two commands were measured');
  return [a, b];
}

/** The environment is made anew, so NODE_EXTRA_CA_CERTS and NODE_OPTIONS of the caller do not count; kubectl keeps its cache in HOME. */
function command({ home, name, kubeconfig }: { home: string; name: string; kubeconfig: string }): CommandMaker {
  const path = join(home, `${name}.yaml`);
  writeFileSync(path, kubeconfig);
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: path };
  return (label, program, args) => ({ label, program, args, env });
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
