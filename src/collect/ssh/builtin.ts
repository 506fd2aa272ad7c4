import { PassThrough } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { messageOf } from '../live/text.ts';
import { type Backend, type Finished, type Job, SHELL, STDERR_LIMIT } from './backend.ts';
import { type Connection, type Connector, createConnector, endConnection } from './connect.ts';
import { openKeyRing } from './keys.ts';
import { openKnownHosts } from './known-hosts-store.ts';
import { head } from './program.ts';
import { SshTrouble, seconds } from './trouble.ts';
import type { SshOptions } from './types.ts';

export interface BackendSettings {
  readonly options: SshOptions;
  readonly signal: AbortSignal;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
}

/** SSH without an SSH program: ssh2, with the host-key rules of OpenSSH. */
export function createBuiltinBackend(settings: BackendSettings): Backend {
  const { options, signal, connectTimeoutMs } = settings;
  const connector: Connector = createConnector({
    options,
    signal,
    timeoutMs: connectTimeoutMs,
    keys: openKeyRing(options),
    knownHosts: openKnownHosts(),
  });
  return {
    async run(host, job) {
      const connection = await connector.open(host);
      try {
        return await runOn(connection, { job, settings });
      } finally {
        endConnection(connection);
      }
    },
    close: () => connector.close(),
  };
}

/** How long the end of a connection may take after everything was read. */
const GRACE_MS = 2000;

interface Running {
  readonly job: Job;
  readonly settings: BackendSettings;
}

async function runOn(connection: Connection, { job, settings: { signal, commandTimeoutMs } }: Running): Promise<Finished> {
  let lost: string | null = null;
  let grace: NodeJS.Timeout | undefined;
  const halt = new AbortController();
  const stop = (why: string): void => {
    lost ??= why;
    halt.abort();
    // What runs on the node ends when it writes the next time, as with any SSH client without a terminal.
    connection.sock.destroy();
  };
  const interrupted = (): void => stop('interrupted');
  const timer = setTimeout(() => stop(`the commands did not finish within ${seconds(commandTimeoutMs)}`), commandTimeoutMs);
  signal.addEventListener('abort', interrupted, { once: true });
  try {
    const { channel, ended } = await openShell(connection, halt.signal);
    const stdout = channel.pipe(new PassThrough({ highWaterMark: 1 << 20 }));
    channel.end(job.script);
    const read = job.read(stdout).finally(() => {
      // A channel that is not read to its end never closes; a node that goes on and on is not waited for.
      channel.unpipe(stdout);
      channel.resume();
      grace = setTimeout(() => connection.sock.destroy(), GRACE_MS);
    });
    const [status, stderr] = await Promise.all([ended, head(channel.stderr, STDERR_LIMIT), read]);
    return { status, stderr, lost };
  } catch (error) {
    throw lost === null ? error : new SshTrouble(lost);
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
    signal.removeEventListener('abort', interrupted);
  }
}

interface Shell {
  readonly channel: ClientChannel;
  readonly ended: Promise<number | null>;
}

function openShell({ client }: Connection, signal: AbortSignal): Promise<Shell> {
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): void => reject(new SshTrouble(`no command can be run: ${messageOf(error)}`));
    // ssh2 forgets who waits for an answer when the connection ends before it.
    signal.addEventListener('abort', () => failed('stopped'));
    client.once('close', () => failed('the connection was closed'));
    try {
      client.exec(SHELL, (error, channel) => {
        // The exit code may come with the same packet: who waits for it has to be there already.
        if (error === undefined) resolve({ channel, ended: statusOf(channel) });
        else failed(error);
      });
    } catch (error) {
      failed(error);
    }
  });
}

function statusOf(channel: ClientChannel): Promise<number | null> {
  return new Promise((resolve) => {
    let status: number | null = null;
    channel.on('exit', (code: number | null) => {
      status = code;
    });
    channel.once('close', () => resolve(status));
    channel.on('error', () => undefined);
  });
}
