import type { LiveClient } from '../live/client.ts';
import { clean, isRecord } from '../live/text.ts';
import type { Listening } from '../live/websocket.ts';
import type { ContainerPlace } from './types.ts';

/** How a program in a container ended. */
export type ProgramEnd =
  | { readonly kind: 'ended'; readonly status: number; readonly stdout: string; readonly stderr: string }
  /** The image does not have it. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly why: string };

export interface RunLimits {
  /** Most bytes of output. */
  readonly fileLimit: number;
  readonly signal: AbortSignal;
}

// k8s.io/apimachinery pkg/util/remotecommand: v5 adds a way to close stdin, which is not used here; both carry a Status at the end.
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const CHANNEL = { stdout: 1, stderr: 2, status: 3 } as const;
const STDERR_LIMIT = 1 << 16;

/** Runs one program in a container, without a shell. Throws ApiError or Failure when it cannot be started at all, and the signal's reason. */
export async function runInPod(
  api: LiveClient,
  place: ContainerPlace & { readonly command: readonly string[] },
  { fileLimit, signal }: RunLimits,
): Promise<ProgramEnd> {
  signal.throwIfAborted();
  const path = `/api/v1/namespaces/${encodeURIComponent(place.namespace)}/pods/${encodeURIComponent(place.pod)}/exec`;
  const query = [
    ...place.command.map((word) => ['command', word] as const),
    ...(place.container === undefined ? [] : [['container', place.container] as const]),
    ['stdout', 'true'] as const,
    ['stderr', 'true'] as const,
  ];
  const finished = new AbortController();
  const whenAborted = (stop: () => void): void => signal.addEventListener('abort', stop, { once: true, signal: finished.signal });
  const opening = api.listen(path, query, PROTOCOLS);
  try {
    const listening = await new Promise<Listening>((resolve, reject) => {
      opening.then(resolve, reject);
      whenAborted(() => reject(signal.reason));
    });
    whenAborted(() => listening.end(new Error('interrupted')));
    const end = await readOutput(listening.messages, fileLimit);
    // Whatever broke after the signal broke because of it.
    if (end.kind === 'failed') signal.throwIfAborted();
    return end;
  } finally {
    finished.abort();
    if (signal.aborted) opening.then((late) => late.end(new Error('interrupted'))).catch(() => undefined);
  }
}

async function readOutput(messages: AsyncIterable<Buffer>, fileLimit: number): Promise<ProgramEnd> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let [outSize, errSize] = [0, 0];
  try {
    for await (const message of messages) {
      const [channel, data] = [message[0], message.subarray(1)];
      if (channel === CHANNEL.status && data.length > 0) {
        const text = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString('utf8');
        return endOf(data.toString('utf8'), { stdout: text(stdout), stderr: text(stderr) });
      }
      if (channel === CHANNEL.stdout) {
        outSize += data.length;
        if (outSize > fileLimit)
          return { kind: 'failed', why: `printed more than ${fileLimit / 2 ** 20} MiB; read the rules with --rules ssh` };
        stdout.push(data);
      }
      if (channel === CHANNEL.stderr && errSize < STDERR_LIMIT) errSize += stderr[stderr.push(data) - 1]?.length ?? 0;
    }
  } catch (error) {
    return {
      kind: 'failed',
      why: `the connection was lost before the end (${clean(error instanceof Error ? error.message : String(error))})`,
    };
  }
  return { kind: 'failed', why: 'the connection was closed before the end' };
}

/** The Status that ends a stream: k8s.io/apimachinery pkg/util/remotecommand NonZeroExitCodeReason, and what the container runtime said. */
function endOf(text: string, output: { readonly stdout: string; readonly stderr: string }): ProgramEnd {
  const status = parse(text);
  if (status?.['status'] === 'Success') return { kind: 'ended', status: 0, ...output };
  const message = clean(typeof status?.['message'] === 'string' ? status['message'] : text);
  const code = exitCode(status?.['details']);
  // containerd and CRI-O fail to start it; runc and kata, and a shell in between, end with 126 or 127.
  if (isAbsent(message) || ((code === null || code === 126 || code === 127) && isAbsent(output.stderr))) return { kind: 'absent' };
  return code === null ? { kind: 'failed', why: message } : { kind: 'ended', status: code, ...output };
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function exitCode(details: unknown): number | null {
  const causes = isRecord(details) && Array.isArray(details['causes']) ? details['causes'] : [];
  const cause = causes.filter(isRecord).find(({ reason }) => reason === 'ExitCode')?.['message'];
  return typeof cause === 'string' && /^\d{1,3}$/.test(cause) ? Number(cause) : null;
}

function isAbsent(text: string): boolean {
  return /executable file not found|no such file or directory|not found in \$PATH|was not found/i.test(text);
}
