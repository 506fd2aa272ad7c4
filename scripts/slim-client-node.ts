import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Keeps what the program never uses of @kubernetes/client-node out of the bundle. `dist/config.js` alone imports the whole generated API
 * (over 800 modules), node-fetch (whose whatwg-url prints DEP0040 on Node 22 and later once it is bundled), an OpenID client and a SOCKS agent,
 * which together cost more start-up time than everything else. The generated API and node-fetch are only behind methods that are not called here
 * (`makeApiClient`, `applyToFetchOptions`); the other two still work, but are loaded when they are first used.
 */
export function slimClientNode(): Plugin {
  return {
    name: 'slim-client-node',
    setup(build) {
      const resolveDir = join(build.initialOptions.absWorkingDir ?? process.cwd(), 'node_modules/@kubernetes/client-node');
      for (const [name, { filter, contents }] of Object.entries(STAND_INS)) {
        build.onResolve({ filter }, ({ importer, namespace }) =>
          namespace !== NAMESPACE && importer.includes('client-node') ? { path: name, namespace: NAMESPACE, sideEffects: false } : null,
        );
        build.onLoad({ filter: new RegExp(`^${name}$`), namespace: NAMESPACE }, () => ({ contents, loader: 'js', resolveDir }));
      }
    },
  };
}

const NAMESPACE = 'slim-client-node';

const GENERATED_API = `
export function createConfiguration() {
  throw new Error('the generated API of @kubernetes/client-node is not part of this bundle');
}
export class ServerConfiguration {}
`;

/** `globalThis.Headers` loads undici the moment it is looked at. */
const NODE_FETCH = 'export const Headers = class { constructor(...init) { return new globalThis.Headers(...init); } };';

const OPENID_CLIENT = `
export const discovery = async (...args) => (await import('openid-client')).discovery(...args);
export const refreshTokenGrant = async (...args) => (await import('openid-client')).refreshTokenGrant(...args);
`;

/** Reads what the `cmd-path` of a gcp or azure user prints; such commands are never run here, so this is never called. */
const JSONPATH_PLUS = `
export function JSONPath() {
  throw new Error('cmd-path is not supported');
}
`;

/** The real agent opens the connections; this one only keeps them, so that it can be made without loading the real one. */
const SOCKS_PROXY_AGENT = `
import { Agent } from 'node:http';
export class SocksProxyAgent extends Agent {
  constructor(url, options) {
    super(options);
    // Serves http and https, so it must not claim a protocol of its own.
    this.protocol = undefined;
    this.real = async () => {
      // CommonJS: how it looks when imported depends on the bundler's interop.
      const module = await import('socks-proxy-agent');
      const { SocksProxyAgent } = module.default ?? module;
      return new SocksProxyAgent(url, options);
    };
  }
  createConnection(options, done) {
    const request = { destroy() {} };
    this.real()
      .then((agent) => agent.connect(request, { ...options, secureEndpoint: options.protocol === 'https:' }))
      .then((socket) => done(null, socket), done);
  }
}
`;

const STAND_INS = {
  'generated-api': { filter: /^\.\/gen\/index\.js$/, contents: GENERATED_API },
  'node-fetch': { filter: /^node-fetch$/, contents: NODE_FETCH },
  'openid-client': { filter: /^openid-client$/, contents: OPENID_CLIENT },
  'jsonpath-plus': { filter: /^jsonpath-plus$/, contents: JSONPATH_PLUS },
  'socks-proxy-agent': { filter: /^socks-proxy-agent$/, contents: SOCKS_PROXY_AGENT },
} as const;
