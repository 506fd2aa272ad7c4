import { type ChildProcess, spawn } from 'node:child_process';
import { Failure } from '../../net/failure.ts';
import { fileTrouble, quoted } from '../live/text.ts';
import { type Backend, type Finished, type Job, SHELL, STDERR_LIMIT } from './backend.ts';
import type { BackendSettings } from './builtin.ts';
import { commonArgs, hopArgs } from './host-config.ts';
import { opensshWarning } from './openssh-words.ts';
import { head, runProgram } from './program.ts';
import { SshTrouble, seconds } from './trouble.ts';
import type { SshOptions } from './types.ts';

/** SSH through the user's OpenSSH client, which knows certificates, security keys and every key exchange. It never asks anything. */
export async function createOpensshBackend(program: string, settings: BackendSettings): Promise<Backend> {
  const { options, signal } = settings;
  const env = options.variables ?? process.env;
  await runProgram(program, { args: ['-V'], env, timeoutMs: 10_000, signal }).catch((error: unknown) => {
    throw new Failure(
      `--ssh-command ${quoted(program)} cannot be run: ${fileTrouble(error)}`,
      'name the OpenSSH client, without arguments',
    );
  });
  return {
    async run(host, job) {
      signal.throwIfAborted();
      const child = spawn(program, sshArgs(host, settings), { env, shell: false, stdio: ['pipe', 'pipe', 'pipe'] });
      return readChild(child, { job, settings });
    },
    close: () => undefined,
  };
}

function sshArgs(host: string, { options, connectTimeoutMs }: BackendSettings): string[] {
  const settings = [
    'BatchMode=yes',
    `ConnectTimeout=${Math.max(1, Math.ceil(connectTimeoutMs / 1000))}`,
    'ForwardAgent=no',
    'ForwardX11=no',
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
    'RemoteCommand=none',
    'RequestTTY=no',
    ...(options.acceptNew === true ? ['StrictHostKeyChecking=accept-new'] : []),
    ...(options.knownHosts === undefined ? [] : knownHostsSettings(options.knownHosts)),
  ];
  return [
    ...commonArgs(options),
    ...settings.flatMap((setting) => ['-o', setting]),
    ...hopArgs({ host, user: options.user ?? null, port: options.port ?? null }),
    ...jumpArgs(options),
    '--',
    host,
    SHELL,
  ];
}

function knownHostsSettings(files: readonly string[]): readonly string[] {
  return [`UserKnownHostsFile=${files.map((file) => `"${file}"`).join(' ')}`, 'GlobalKnownHostsFile=none'];
}

function jumpArgs({ jump }: SshOptions): readonly string[] {
  return jump === undefined ? [] : ['-J', jump];
}

interface Running {
  readonly job: Job;
  readonly settings: BackendSettings;
}

async function readChild(child: ChildProcess, { job, settings }: Running): Promise<Finished> {
  const { signal, connectTimeoutMs, commandTimeoutMs } = settings;
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new SshTrouble('the ssh client has no pipes');
  let lost: string | null = null;
  const stop = (why: string): void => {
    lost ??= why;
    child.kill('SIGTERM');
    stdout.destroy();
    stderr.destroy();
  };
  const interrupted = (): void => stop('interrupted');
  const patience = connectTimeoutMs + commandTimeoutMs;
  const timer = setTimeout(() => stop(`the commands did not finish within ${seconds(patience)}`), patience);
  signal.addEventListener('abort', interrupted, { once: true });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
  });
  stdin.on('error', () => undefined);
  stdin.end(job.script);
  try {
    const [status, said] = await Promise.all([ended, head(stderr, STDERR_LIMIT).catch(() => ''), job.read(stdout)]);
    const warning = status === 255 ? opensshWarning(said) : null;
    if (warning !== null) settings.options.warn?.(warning);
    return { status, stderr: said, lost };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', interrupted);
  }
}
