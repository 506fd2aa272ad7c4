import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const SSHD = '/usr/sbin/sshd';
export const USER: string = userInfo().username;

export function programIsThere(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => folder !== '' && existsSync(join(folder, name)));
}

/** Folder that sshd wants when root starts it; usually made by the service that starts it. */
const SEPARATION = '/run/sshd';

/** Whether an OpenSSH server can be started here; without one the tests are skipped, and this says why. */
export function sshdIsThere(): boolean {
  const there = canStart();
  if (!there) process.stderr.write(`skipped: no OpenSSH server can be started here (${SSHD}, ${SEPARATION}); install openssh-server\n`);
  return there;
}

function canStart(): boolean {
  if (!existsSync(SSHD)) return false;
  if (process.getuid?.() !== 0 || existsSync(SEPARATION)) return true;
  try {
    mkdirSync(SEPARATION, { mode: 0o755 });
    return true;
  } catch {
    return false;
  }
}

export type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

/** Keys, programs and known hosts of one test file, in a folder of its own. */
export interface Lab {
  readonly dir: string;
  readonly path: (...parts: readonly string[]) => string;
  readonly makeKey: (name: string, more?: { readonly type?: KeyType; readonly passphrase?: string }) => string;
  readonly publicKey: (file: string) => string;
  readonly program: (bin: string, name: string, script: string) => void;
  /** Puts a program of this machine into a folder. */
  readonly borrow: (bin: string, name: string) => void;
  readonly sshd: (more?: SshdSettings) => Promise<Sshd>;
  readonly close: () => Promise<void>;
}

export interface SshdSettings {
  readonly addresses?: readonly string[];
  /** Lines of sshd_config that come first, and so win. */
  readonly config?: readonly string[];
  /** Folder of programs before all others on the PATH. */
  readonly bin?: string;
  /** The PATH after it. */
  readonly rest?: string;
  readonly hostKeys?: readonly string[];
}

export interface Sshd {
  readonly port: number;
  readonly pid: number;
  readonly hostKey: string;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

export function openLab(): Lab {
  const dir = mkdtempSync(join(tmpdir(), 'srcip-ssh-'));
  const servers: Sshd[] = [];
  const path = (...parts: readonly string[]): string => join(dir, ...parts);
  const makeKey: Lab['makeKey'] = (name, { type = 'ed25519', passphrase = '' } = {}) => {
    const file = path(name);
    // Few rounds: the tests wait for each of them.
    execFileSync('ssh-keygen', ['-q', '-t', type, '-a', '2', '-N', passphrase, '-C', name, '-f', file]);
    return file;
  };
  const program: Lab['program'] = (bin, name, script) => {
    mkdirSync(path(bin), { recursive: true });
    writeFileSync(path(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(path(bin, name), 0o755);
  };
  makeKey('host_ed25519');
  makeKey('user');
  cpSync(path('user.pub'), path('authorized_keys'));
  return {
    dir,
    path,
    makeKey,
    program,
    borrow(bin, name) {
      mkdirSync(path(bin), { recursive: true });
      const found = ['/usr/bin', '/bin'].map((folder) => join(folder, name)).find(existsSync);
      if (found !== undefined && !existsSync(path(bin, name))) symlinkSync(found, path(bin, name));
    },
    publicKey: (file) => readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' '),
    async sshd(settings = {}) {
      const server = await startSshd(dir, settings);
      servers.push(server);
      return server;
    },
    async close() {
      for (const server of servers) await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

let count = 0;

async function startSshd(
  dir: string,
  { addresses = ['127.0.0.1'], config = [], bin = 'bin', rest = '/usr/local/bin:/usr/bin:/bin', hostKeys = ['host_ed25519'] }: SshdSettings,
): Promise<Sshd> {
  const port = await freePort();
  const keys = hostKeys.map((name) => join(dir, name));
  const file = join(dir, `sshd_config.${count++}`);
  writeFileSync(
    file,
    [
      ...config,
      ...addresses.map((address) => `ListenAddress ${address.includes(':') ? `[${address}]` : address}:${port}`),
      ...keys.map((key) => `HostKey ${key}`),
      `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
      'UsePAM no',
      'StrictModes no',
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PidFile none',
      'MaxStartups 500',
      'PrintMotd no',
      'PrintLastLog no',
      'LogLevel VERBOSE',
      // With this SHLVL bash leaves the account's .bashrc alone, which takes time and changes the PATH.
      `SetEnv PATH=${join(dir, bin)}:${rest} SHLVL=2`,
      '',
    ].join('\n'),
  );
  const child = spawn(SSHD, ['-D', '-e', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const stop = stopper(child);
  for (const address of addresses)
    await listening(address, port, () => (child.exitCode === null ? null : log)).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  return { port, pid: child.pid ?? 0, hostKey: keys[0] ?? '', log: () => log, stop };
}

function stopper(child: ChildProcess): () => Promise<void> {
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function listening(address: string, port: number, died: () => string | null): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const why = died();
    if (why !== null) throw new Error(`sshd did not start: ${why}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, address);
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await sleep(25);
  }
  throw new Error(`sshd does not listen on ${address}:${port}`);
}
