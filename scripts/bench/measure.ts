import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A process to time. */
export interface Command {
  readonly label: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What the runs of a command came to. */
export interface Measured {
  readonly label: string;
  readonly runs: number;
  /** Median wall time. */
  readonly seconds: number;
  /** Highest of all runs; null where it cannot be measured. */
  readonly peakMB: number | null;
  /** What went wrong, if a run did not exit with 0. */
  readonly trouble: string | null;
}

interface Run {
  readonly seconds: number;
  readonly peakMB: number | null;
  readonly trouble: string | null;
}

const GNU_TIME = '/usr/bin/time';

/** One warm-up each, then so many runs of each, in turn. */
export async function measureInTurn(commands: readonly Command[], runs: number): Promise<Measured[]> {
  const taken = commands.map((): Run[] => []);
  for (let round = 0; round <= runs; round++) {
    for (const [i, command] of commands.entries()) {
      const run = await runOnce(command);
      if (round > 0) taken[i]?.push(run);
    }
  }
  return commands.map((command, i) => summarise(command, taken[i] ?? []));
}

function summarise({ label }: Command, runs: readonly Run[]): Measured {
  const peaks = runs.map((run) => run.peakMB).filter((peak) => peak !== null);
  return {
    label,
    runs: runs.length,
    seconds: median(runs.map((run) => run.seconds)),
    peakMB: peaks.length === 0 ? null : Math.max(...peaks),
    trouble: runs.map((run) => run.trouble).find((trouble) => trouble !== null) ?? null,
  };
}

async function runOnce(command: Command): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'srcip-time-'));
  try {
    return hasGnuTime() ? await runUnderTime(command, join(folder, 'peak')) : await runWatched(command);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runUnderTime(command: Command, report: string): Promise<Run> {
  const run = await timed(
    { ...command, program: GNU_TIME, args: ['-q', '-f', '%M', '-o', report, command.program, ...command.args] },
    () => {},
  );
  return { ...run, peakMB: megabytes(Number(readFileSync(report, 'utf8').trim())) };
}

/** Without GNU time the kernel's own high-water mark is read while the process runs; the last moment may be missed. */
async function runWatched(command: Command): Promise<Run> {
  let peakMB: number | null = null;
  const run = await timed(command, (pid) => {
    peakMB = highWaterMark(pid) ?? peakMB;
  });
  return { ...run, peakMB };
}

function timed({ program, args, env }: Command, watch: (pid: number) => void): Promise<{ seconds: number; trouble: string | null }> {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    const watcher = setInterval(() => watch(child.pid ?? 0), 5);
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors = `${errors}${String(chunk)}`.slice(0, 2000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watcher);
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      resolve({ seconds, trouble: code === 0 ? null : `exit ${code}: ${tellingLine(errors)}` });
    });
  });
}

/** The line that names the error; the first one when none does. */
function tellingLine(errors: string): string {
  const lines = errors.trim().split('\n');
  return lines.find((line) => /error/i.test(line)) ?? lines[0] ?? '';
}

function megabytes(kib: number): number {
  return (kib * 1024) / 1e6;
}

function highWaterMark(pid: number): number | null {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return null;
  try {
    const kib = /^VmHWM:\s+(?<kib>\d+) kB$/m.exec(readFileSync(path, 'utf8'))?.groups?.['kib'];
    return kib === undefined ? null : megabytes(Number(kib));
  } catch {
    // The process ended in between.
    return null;
  }
}

let gnuTime: boolean | undefined;

function hasGnuTime(): boolean {
  gnuTime ??= spawnSync(GNU_TIME, ['-q', '-f', '%M', process.execPath, '-e', '0']).status === 0;
  return gnuTime;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] =
    sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : [sorted[middle - 1], sorted[middle]];
  return (low + high) / 2;
}
