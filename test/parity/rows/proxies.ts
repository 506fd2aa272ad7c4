import { rows, type Try } from '../support/row.ts';
import type { Stage } from '../support/stage.ts';

type Kind = 'http' | 'https' | 'socks5';

/** The server is known as `api.test`, which only a proxy can reach. */
const NAMED = { server: 'https://api.test:6443' };

const byConfig =
  (kind: Kind, cluster: object = NAMED, env: (url: string) => Record<string, string> = () => ({})) =>
  async (stage: Stage): Promise<Try> => {
    const api = await stage.api();
    const [url, second] = [await stage.proxy(kind, api), await stage.proxy('http', api, 'second proxy')];
    return stage.one({ api, cluster: { ...cluster, 'proxy-url': url } }, { env: env(second) });
  };

const byEnv =
  (env: (url: string) => Record<string, string>, cluster: object = NAMED, kind: Kind = 'http') =>
  async (stage: Stage): Promise<Try> => {
    const api = await stage.api();
    return stage.one({ api, cluster }, { env: env(await stage.proxy(kind, api)) });
  };

const plainByEnv =
  (env: (url: string) => Record<string, string>) =>
  async (stage: Stage): Promise<Try> => {
    const api = await stage.api('plain', { pair: null });
    return stage.one({ api, cluster: { server: 'http://api.test:8080' } }, { env: env(await stage.proxy('http', api)) });
  };

export const PROXIES = rows(
  'Proxies',
  { name: 'proxy-url http', set: byConfig('http') },
  { name: 'proxy-url https', set: byConfig('https', { ...NAMED, 'insecure-skip-tls-verify': true, 'certificate-authority-data': null }) },
  { name: 'proxy-url https, verified by the certificate authority of the cluster', set: byConfig('https') },
  { name: 'proxy-url socks5', set: byConfig('socks5') },
  { name: 'proxy-url for a server on this machine', set: byConfig('http', {}) },
  {
    name: 'proxy-url and --tls-server-name',
    set: async (s) => ({ ...(await byConfig('http')(s)), flags: ['--tls-server-name', 'localhost'] }),
  },
  {
    name: 'proxy-url with a password',
    set: async (s) => {
      const api = await s.api();
      const url = await s.proxy('http', api);
      return s.one({ api, cluster: { ...NAMED, 'proxy-url': url.replace('//', '//us%20er:p%40ss@') } });
    },
  },
  { name: 'proxy-url of an unknown scheme', set: (s) => s.one({ cluster: { 'proxy-url': 'ftp://127.0.0.1:1' } }) },
  { name: 'proxy-url that is no URL', set: (s) => s.one({ cluster: { 'proxy-url': 'http://[' } }) },
  { name: 'proxy-url that nobody listens at', set: (s) => s.one({ cluster: { 'proxy-url': 'http://127.0.0.1:1' } }) },
  { name: 'proxy-url over HTTPS_PROXY', set: byConfig('http', NAMED, (url) => ({ HTTPS_PROXY: url })) },
  { name: 'proxy-url over NO_PROXY', set: byConfig('http', NAMED, () => ({ NO_PROXY: '*' })) },
  { name: 'proxy-url stays with --server', set: async (s) => ({ ...(await byConfig('http')(s)), flags: ['-s', 'https://api.test:8443'] }) },
  {
    name: 'proxy-url and an http server',
    set: async (s) => {
      const api = await s.api('plain', { pair: null });
      return s.one({ api, cluster: { server: 'http://api.test:8080', 'proxy-url': await s.proxy('http', api) } });
    },
  },
  { name: 'HTTPS_PROXY', set: byEnv((url) => ({ HTTPS_PROXY: url })) },
  { name: 'https_proxy', set: byEnv((url) => ({ https_proxy: url })) },
  { name: 'HTTPS_PROXY and https_proxy: upper case', set: byEnv((url) => ({ HTTPS_PROXY: url, https_proxy: 'http://127.0.0.1:1' })) },
  { name: 'HTTPS_PROXY without a scheme', set: byEnv((url) => ({ HTTPS_PROXY: url.replace('http://', '') })) },
  { name: 'HTTPS_PROXY socks5', set: byEnv((url) => ({ HTTPS_PROXY: url }), NAMED, 'socks5') },
  { name: 'HTTPS_PROXY for a server on this machine: not used', set: byEnv((url) => ({ HTTPS_PROXY: url }), {}) },
  { name: 'HTTP_PROXY for an https server: not used', set: byEnv((url) => ({ HTTP_PROXY: url })) },
  { name: 'ALL_PROXY: not used', set: byEnv((url) => ({ ALL_PROXY: url })) },
  { name: 'NO_PROXY with the name', set: byEnv((url) => ({ HTTPS_PROXY: url, NO_PROXY: 'api.test' })) },
  { name: 'no_proxy with the domain', set: byEnv((url) => ({ HTTPS_PROXY: url, no_proxy: '.test' })) },
  { name: 'NO_PROXY with another name', set: byEnv((url) => ({ HTTPS_PROXY: url, NO_PROXY: 'i.test,other.test' })) },
  { name: 'NO_PROXY with another port', set: byEnv((url) => ({ HTTPS_PROXY: url, NO_PROXY: 'api.test:443' })) },
  { name: 'NO_PROXY of everything', set: byEnv((url) => ({ HTTPS_PROXY: url, NO_PROXY: '*' })) },
  {
    name: 'NO_PROXY with another network',
    set: byEnv((url) => ({ HTTPS_PROXY: url, NO_PROXY: '10.0.0.0/8' }), {
      server: 'https://192.0.2.7:6443',
      'tls-server-name': 'api.test',
    }),
  },
  { name: 'HTTP_PROXY for an http server', set: plainByEnv((url) => ({ HTTP_PROXY: url })) },
  { name: 'http_proxy for an http server', set: plainByEnv((url) => ({ http_proxy: url })) },
  { name: 'HTTPS_PROXY for an http server: not used', set: plainByEnv((url) => ({ HTTPS_PROXY: url })) },
  {
    name: 'HTTPS_PROXY that is no URL',
    differs: 'kubectl leaves out a proxy that it cannot read, without a word; srcip says so',
    set: byEnv(() => ({ HTTPS_PROXY: 'http://[' })),
  },
  { name: 'HTTPS_PROXY that nobody listens at', set: byEnv(() => ({ HTTPS_PROXY: 'http://127.0.0.1:1' })) },
);
