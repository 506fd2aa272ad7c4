import type { Duplex } from 'node:stream';
import type ssh2 from 'ssh2';
import { messageOf } from '../live/text.ts';
import type { HostConfig } from './config-values.ts';
import { startDeadline } from './deadline.ts';
import { forward, tcp } from './dial.ts';
import { type LoginSurroundings, logIn } from './login.ts';
import { createRouter } from './route.ts';
import { SshTrouble, seconds } from './trouble.ts';

/** Opens connections, through jump hosts where configured. One connection to a jump host serves all nodes behind it. */
export interface Connector {
  open(host: string): Promise<Connection>;
  close(): void;
}

export interface Connection {
  readonly client: ssh2.Client;
  readonly sock: Duplex;
}

export interface ConnectorSettings extends LoginSurroundings {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export function createConnector(settings: ConnectorSettings): Connector {
  const { options, signal } = settings;
  const jumps = new Map<string, Promise<Connection>>();
  const route = createRouter({ options, signal });

  /** The connection to the last of the stops. What is shared is always a shorter way, so that no two can wait for each other. */
  async function reach(stops: readonly HostConfig[]): Promise<Connection | null> {
    const last = stops.at(-1);
    if (last === undefined) return null;
    const key = stops.map(({ user, hostName, port }) => `${user}@${hostName}:${port}`).join(' ');
    const known = jumps.get(key);
    if (known !== undefined) return known;
    const opened = openJump(last, stops.slice(0, -1));
    jumps.set(key, opened);
    opened.then(
      ({ client }) => client.once('close', () => jumps.delete(key)),
      () => undefined,
    );
    return opened;
  }

  async function openJump(last: HostConfig, before: readonly HostConfig[]): Promise<Connection> {
    const reached = await reach(before);
    try {
      return await logInTo(last, { before: reached, settings });
    } catch (error) {
      throw new SshTrouble(`jump host ${last.hostName}: ${messageOf(error)}`);
    }
  }

  return {
    async open(host) {
      const { config, stops } = await route({ host, user: options.user ?? null, port: options.port ?? null });
      return logInTo(config, { before: await reach(stops), settings });
    },
    close() {
      for (const opened of jumps.values()) opened.then(endConnection, () => undefined);
      jumps.clear();
    },
  };
}

/** Says goodbye, and does not wait long for the answer. */
export function endConnection({ client, sock }: Connection): void {
  client.end();
  setTimeout(() => sock.destroy(), 500).unref();
}

interface LoginWay {
  readonly before: Connection | null;
  readonly settings: ConnectorSettings;
}

async function logInTo(config: HostConfig, { before, settings }: LoginWay): Promise<Connection> {
  const { signal, timeoutMs } = settings;
  const stop = new AbortController();
  const interrupted = (): void => stop.abort(new SshTrouble('interrupted'));
  signal.throwIfAborted();
  signal.addEventListener('abort', interrupted, { once: true });
  const deadline = startDeadline(timeoutMs, () => stop.abort(new SshTrouble(`connect timed out after ${seconds(timeoutMs)}`)));
  let sock: Duplex | null = null;
  const stopped = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => {
      sock?.destroy();
      reject(stop.signal.reason);
    });
  });
  stopped.catch(() => undefined);
  const steps = async (): Promise<Connection> => {
    sock = before === null ? await tcp(config, stop.signal) : await forward(config, before.client);
    if (stop.signal.aborted) sock.destroy();
    return { client: await logIn(config, { sock, deadline, around: settings }), sock };
  };
  try {
    return await Promise.race([steps(), stopped]);
  } finally {
    deadline.stop();
    signal.removeEventListener('abort', interrupted);
  }
}
