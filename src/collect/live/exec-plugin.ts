import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { Failure } from '../../net/failure.ts';
import type { Variables } from './kubeconfig.ts';
import type { ExecEntry } from './kubeconfig-entries.ts';
import type { Target } from './target.ts';
import { clean, codeOf, fileTrouble, isRecord, type Json, messageOf, quoted } from './text.ts';

/** What an exec plugin hands out. PEM text, not base64. */
export interface ExecCredential {
  readonly token: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

export interface ExecSurroundings {
  readonly variables: Variables;
  readonly stdinIsTerminal: boolean;
}

const GROUP = 'client.authentication.k8s.io';
const VERSIONS: readonly string[] = [`${GROUP}/v1`, `${GROUP}/v1beta1`];
const MAX_OUTPUT = 1 << 20;
/** Long enough to log in with a browser. */
const PATIENCE_MS = 5 * 60_000;

/**
 * Runs the user's exec plugin once, as client-go does: no shell, its prompts on our standard error, our standard input only when it may ask.
 * client-go: plugin/pkg/client/auth/exec.
 */
export async function runExecPlugin(exec: ExecEntry, target: Target, around: ExecSurroundings): Promise<ExecCredential> {
  const fail = (why: string, hint: string): Failure =>
    new Failure(`exec plugin ${quoted(exec.command)} of user ${quoted(target.userName)}: ${why}`, hint);
  if (!VERSIONS.includes(exec.apiVersion))
    throw fail(`invalid apiVersion ${quoted(exec.apiVersion)}`, `it must be ${VERSIONS.join(' or ')}`);
  if (exec.command === '') throw fail('no command', 'set users[].user.exec.command in the kubeconfig');
  const interactive = mayAsk(exec, around.stdinIsTerminal, fail);
  const info = {
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion,
    spec: { ...(exec.provideClusterInfo ? { cluster: await clusterInfo(target) } : {}), interactive },
  };
  const env: Record<string, string | undefined> = { ...around.variables };
  for (const { name, value } of exec.env) env[name] = value;
  env['KUBERNETES_EXEC_INFO'] = JSON.stringify(info);
  const output = await runOnce(exec, { env, interactive, fail });
  return readCredential(output, exec, fail);
}

type Fail = (why: string, hint: string) => Failure;

function mayAsk(exec: ExecEntry, stdinIsTerminal: boolean, fail: Fail): boolean {
  switch (exec.interactiveMode) {
    case 'Never':
      return false;
    case 'Always':
      if (!stdinIsTerminal)
        throw fail('it must ask, but standard input is not a terminal', 'run it from a terminal, without a pipe into it');
      return true;
    case 'IfAvailable':
      return stdinIsTerminal;
    case null:
      if (exec.apiVersion === `${GROUP}/v1`)
        throw fail('interactiveMode must be specified', 'set it to Never, IfAvailable or Always in the kubeconfig');
      return stdinIsTerminal;
    default:
      throw fail(`invalid interactiveMode ${quoted(exec.interactiveMode)}`, 'it must be Never, IfAvailable or Always');
  }
}

async function clusterInfo({ cluster, server }: Target): Promise<Json> {
  const caData = cluster.caData ?? (cluster.caFile === null ? null : (await readCa(cluster.caFile)).toString('base64'));
  return {
    server: server.href.replace(/\/$/, ''),
    ...(cluster.tlsServerName === null ? {} : { 'tls-server-name': cluster.tlsServerName }),
    ...(cluster.insecure ? { 'insecure-skip-tls-verify': true } : {}),
    ...(caData === null ? {} : { 'certificate-authority-data': caData }),
    ...(cluster.proxyUrl === null ? {} : { 'proxy-url': cluster.proxyUrl }),
    ...(cluster.disableCompression ? { 'disable-compression': true } : {}),
    ...(cluster.execConfig === undefined ? {} : { config: cluster.execConfig }),
  };
}

async function readCa(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw new Failure(`unable to read certificate-authority ${quoted(path)}: ${fileTrouble(error)}`, 'mend its path in the kubeconfig');
  });
}

interface Run {
  readonly env: Record<string, string | undefined>;
  readonly interactive: boolean;
  readonly fail: Fail;
}

function runOnce(exec: ExecEntry, { env, interactive, fail }: Run): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(exec.command, [...exec.args], {
      env,
      shell: false,
      stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
    });
    let stopped: Failure | null = null;
    const stop = (why: string): void => {
      stopped ??= fail(why, 'run it by hand to see what it prints');
      child.kill('SIGKILL');
      child.stdout?.destroy();
    };
    const timer = setTimeout(() => stop('it did not finish within 5 minutes'), PATIENCE_MS);
    const output = collect(child, () => stop('it printed more than 1 MiB'));
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(notStarted(error, exec, fail));
    });
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      if (stopped !== null) reject(stopped);
      else if (status === 0) resolve(output());
      else
        reject(
          fail(
            `failed with ${status === null ? `signal ${signal}` : `exit code ${status}`}`,
            'its own message stands above; log in again, or run it by hand',
          ),
        );
    });
  });
}

function collect(child: ChildProcess, overflow: () => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_OUTPUT) overflow();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function notStarted(error: Error, exec: ExecEntry, fail: Fail): Failure {
  const absent = codeOf(error) === 'ENOENT';
  const hint = exec.installHint === null ? 'install it, or mend its path in the kubeconfig' : clean(exec.installHint);
  return fail(absent ? 'executable not found' : `cannot be run: ${fileTrouble(error)}`, hint);
}

function readCredential(output: string, exec: ExecEntry, fail: Fail): ExecCredential {
  const hint = `it must print an ExecCredential of ${exec.apiVersion} on standard output`;
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch (error) {
    // The parser quotes what it could not read, which may be a secret.
    throw fail(error instanceof SyntaxError ? 'it printed no JSON' : messageOf(error), hint);
  }
  if (!isRecord(answer) || answer['apiVersion'] !== exec.apiVersion) {
    const version = isRecord(answer) ? String(answer['apiVersion'] ?? '') : '';
    throw fail(`it is configured to use API version ${exec.apiVersion}, but returned ${quoted(version)}`, hint);
  }
  const status = answer['status'];
  if (!isRecord(status)) throw fail('it returned no status', hint);
  const credential = {
    token: textOf(status['token']),
    cert: textOf(status['clientCertificateData']),
    key: textOf(status['clientKeyData']),
  };
  if (credential.token === null && credential.cert === null && credential.key === null)
    throw fail('it returned no token and no cert/key pair', hint);
  if ((credential.cert === null) !== (credential.key === null)) throw fail('it returned only a certificate or only a key, not both', hint);
  return credential;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
