import type { EndpointSliceObject, KubeObject } from '../../../cluster/objects.ts';
import { canonicalIp, hostPort } from '../../../net/ip.ts';
import { redactPortName } from './fields.ts';
import { redactName } from './object-name.ts';
import { type Pen, scramble } from './pen.ts';
import { redactText } from './text.ts';

/** A Service port as kube-proxy names it, before and after. */
export interface PortName {
  readonly namespace: string;
  readonly service: string;
  /** Empty for an unnamed port. */
  readonly port: string;
}

/** New names for chains whose names are hashes of what is redacted. */
export interface ChainBook {
  /** Notes a Service port whose chains may come up. */
  port(name: PortName, protocol: string): void;
  /** Notes an endpoint of one: `10.0.0.1:80`. */
  endpoint(name: PortName, protocol: string, address: string): void;
  /** The new name of `KUBE-SVC-…` and its like; any other chain is not this book's. */
  rename(chain: string): string;
  /** The endpoint behind a `KUBE-SEP-…` as it stood before and as it stands after; null when nobody noted it. */
  endpointOf(chain: string): { readonly before: string; readonly after: string } | null;
}

const HASHED = /^(?<prefix>KUBE-(?:SVC|SVL|EXT|FW|XLB|SEP))-(?<hash>[A-Z2-7]{16})$/;
const HASH_LENGTH = 16;

export function createChainBook(pen: Pen): ChainBook {
  const hashes = new Map<string, string>();
  const endpoints = new Map<string, { before: string; after: string }>();
  /** Every node's rules speak of the same Services. */
  const seen = new Set<string>();
  const isNew = (text: string): boolean => seen.size < seen.add(text).size;
  const hash = (text: string): string => pen.chainHash(text).slice(0, HASH_LENGTH);
  return {
    port: (name, protocol) => {
      const before = spelled(name) + protocol;
      if (isNew(before)) hashes.set(hash(before), hash(spelled(redactPort(name, pen)) + protocol));
    },
    endpoint: (name, protocol, address) => {
      const before = spelled(name) + protocol + address;
      if (!isNew(before)) return;
      const [key, after] = [hash(before), redactText(address, pen)];
      hashes.set(key, hash(spelled(redactPort(name, pen)) + protocol + after));
      endpoints.set(key, { before: address, after });
    },
    rename: (chain) => {
      const { prefix, hash: old } = HASHED.exec(chain)?.groups ?? {};
      return prefix === undefined || old === undefined ? chain : `${prefix}-${hashes.get(old) ?? scramble(pen, old, 'base32')}`;
    },
    endpointOf: (chain) => endpoints.get(HASHED.exec(chain)?.groups?.['hash'] ?? '') ?? null,
  };
}

export function redactPort({ namespace, service, port }: PortName, pen: Pen): PortName {
  return {
    namespace: redactName('namespace', namespace, pen),
    service: redactName('service', service, pen),
    port: port === '' ? '' : redactPortName(port, pen),
  };
}

/** `ns/name:port`; kube-proxy leaves the colon out for an unnamed port. */
export function spelled({ namespace, service, port }: PortName): string {
  return `${namespace}/${service}${port === '' ? '' : `:${port}`}`;
}

/** Notes what the objects say about Services and their endpoints. */
export function noteObjects(objects: readonly KubeObject[], book: ChainBook): void {
  for (const object of objects) {
    const namespace = object.metadata.namespace ?? 'default';
    if (object.kind === 'Service') {
      for (const port of object.spec?.ports ?? [])
        book.port({ namespace, service: object.metadata.name, port: port.name ?? '' }, (port.protocol ?? 'TCP').toLowerCase());
    }
    const service = object.kind === 'EndpointSlice' ? object.metadata.labels?.['kubernetes.io/service-name'] : undefined;
    if (object.kind === 'EndpointSlice' && service !== undefined) noteSlice(object, { namespace, service }, book);
  }
}

function noteSlice(slice: EndpointSliceObject, owner: { readonly namespace: string; readonly service: string }, book: ChainBook): void {
  for (const { name, protocol, port } of slice.ports ?? []) {
    for (const { addresses } of slice.endpoints ?? []) {
      const address = canonicalIp(addresses?.[0] ?? '');
      if (address === null || !port) continue;
      book.endpoint({ ...owner, port: name ?? '' }, (protocol ?? 'TCP').toLowerCase(), hostPort(address, port));
    }
  }
}
