import { spawnSync } from 'node:child_process';
import { rows, type Try } from '../support/row.ts';
import type { Api, Stage } from '../support/stage.ts';

const FOLDER = '/run/secrets/kubernetes.io/serviceaccount';
/** A mount namespace of its own: what is mounted there is seen by the command alone. */
const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/run']).status === 0;

interface Words {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: (api: Api) => Readonly<Record<string, string>>;
  readonly rest?: (stage: Stage, api: Api) => Promise<Try> | Try;
}

/** A pod: the service account's files where the kubelet puts them, and the address of the API server in the environment. */
const pod =
  ({ files = {}, env = () => ({}), rest = () => ({}) }: Words = {}) =>
  async (stage: Stage): Promise<Try> => {
    const api = await stage.api();
    const all = { token: 'pod-token\n', 'ca.crt': stage.pki.ca.cert, namespace: 'shop', ...files };
    for (const [name, text] of Object.entries(all)) if (text !== '-') await stage.write(`account/${name}`, text);
    const more = await rest(stage, api);
    const script = `mount -t tmpfs none /run && mkdir -p ${FOLDER} && cp ${stage.path('account')}/* ${FOLDER}/ && exec "$@"`;
    return {
      ...more,
      env: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(api.port), ...env(api), ...more.env },
      wrap: (command) => ['unshare', '-m', 'sh', '-c', script, 'sh', ...command],
    };
  };

const skip = canMount ? false : 'needs root and mount namespaces';

export const IN_CLUSTER = rows(
  'In a pod',
  { name: 'the service account', set: pod(), skip },
  { name: 'another namespace', set: pod({ rest: () => ({ flags: ['-n', 'default'] }) }), skip },
  { name: 'POD_NAMESPACE goes over the file', set: pod({ files: { namespace: 'default' }, env: () => ({ POD_NAMESPACE: 'shop' }) }), skip },
  { name: 'no namespace file', set: pod({ files: { namespace: '-' } }), skip },
  { name: 'no certificate authority', set: pod({ files: { 'ca.crt': '-' } }), skip },
  {
    name: 'no token',
    set: pod({ files: { token: '-' }, rest: () => ({ flags: ['-n', 'shop'] }) }),
    skip,
    differs:
      'without a token it is no pod: kubectl asks http://localhost:8080, whatever listens there; srcip says that there is no kubeconfig',
  },
  {
    name: 'no KUBERNETES_SERVICE_PORT',
    set: pod({ env: () => ({ KUBERNETES_SERVICE_PORT: '' }) }),
    skip,
    differs:
      'without the port it is no pod: kubectl asks http://localhost:8080, whatever listens there; srcip says that there is no kubeconfig',
  },
  { name: 'a kubeconfig goes over it', set: pod({ rest: async (s) => s.one({ api: await s.api('other') }) }), skip },
  {
    name: "a kubeconfig goes over it, but not over the pod's namespace",
    set: pod({ rest: async (s) => s.one({ api: await s.api('other'), context: { namespace: '' } }) }),
    skip,
  },
  {
    name: 'a kubeconfig without a current context',
    set: pod({ rest: (s) => s.from({ apiVersion: 'v1', kind: 'Config', contexts: [{ name: 'c', context: {} }] }) }),
    skip,
  },
  { name: 'a missing KUBECONFIG', set: pod({ rest: (s) => ({ env: { KUBECONFIG: s.path('missing') } }) }), skip },
  { name: '--token over the service account', set: pod({ rest: () => ({ flags: ['--token', 't2'] }) }), skip },
  {
    name: '--as with the service account',
    differs: 'with this flag kubectl forgets that it is in a pod and asks http://localhost:8080; srcip does what the flag says',
    set: pod({ rest: () => ({ flags: ['--as', 'jane', '--as-group', 'ops'] }) }),
    skip,
  },
  {
    name: '--server over the service account',
    differs:
      "kubectl asks for a user name and a password on standard input, which no API server has taken since Kubernetes 1.19; srcip asks as nobody: neither sends the pod's token to another server",
    set: pod({ rest: async (s) => ({ flags: ['-s', (await s.api('other')).url] }) }),
    skip,
  },
  {
    name: '--certificate-authority over that of the service account',
    set: pod({
      files: { 'ca.crt': '-' },
      rest: async (s) => ({ flags: ['--certificate-authority', await s.write('ca.crt', s.pki.ca.cert)] }),
    }),
    skip,
  },
  {
    name: '--insecure-skip-tls-verify with the service account',
    set: pod({ rest: () => ({ flags: ['--insecure-skip-tls-verify'] }) }),
    skip,
  },
  {
    name: '--request-timeout with the service account',
    differs: 'with this flag kubectl forgets that it is in a pod and asks http://localhost:8080; srcip does what the flag says',
    set: pod({ rest: () => ({ flags: ['--request-timeout', '10s'] }) }),
    skip,
  },
  { name: '--context in a pod', set: pod({ rest: () => ({ flags: ['--context', 'nowhere'] }) }), skip },
);
