import { spawn } from 'node:child_process';
import type { UserEntry } from '../collect/live/kubeconfig-entries.ts';
import type { Target } from '../collect/live/target.ts';

const MAX_OUTPUT = 1 << 20;

/**
 * The user with what their exec plugin hands out. Nobody can be asked while words are completed: a plugin that must ask is not started, another one
 * gets no input, no terminal to write on, and ends with the time for completion.
 */
export async function withPlugin(target: Target, signal: AbortSignal): Promise<UserEntry> {
  const { user, server } = target;
  const { exec } = user;
  if (exec === null || user.token !== null || user.tokenFile !== null || server.protocol === 'http:') return user;
  if (exec.interactiveMode === 'Always' || exec.command === '') throw new Error('the exec plugin would ask');
  const { token, clientCertificateData: cert, clientKeyData: key } = credentialIn(await runSilently(target, exec, signal));
  const pair = typeof cert === 'string' && typeof key === 'string' ? { certData: base64(cert), keyData: base64(key) } : {};
  return { ...user, exec: null, token: typeof token === 'string' && token !== '' ? token : null, ...pair };
}

type Exec = NonNullable<UserEntry['exec']>;

function runSilently({ cluster, server }: Target, exec: Exec, signal: AbortSignal): Promise<string> {
  const about = {
    server: server.href.replace(/\/$/, ''),
    ...(cluster.caData === null ? {} : { 'certificate-authority-data': cluster.caData }),
  };
  const config = cluster.execConfig === undefined ? {} : { config: cluster.execConfig };
  const spec = { ...(exec.provideClusterInfo ? { cluster: { ...about, ...config } } : {}), interactive: false };
  const env: Record<string, string | undefined> = { ...process.env };
  for (const { name, value } of exec.env) env[name] = value;
  env['KUBERNETES_EXEC_INFO'] = JSON.stringify({ kind: 'ExecCredential', apiVersion: exec.apiVersion, spec });
  return new Promise((resolve, reject) => {
    const child = spawn(exec.command, [...exec.args], { env, stdio: ['ignore', 'pipe', 'ignore'], signal, killSignal: 'SIGKILL' });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > MAX_OUTPUT) child.kill('SIGKILL');
    });
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(output) : reject(new Error('the exec plugin failed'))));
  });
}

function credentialIn(output: string): Readonly<Record<string, unknown>> {
  const { status } = JSON.parse(output) as { readonly status?: Readonly<Record<string, unknown>> };
  return status ?? {};
}

function base64(pem: string): string {
  return Buffer.from(pem).toString('base64');
}
