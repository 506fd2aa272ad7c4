import { canonicalIp, type Family, familyOf } from '../../net/ip.ts';
import { parseNetwork } from '../rule/network.ts';
import type { Device, DeviceAddress, Route } from './node-net.ts';

/** Devices from parsed `ip -j addr` output; null when it is not that. Entries of another shape are left out. */
export function devicesFromJson(json: unknown): readonly Device[] | null {
  if (!Array.isArray(json)) return null;
  return json.flatMap((entry: unknown) => {
    const name = text(entry, 'ifname');
    if (name === null) return [];
    const infos: unknown = field(entry, 'addr_info');
    const addresses = Array.isArray(infos) ? infos.flatMap((info: unknown) => addressOf(info)) : [];
    return [{ name, master: text(entry, 'master'), addresses }];
  });
}

function addressOf(info: unknown): readonly DeviceAddress[] {
  const address = canonicalIp(text(info, 'local') ?? '');
  const prefix = field(info, 'prefixlen');
  if (address === null || typeof prefix !== 'number') return [];
  return [
    {
      address,
      prefix,
      scope: text(info, 'scope') ?? 'global',
      secondary: field(info, 'secondary') === true,
      deprecated: field(info, 'deprecated') === true,
    },
  ];
}

/** Routes from parsed `ip -j route show table all` output (both families may stand in one list); null when it is not that. */
export function routesFromJson(json: unknown, family?: Family): readonly Route[] | null {
  if (!Array.isArray(json)) return null;
  return json.flatMap((entry: unknown) => routeOf(entry, family));
}

function routeOf(entry: unknown, family: Family | undefined): readonly Route[] {
  const dst = text(entry, 'dst');
  const device = text(entry, 'dev');
  const via = field(entry, 'via');
  const gateway = canonicalIp(text(entry, 'gateway') ?? text(via, 'host') ?? '');
  const prefsrc = canonicalIp(text(entry, 'prefsrc') ?? '');
  if (dst === null) return [];
  const hint = prefsrc ?? (via === undefined ? gateway : null);
  const own =
    family ??
    (dst === 'default' ? (hint === null ? (field(entry, 'pref') === undefined ? 4 : 6) : familyOf(hint)) : dst.includes(':') ? 6 : 4);
  const network = dst === 'default' ? { text: 'default', address: own === 4 ? '0.0.0.0' : '::', prefix: 0 } : parseNetwork(dst);
  if (network === null) return [];
  const metric = field(entry, 'metric');
  const route = {
    family: own,
    dst: network,
    type: text(entry, 'type') ?? 'unicast',
    table: text(entry, 'table') ?? 'main',
    device,
    gateway,
    prefsrc,
  };
  return [{ ...route, metric: typeof metric === 'number' ? metric : 0, nextHops: nextHopsOf(field(entry, 'nexthops')) }];
}

function nextHopsOf(list: unknown): Route['nextHops'] {
  if (!Array.isArray(list)) return [];
  return list.map((hop: unknown) => ({ device: text(hop, 'dev'), gateway: canonicalIp(text(hop, 'gateway') ?? '') }));
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function text(value: unknown, name: string): string | null {
  const found = field(value, name);
  return typeof found === 'string' ? found : null;
}
