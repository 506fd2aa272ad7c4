import type { ContainerObject, PodObject } from '../../cluster/objects.ts';
import { canonicalIp } from '../../net/ip.ts';

/** A host or address that a pod's manifest names. */
export interface Named {
  /** Lower case, or a canonical address. */
  readonly host: string;
  /** As written, or by the scheme; null: neither is there. */
  readonly port: number | null;
  /** `env API_URL`, `its arguments`, `its image`. */
  readonly where: string;
}

const HOST =
  /(?:\b(https?|wss?):\/\/)?(?:[\w.~%-]{1,64}@)?(?:\[([0-9a-f:.]{2,45})\]|\b((?:[a-z0-9_](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{1,63}))(?::(\d{1,5})\b)?/gi;
const BY_SCHEME: Readonly<Record<string, number>> = { http: 80, ws: 80, https: 443, wss: 443 };
/** Options that say what a program is called or responsible for, not whom it asks. */
const NO_CALL =
  /^--?(publish-status-address|publish-service|domain|domain-filter|exclude-domains|zone-name-filter|hostname|external-hostname|advertise-address)=/i;
/** Characters of one value that are looked at: whole certificates and scripts stand in some. */
const LONGEST = 4096;

/** Hosts in a text that may be an URL, a list of them, or anything else. */
export function hostsIn(text: string): readonly Omit<Named, 'where'>[] {
  if (!text.includes('.') && !text.includes('[')) return [];
  return [...text.slice(0, LONGEST).matchAll(HOST)].map(([, scheme, bracketed, name, port]) => {
    const host = bracketed ?? name ?? '';
    return {
      host: canonicalIp(host) ?? host.toLowerCase(),
      port: port === undefined ? (BY_SCHEME[scheme?.toLowerCase() ?? ''] ?? null) : Number(port),
    };
  });
}

/** Everything that a pod's containers name in their environment and command lines. */
export function namedBy({ spec }: PodObject, find: typeof hostsIn): readonly Named[] {
  return (spec?.containers ?? []).flatMap((container) => namedByContainer(container, find));
}

function namedByContainer({ env = [], args = [], command = [] }: ContainerObject, find: typeof hostsIn): Named[] {
  const inEnv = env.flatMap(({ name, value = '' }) => find(value).map((found) => ({ ...found, where: `env ${name}` })));
  const inWords = [...command, ...args]
    .filter((word) => !NO_CALL.test(word))
    .flatMap((word) => find(word).map((found) => ({ ...found, where: 'its arguments' })));
  return [...inEnv, ...inWords];
}

/** The registry that an image comes from, where it is named: `registry.example.com:5000/team/app` and not `team/app`. */
export function registryOf(image: string): Omit<Named, 'where'> | null {
  const [first = '', ...rest] = image.split('/');
  if (rest.length === 0 || !/[.:]/.test(first)) return null;
  const [host = '', port] = first.split(':');
  return { host: host.toLowerCase(), port: port === undefined ? 443 : Number(port) };
}
