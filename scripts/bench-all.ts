import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchRow, COLUMNS, cellsOf, troublesOf } from './bench/report.ts';

// All benches, one after the other: node scripts/run-ts.mjs scripts/bench-all.ts [--write]
// `--write` puts the table of this version into docs/benchmarks.md; tables of other versions stay. Nothing fails for a missed target.

const DOC = 'docs/benchmarks.md';
const BENCHES: readonly (readonly string[])[] = [
  ['bench.ts'],
  ['bench-check.ts'],
  ['bench-check.ts', '--mix=local', '--cloud=gce'],
  ['bench-scale.ts'],
  ['bench-rules.ts'],
  ['bench-ssh.ts'],
];

const folder = mkdtempSync(join(tmpdir(), 'srcip-bench-all-'));
const file = join(folder, 'rows');
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
for (const [script = '', ...words] of BENCHES)
  spawnSync(process.execPath, ['scripts/run-ts.mjs', `scripts/${script}`, ...words], {
    stdio: 'inherit',
    env: { ...env, BENCH_ROWS: file },
  });
const rows = existsSync(file)
  ? readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as BenchRow)
  : [];
rmSync(folder, { recursive: true, force: true });
if (process.argv.includes('--write')) writeFileSync(DOC, withTable(existsSync(DOC) ? readFileSync(DOC, 'utf8') : '', tableOf(rows)));

function tableOf(all: readonly BenchRow[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const troubles = [...troublesOf(all)].map((trouble) => `\nNot a valid figure: ${trouble}\n`).join('');
  return `${[line(COLUMNS.map((name) => name || ' ')), line(COLUMNS.map(() => '---')), ...all.map((row) => line(cellsOf(row)))].join('\n')}\n${troubles}`;
}

/** The section of this version is replaced, or put before the others. */
function withTable(text: string, table: string): string {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const [head = '', ...sections] = text.split(/^(?=## )/m);
  const machine = `${cpus().length} cores, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`;
  const mine = `## ${version}\n\n${machine}. Medians; a command and its reference run in turn, start-up included.\n\n${table}\n`;
  const others = sections.filter((section) => !section.startsWith(`## ${version}\n`));
  return [head, mine, ...others].join('');
}
