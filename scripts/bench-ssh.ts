import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { collectOverSsh } from '../src/collect/ssh/collect.ts';
import { nodeScript } from '../src/collect/ssh/script.ts';
import { USUAL } from '../src/collect/ssh/types.ts';
import { installPrograms } from '../test/collect/ssh/support/programs.ts';
import { type Lab, openLab, type Sshd, sshdIsThere, USER } from '../test/collect/ssh/support/sshd.ts';
import { measureInTurn } from './bench/measure.ts';
import { type BenchRow, printRows } from './bench/report.ts';

// Rules of many nodes over SSH, from an OpenSSH server on the loopback address: the collector against the `ssh` program, which runs the same script 20 at a time.

/** The program that runs now, already bundled: what compiles it does not count. */
const SELF = fileURLToPath(import.meta.url);
const AT_A_TIME = 20;

const { values: flags } = parseArgs({
  options: {
    collect: { type: 'string' },
    runs: { type: 'string', default: '5' },
    nodes: { type: 'string', default: '100' },
    /** Of rules on each node. */
    kilobytes: { type: 'string', default: '1000' },
    /** How many nodes at once the collector reads; without it its own default. */
    concurrency: { type: 'string' },
  },
});

const names = Array.from({ length: Number(flags.nodes) }, (_, i) => `node-${i}`);

if (flags.collect !== undefined) await collect(flags.collect);
else if (sshdIsThere()) await bench();
else note('there is no OpenSSH server (/usr/sbin/sshd) to measure against');

/** The measured side that is ours. */
async function collect(configFile: string): Promise<void> {
  const nodes = names.map((name) => ({ name, addresses: [] }));
  const concurrency = flags.concurrency === undefined ? undefined : Number(flags.concurrency);
  const { files, gaps } = await collectOverSsh(nodes, { address: 'name', configFile, concurrency });
  const [gap] = gaps;
  if (gap === undefined && files.length === names.length * USUAL.length) return;
  note(`error: ${files.length} files, ${gaps.length} gaps${gap === undefined ? '' : `, first: ${gap.what}: ${gap.why}`}`);
  process.exitCode = 1;
}

async function bench(): Promise<void> {
  const lab = openLab();
  try {
    installPrograms(lab, 'bin');
    lab.program('bin', 'iptables-save', `cat '${rulesFile(lab)}'`);
    const configFile = clientConfig(lab, await lab.sshd());
    printRows(await measure(lab, configFile));
  } finally {
    await lab.close();
  }
}

async function measure(lab: Lab, configFile: string): Promise<BenchRow[]> {
  note(`${flags.runs} runs each, ${flags.nodes} nodes with ${flags.kilobytes} kB of rules`);
  const more = ['--nodes', flags.nodes, ...(flags.concurrency === undefined ? [] : ['--concurrency', flags.concurrency])];
  const env = { PATH: process.env['PATH'] ?? '', HOME: lab.dir };
  const [ours, theirs] = await measureInTurn(
    [
      { label: `srcip, ${flags.nodes} nodes`, program: process.execPath, args: [SELF, '--collect', configFile, ...more], env },
      { label: `ssh, ${AT_A_TIME} at a time`, program: 'sh', args: [sshLoop(lab, configFile)], env },
    ],
    Number(flags.runs),
  );
  if (ours === undefined || theirs === undefined) throw new Error('two commands were measured');
  return [{ title: 'rules over SSH, time', ours, theirs, target: { kind: 'ratio', atMost: 1 } }];
}

/** What an operator would write; what the nodes print lands in files. */
function sshLoop(lab: Lab, configFile: string): string {
  mkdirSync(lab.path('out'), { recursive: true });
  writeFileSync(lab.path('nodes'), `${names.join('\n')}\n`);
  writeFileSync(lab.path('script'), nodeScript({ mark: '@mark', wanted: USUAL, chains: null }));
  writeFileSync(
    lab.path('one'),
    `#!/bin/sh\nexec ssh -F '${configFile}' "$1" 'sh -s' < '${lab.path('script')}' > '${lab.path('out')}'/"$1"\n`,
  );
  chmodSync(lab.path('one'), 0o755);
  writeFileSync(lab.path('loop'), `exec xargs -P ${AT_A_TIME} -n 1 '${lab.path('one')}' < '${lab.path('nodes')}'\n`);
  return lab.path('loop');
}

function clientConfig(lab: Lab, { port, hostKey }: Sshd): string {
  writeFileSync(lab.path('known_hosts'), `[127.0.0.1]:${port} ${lab.publicKey(hostKey)}\n`);
  const lines = [
    'Host node-*',
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${USER}`,
    `  IdentityFile ${lab.path('user')}`,
    `  UserKnownHostsFile ${lab.path('known_hosts')}`,
    '  BatchMode yes',
    '',
  ];
  writeFileSync(lab.path('config'), lines.join('\n'));
  return lab.path('config');
}

/** Rules like kube-proxy's, with hashes that do not repeat. */
function rulesFile(lab: Lab): string {
  const lines = ['*nat', ':PREROUTING ACCEPT [0:0]'];
  for (let size = 0, i = 0; size < Number(flags.kilobytes) * 1000; i++) {
    const name = (i * 7_919 + 100_003)
      .toString(36)
      .toUpperCase()
      .replace(/[0189]/g, 'Q')
      .padStart(16, 'ABCDEFGHIJKLMNOP');
    const line = `-A KUBE-SVC-${name} -m comment --comment "ns/web-${i}:http -> 10.244.${i % 250}.17:8080" -j KUBE-SEP-${name}`;
    size += line.length + 1;
    lines.push(line);
  }
  writeFileSync(lab.path('rules'), `${[...lines, 'COMMIT'].join('\n')}\n`);
  return lab.path('rules');
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
