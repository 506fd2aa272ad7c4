import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { impersonationHeaders } from './impersonation.ts';
import type { UserEntry } from './kubeconfig-entries.ts';
import type { Target } from './target.ts';

/** Whether a proxy is in the way that takes requests for http servers whole: many open tunnels (CONNECT) to TLS ports alone. */
export function handsOverWhole({ server, proxy }: Target): boolean {
  return server.protocol === 'http:' && proxy !== null && /^https?:/i.test(proxy);
}

interface WithProxy {
  readonly agent: HttpAgent;
  /** Stands before each path. */
  readonly origin: string;
  readonly options: RequestOptions;
}

/** A session with the proxy, to which each request names the server (RFC 9112, 3.2.2). Go: net/http Transport. */
export function wholeRequests({ server, proxy }: Target, user: UserEntry): WithProxy {
  const { protocol, hostname, port, username, password } = new URL(proxy ?? '');
  const secure = protocol === 'https:';
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true });
  return {
    agent,
    origin: server.origin,
    options: {
      protocol,
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port || (secure ? 443 : 80),
      agent,
      headers: {
        Host: server.host,
        ...(login === ':' ? {} : { 'Proxy-Authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
        ...impersonationHeaders(user),
      },
    },
  };
}
