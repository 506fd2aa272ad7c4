import { base64 } from '../../collect/live/support/files.ts';
import { rows, type Try } from '../support/row.ts';
import type { Stage } from '../support/stage.ts';

const V1 = 'client.authentication.k8s.io/v1';
const BETA = 'client.authentication.k8s.io/v1beta1';

/** A shell line that prints an ExecCredential with this status. */
function prints(status: object, apiVersion = V1): string {
  return `printf '%s' '${JSON.stringify({ apiVersion, kind: 'ExecCredential', status })}'`;
}

interface Words {
  /** Lines of the plugin. */
  readonly text: string;
  readonly exec?: object;
  readonly user?: object;
  readonly cluster?: object;
  readonly rest?: Try;
}

/** A user whose plugin is `DIR/plugin`. */
const plugin =
  (words: Words | ((stage: Stage) => Words | Promise<Words>)) =>
  async (stage: Stage): Promise<Try> => {
    const { text, exec = {}, user = {}, cluster = {}, rest = {} } = typeof words === 'function' ? await words(stage) : words;
    await stage.script('plugin', text);
    return stage.one(
      { cluster, user: { exec: { apiVersion: V1, interactiveMode: 'Never', command: './plugin', ...exec }, ...user } },
      rest,
    );
  };

const TOKEN = prints({ token: 'plugged' });
/** Sends on as token what the plugin was given. */
const echoes = (value: string): string =>
  `value=$(printf '%s' "${value}" | tr -c 'a-zA-Z0-9.:,_/-' '_')\nprintf '{"apiVersion":"${V1}","kind":"ExecCredential","status":{"token":"%s"}}' "$value"`;
const field = (name: string): string => `$(printf '%s' "$KUBERNETES_EXEC_INFO" | sed 's/.*"${name}":\\("[^"]*"\\|[a-z]*\\).*/\\1/')`;

/** Runs the command on a terminal of its own. */
function onTerminal(command: readonly string[]): readonly string[] {
  return ['script', '-qec', command.map((word) => `'${word}'`).join(' '), '/dev/null'];
}

const ASKS = `printf 'Password: ' >&2\nread -r answer\n${echoes('$answer')}`;

export const EXEC = rows(
  'Exec plugins',
  { name: 'v1, relative to the kubeconfig', set: plugin({ text: TOKEN, rest: { cwd: '/' } }) },
  { name: 'v1beta1', set: plugin({ text: prints({ token: 'plugged' }, BETA), exec: { apiVersion: BETA } }) },
  { name: 'v1alpha1', set: plugin({ text: TOKEN, exec: { apiVersion: 'client.authentication.k8s.io/v1alpha1' } }) },
  { name: 'no apiVersion', set: plugin({ text: TOKEN, exec: { apiVersion: '' } }) },
  { name: 'no command', set: plugin({ text: TOKEN, exec: { command: '' } }) },
  {
    name: 'by name, found on the PATH',
    set: plugin((s) => ({ text: TOKEN, exec: { command: 'plugin' }, rest: { env: { PATH: `${s.folder.path}:${process.env['PATH']}` } } })),
  },
  { name: 'arguments, passed as they are', set: plugin({ text: echoes('$#,$1,$2'), exec: { args: ['a b', '$(id);x'] } }) },
  {
    name: 'environment of the entry over that of the process',
    set: plugin({
      text: echoes('$ONE,$TWO'),
      exec: { env: [{ name: 'ONE', value: 'entry' }] },
      rest: { env: { ONE: 'process', TWO: 'process' } },
    }),
  },
  { name: 'the request in KUBERNETES_EXEC_INFO: version', set: plugin({ text: echoes(field('apiVersion')) }) },
  { name: 'the request in KUBERNETES_EXEC_INFO: interactive', set: plugin({ text: echoes(field('interactive')) }) },
  {
    name: 'provideClusterInfo: tls-server-name and the extension',
    set: plugin({
      text: echoes(`${field('tls-server-name')},${field('audience')}`),
      exec: { provideClusterInfo: true },
      cluster: {
        'tls-server-name': 'api.test',
        extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'abc' } }],
      },
    }),
  },
  { name: 'provideClusterInfo is off', set: plugin({ text: echoes(`$(printf '%s' "$KUBERNETES_EXEC_INFO" | grep -c certificate)`) }) },
  {
    name: 'a client certificate',
    set: plugin((s) => ({
      text: prints({ clientCertificateData: s.pki.client.cert, clientKeyData: s.pki.client.key }).replaceAll('%s', '%b'),
    })),
  },
  {
    name: 'a client certificate and a token',
    set: plugin((s) => ({
      text: prints({ token: 'plugged', clientCertificateData: s.pki.client.cert, clientKeyData: s.pki.client.key }).replaceAll('%s', '%b'),
    })),
  },
  {
    name: 'only a client certificate, no key',
    set: plugin((s) => ({ text: prints({ clientCertificateData: s.pki.client.cert }).replaceAll('%s', '%b') })),
  },
  { name: 'an empty status', set: plugin({ text: prints({}) }) },
  { name: 'no JSON', set: plugin({ text: 'echo hello' }) },
  {
    name: 'nothing printed',
    differs: 'the same refusal: kubectl takes nothing for another version, srcip says that nothing was printed',
    set: plugin({ text: 'true' }),
  },
  { name: 'another version than asked', set: plugin({ text: prints({ token: 'plugged' }, BETA) }) },
  { name: 'a token that has expired', set: plugin({ text: prints({ token: 'plugged', expirationTimestamp: '2020-01-01T00:00:00Z' }) }) },
  {
    name: 'a token that the server refuses',
    set: async (s) => {
      const api = await s.api('main', {
        instead: (_request, response, seen) => {
          if (seen.headers.authorization !== 'Bearer stale') return false;
          response.writeHead(401, { 'content-type': 'application/json' }).end(
            JSON.stringify({
              kind: 'Status',
              apiVersion: 'v1',
              status: 'Failure',
              message: 'Unauthorized',
              reason: 'Unauthorized',
              code: 401,
            }),
          );
          return true;
        },
      });
      await s.script('plugin', prints({ token: 'stale' }));
      return s.one({ api, user: { exec: { apiVersion: V1, interactiveMode: 'Never', command: './plugin' } } });
    },
  },
  {
    name: 'it fails: exit code, its own words',
    set: plugin({ text: 'echo "please log in" >&2; exit 3', rest: { tells: /please log in/ } }),
  },
  {
    name: 'it is not there: the install hint',
    set: plugin({
      text: 'true',
      exec: { command: 'no-such-plugin-here', installHint: 'get it at example.net' },
      rest: { tells: /get it at example\.net/ },
    }),
  },
  { name: 'it is not there, by path', set: plugin({ text: 'true', exec: { command: './missing' } }) },
  {
    name: 'it cannot be run',
    set: async (s) => {
      await s.write('plain', 'hello');
      return plugin({ text: 'true', exec: { command: './plain' } })(s);
    },
  },
  { name: 'v1 without interactiveMode', set: plugin({ text: TOKEN, exec: { interactiveMode: null } }) },
  {
    name: 'v1beta1 without interactiveMode',
    set: plugin({ text: prints({ token: 'plugged' }, BETA), exec: { apiVersion: BETA, interactiveMode: null } }),
  },
  { name: 'an unknown interactiveMode', set: plugin({ text: TOKEN, exec: { interactiveMode: 'Sometimes' } }) },
  { name: 'Never, without a terminal: no standard input', set: plugin({ text: echoes('$(cat)'), rest: { stdin: 'from-stdin' } }) },
  {
    name: 'IfAvailable, without a terminal: no standard input',
    set: plugin({ text: echoes('$(cat)'), exec: { interactiveMode: 'IfAvailable' }, rest: { stdin: 'from-stdin' } }),
  },
  { name: 'Always, without a terminal', set: plugin({ text: TOKEN, exec: { interactiveMode: 'Always' } }) },
  {
    name: 'IfAvailable, on a terminal: it asks',
    set: plugin({ text: ASKS, exec: { interactiveMode: 'IfAvailable' }, rest: { wrap: onTerminal, input: 'typed\n' } }),
  },
  {
    name: 'Always, on a terminal: it asks',
    set: plugin({ text: ASKS, exec: { interactiveMode: 'Always' }, rest: { wrap: onTerminal, input: 'typed\n' } }),
  },
  { name: 'Never, on a terminal: it cannot ask', set: plugin({ text: echoes('$(cat)'), rest: { wrap: onTerminal } }) },
  { name: 'a token in the kubeconfig goes over it', set: plugin({ text: TOKEN, user: { token: 't1' } }) },
  { name: '--token goes over it', set: plugin({ text: TOKEN, rest: { flags: ['--token', 't2'] } }) },
  {
    name: 'with a client certificate in the kubeconfig',
    set: plugin((s) => ({
      text: TOKEN,
      user: { 'client-certificate-data': base64(s.pki.client.cert), 'client-key-data': base64(s.pki.client.key) },
    })),
  },
  { name: 'with a password in the kubeconfig', set: plugin({ text: TOKEN, user: { username: 'al', password: 'pw' } }) },
  { name: 'with impersonation', set: plugin({ text: TOKEN, rest: { flags: ['--as', 'jane'] } }) },
  { name: 'with an auth provider', set: plugin({ text: TOKEN, user: { 'auth-provider': { name: 'oidc', config: {} } } }) },
  {
    name: 'an http server: not run',
    set: async (s) => {
      await s.script('plugin', 'touch ran; exit 1');
      return s.one({
        api: await s.api('plain', { pair: null }),
        user: { exec: { apiVersion: V1, interactiveMode: 'Never', command: './plugin' } },
      });
    },
  },
);
