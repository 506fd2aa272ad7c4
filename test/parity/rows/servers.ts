import { rows, type Try } from '../support/row.ts';
import type { Stage } from '../support/stage.ts';

/** A kubeconfig for MAIN, and flags made of the address of OTHER. */
const other =
  (flags: (url: string) => readonly string[], cluster: object = {}) =>
  async (stage: Stage): Promise<Try> => {
    const { url } = await stage.api('other');
    return stage.one({ cluster }, { flags: flags(url) });
  };

const at =
  (change: (url: string) => string) =>
  async (stage: Stage): Promise<Try> => {
    const api = await stage.api();
    return stage.one({ api: { ...api, url: change(api.url) } });
  };

const plain =
  (user: object, ...flags: readonly string[]) =>
  async (stage: Stage): Promise<Try> =>
    stage.one({ api: await stage.api('plain', { pair: null }), user }, { flags });

export const SERVERS = rows(
  'Server',
  { name: '-s', set: other((url) => ['-s', url]) },
  { name: '-s, joined', set: other((url) => [`-s${url}`]) },
  { name: '--server', set: other((url) => [`--server=${url}`]) },
  { name: '--server twice: the last one', set: other((url) => ['-s', 'https://127.0.0.1:1', '-s', url]) },
  { name: '--server with a path', set: other((url) => ['-s', `${url}/k8s/clusters/c-1`]) },
  { name: '--server with a path and a slash', set: other((url) => ['-s', `${url}/k8s/clusters/c-1/`]) },
  { name: '--server with a slash', set: other((url) => ['-s', `${url}/`]) },
  { name: '--server forgets the tls-server-name of the kubeconfig', set: other((url) => ['-s', url], { 'tls-server-name': 'nope.test' }) },
  { name: '--server and --tls-server-name', set: other((url) => ['-s', url, '--tls-server-name', 'api.test']) },
  {
    name: '--server, no cluster in the kubeconfig',
    set: async (s) => {
      const { url } = await s.api('other');
      return { flags: ['-s', url, '--insecure-skip-tls-verify', '--token', 't2'] };
    },
  },
  {
    name: '--server without a scheme',
    differs:
      'kubectl takes every server without a scheme for http, which no server with a certificate answers; srcip takes it for https where there is a certificate authority',
    set: async (s) => s.one({}, { flags: ['-s', (await s.frank(await s.api('other'))).url.replace('https://', '')] }),
  },
  { name: '--server that is no URL', set: other(() => ['-s', 'https://[']) },
  { name: '--server of another scheme', set: other(() => ['-s', 'ftp://127.0.0.1:1']) },
  { name: 'an empty --server', set: other(() => ['--server=']) },
  { name: '--server and --cluster', set: other((url) => ['-s', url, '--cluster', 'clu']) },
  { name: 'a server with a path', set: at((url) => `${url}/k8s/clusters/c-1`) },
  { name: 'a server with a query', set: at((url) => `${url}/?x=1`) },
  {
    name: 'a server without a scheme, with a certificate authority',
    differs:
      'kubectl takes every server without a scheme for http, which no server with a certificate answers; srcip takes it for https where there is a certificate authority',
    set: async (s) => {
      const api = await s.frank(await s.api());
      return s.one({ cluster: { server: api.url.replace('https://', '') }, api });
    },
  },
  { name: 'an http server gets no token', set: plain({ token: 't1' }) },
  { name: 'an http server gets no token by flag', set: plain({ token: 't1' }, '--token', 't2') },
  { name: 'an http server gets no password', set: plain({ username: 'al', password: 'pw' }) },
  {
    name: 'an http server without a scheme',
    set: async (s) => {
      const api = await s.api('plain', { pair: null });
      return s.one({ api: { ...api, url: api.url.replace('http://', '') } });
    },
  },
  {
    name: 'http asked of an https server',
    set: async (s) => s.one({}, { flags: ['-s', (await s.frank(await s.api('other'))).url.replace('https:', 'http:')] }),
  },
  {
    name: 'KUBERNETES_MASTER, no kubeconfig',
    set: async (s) => {
      const { url } = await s.api('plain', { pair: null });
      return { env: { KUBERNETES_MASTER: url }, flags: ['-n', 'shop'] };
    },
  },
  {
    name: 'KUBERNETES_MASTER, and a kubeconfig',
    set: async (s) => {
      const { url } = await s.api('other', { pair: null });
      return s.one({}, { env: { KUBERNETES_MASTER: url } });
    },
  },
  {
    name: 'POD_NAMESPACE outside of a pod',
    set: (s) => s.one({ context: { namespace: '' } }, { env: { POD_NAMESPACE: 'shop' } }),
  },
  {
    name: "kubectl's own preferences (kuberc)",
    set: async (s) =>
      s.one(
        {},
        {
          env: {
            KUBECTL_KUBERC: 'true',
            KUBERC: await s.write('kuberc', {
              apiVersion: 'kubectl.config.k8s.io/v1alpha1',
              kind: 'Preference',
              aliases: [],
              overrides: [],
            }),
          },
        },
      ),
  },
);
