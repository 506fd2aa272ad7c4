import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

export interface ProgramRun {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface ProgramEnd {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longest output of a small program, bytes. */
const LONGEST = 1 << 20;

/** Runs a small program without a shell and in bounded time; rejects when it cannot be started. */
export async function runProgram(program: string, { args, env, timeoutMs, signal }: ProgramRun): Promise<ProgramEnd> {
  const child = spawn(program, [...args], {
    env,
    shell: false,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    signal,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [status, stdout, stderr] = await Promise.all([ended, head(child.stdout), head(child.stderr)]);
  return { status, stdout, stderr };
}

/** The beginning of a stream; the rest is read and dropped, so that the writer does not wait. */
export async function head(stream: Readable, longest: number = LONGEST): Promise<string> {
  return text(
    Readable.from(
      (async function* () {
        let size = 0;
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          if (size < longest) yield chunk.subarray(0, longest - size);
          size += chunk.length;
        }
      })(),
    ),
  );
}
