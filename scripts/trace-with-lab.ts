// Holds the paths that `trace` shows against what a real kernel reports of the same packets (`xtables-monitor --trace`), node by node and rule by rule.
// usage: node scripts/run-ts.mjs scripts/trace-with-lab.ts LAB-FOLDER [--packets N] [--seed S] [--keep FOLDER]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Compared, compareCase, isRecorded, recordedNow } from '../test/support/kernel-trace.ts';

const SKIPPED = 77;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

function record(lab: string, out: string, more: readonly string[]): number {
  const recorder = join('scripts', 'trace-with-lab.py');
  const { status, error } = spawnSync('python3', [recorder, lab, out, ...more], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (error !== undefined) {
    print(`trace-with-lab: skipped: python3: ${error.message}`);
    return SKIPPED;
  }
  return status ?? 1;
}

function compareAll(out: string): { readonly clusters: number; readonly compared: readonly Compared[] } {
  const clusters = readdirSync(out)
    .filter((name) => isRecorded(join(out, name)))
    .sort();
  return { clusters: clusters.length, compared: clusters.flatMap((name) => compareCase(recordedNow(join(out, name)))) };
}

function report(clusters: number, compared: readonly Compared[]): number {
  const of = (grade: Compared['grade']): readonly Compared[] => compared.filter((each) => each.grade === grade);
  for (const { grade, about, detail } of compared) if (grade !== 'equal') print(`${grade.toUpperCase()} ${about}\n   ${detail}`);
  const steps = compared.reduce((sum, each) => sum + each.steps, 0);
  const answers = compared.filter(({ answer }) => answer).length;
  print(
    `${compared.length} packets and ${answers} answers over ${clusters} clusters, ${steps} rules and policies: ${of('equal').length} paths equal, ${of('undetermined').length} undetermined, ${of('hidden').length} decided by what no dump shows, ${of('different').length} different`,
  );
  return of('different').length > 0 || compared.length === 0 ? 1 : 0;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { packets: { type: 'string', default: '600' }, seed: { type: 'string', default: '1' }, keep: { type: 'string' } },
});
const lab = positionals[0] ?? join('..', 'shared', 'lab');
const out = values.keep === undefined ? mkdtempSync(join(tmpdir(), 'kernel-trace-')) : resolve(values.keep);
try {
  const status = record(lab, out, ['--packets', values.packets, '--seed', values.seed]);
  if (status === SKIPPED) process.exitCode = 0;
  else {
    const { clusters, compared } = compareAll(out);
    process.exitCode = report(clusters, compared) || status;
  }
} finally {
  if (values.keep === undefined) rmSync(out, { recursive: true, force: true });
}
