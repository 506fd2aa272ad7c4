import { canonicalIp, isLoopback, parseCidr } from '../../net/ip.ts';

type Variables = Readonly<Record<string, string | undefined>>;

interface Destination {
  readonly host: string;
  readonly port: string;
}

/**
 * The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name for a server, or null.
 * The rules are those of golang.org/x/net/http/httpproxy: localhost and loopback addresses never go through a proxy.
 */
export function proxyFromEnvironment(server: URL, variables: Variables): string | null {
  const secure = server.protocol === 'https:';
  const named = secure ? either(variables, 'HTTPS_PROXY', 'https_proxy') : either(variables, 'HTTP_PROXY', 'http_proxy');
  if (named === '') return null;
  const host = server.hostname.toLowerCase().replace(/^\[|\]$/g, '');
  const destination = { host, port: server.port || (secure ? '443' : '80') };
  if (host === 'localhost' || isLoopback(canonicalIp(host) ?? '')) return null;
  if (isExempt(destination, either(variables, 'NO_PROXY', 'no_proxy'))) return null;
  return named.includes('://') ? named : `http://${named}`;
}

function either(variables: Variables, upper: string, lower: string): string {
  return variables[upper] || variables[lower] || '';
}

function isExempt(destination: Destination, noProxy: string): boolean {
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && matches(entry, destination));
}

function matches(entry: string, { host, port }: Destination): boolean {
  if (entry === '*') return true;
  const address = canonicalIp(host);
  if (entry.includes('/')) return address !== null && (parseCidr(entry)?.contains(address) ?? false);
  const wanted = splitPort(entry);
  if (wanted.host === '' || (wanted.port !== '' && wanted.port !== port)) return false;
  const wantedAddress = canonicalIp(wanted.host);
  if (wantedAddress !== null) return wantedAddress === address;
  const bare = wanted.host.replace(/^\*(?=\.)/, '');
  return bare.startsWith('.') ? host.endsWith(bare) : host === bare || host.endsWith(`.${bare}`);
}

/** `host:port` and `[v6]:port` in two; a bare IPv6 address has no port. */
function splitPort(entry: string): Destination {
  const found = /^(?:\[(?<six>[^\]]*)\]|(?<name>[^:]*)):(?<port>\d+)$/.exec(entry)?.groups;
  if (found === undefined) return { host: entry.replace(/^\[|\]$/g, ''), port: '' };
  return { host: found['six'] ?? found['name'] ?? '', port: found['port'] ?? '' };
}
