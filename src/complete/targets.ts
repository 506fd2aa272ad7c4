import { isIP } from 'node:net';
import type { ServiceObject } from '../cluster/objects.ts';
import { isHarmless, type Suggestion } from './reply.ts';

interface Port {
  readonly name: string | undefined;
  readonly port: number;
  readonly protocol: string;
}

/** The Service's own addresses as `--to` takes them: `IP:PORT`, `[IPv6]:PORT`, with `/udp` or `/sctp`. */
export function addressesOf(service: ServiceObject): Suggestion[] {
  const { spec, status } = service;
  const kinds: readonly (readonly [string, readonly (string | undefined)[]])[] = [
    ['clusterIP', spec?.clusterIPs ?? [spec?.clusterIP]],
    ['external IP', spec?.externalIPs ?? []],
    ['load balancer', (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip)],
  ];
  return kinds.flatMap(([what, addresses]) =>
    addresses
      .filter((address) => address !== undefined && isIP(address) > 0)
      .flatMap((address = '') =>
        portsOf(service).map((port) => ({ value: socketOf(address, port), description: `${what}${nameOf(port)}` })),
      ),
  );
}

/** The Service's ports as `--port` takes them. */
export function portSuggestions(service: ServiceObject): Suggestion[] {
  return portsOf(service).flatMap((port) => {
    const description = `${port.port}/${port.protocol}`;
    const byNumber = { value: String(port.port), description: `${port.protocol}${nameOf(port)}` };
    return port.name === undefined ? [byNumber] : [{ value: port.name, description }, byNumber];
  });
}

function portsOf({ spec }: ServiceObject): Port[] {
  return (spec?.ports ?? [])
    .filter(({ port }) => Number.isInteger(port))
    .map(({ name, port, protocol }) => ({
      name: name !== undefined && isHarmless(name) ? name : undefined,
      port,
      protocol: /^(?:UDP|SCTP)$/.test(protocol ?? '') ? String(protocol) : 'TCP',
    }));
}

function socketOf(address: string, { port, protocol }: Port): string {
  const host = isIP(address) === 6 ? `[${address}]` : address;
  return `${host}:${port}${protocol === 'TCP' ? '' : `/${protocol.toLowerCase()}`}`;
}

function nameOf({ name }: Port): string {
  return name === undefined ? '' : `, port ${name}`;
}
