import type { Evidence } from '../cluster/evidence.ts';
import type { NodeObject } from '../cluster/objects.ts';
import type { Family } from '../net/ip.ts';
import { addressAt, canonicalIp, familyOf, parseCidrs } from '../net/ip.ts';
import { objectsOf } from './stage.ts';

/** Tried from the far end of a small podCIDR: what is given out first is likely to be in use. */
const NUMBERS = [243, 242, 241, 239, 238, 237, 236, 235, 234, 233, 59, 58, 57, 56, 55, 54, 53, 52, 51, 23, 22, 21, 19, 18, 17, 3, 2];

/** An address that a new pod on a node may get: in its podCIDR, and nobody's. Null where nodes have no podCIDR. */
export function newPodAddress(evidence: Evidence, node: NodeObject, family: Family, taken: ReadonlySet<string>): string | null {
  const used = addressesIn(evidence);
  const texts = node.spec?.podCIDRs ?? (node.spec?.podCIDR === undefined ? [] : [node.spec.podCIDR]);
  for (const cidr of parseCidrs(texts)) {
    if (cidr.family !== family) continue;
    const free = NUMBERS.map((number) => addressAt(cidr, number)).find(
      (address) => address !== null && !used.has(address) && !taken.has(address),
    );
    if (free !== undefined && free !== null) return free;
  }
  return null;
}

function addressesIn(evidence: Evidence): ReadonlySet<string> {
  const pods = objectsOf(evidence, 'Pod').flatMap(({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip));
  const endpoints = objectsOf(evidence, 'EndpointSlice').flatMap((slice) =>
    (slice.endpoints ?? []).flatMap(({ addresses }) => addresses ?? []),
  );
  return new Set([...pods, ...endpoints].flatMap((address) => canonicalIp(address) ?? []));
}

/** The node's own address of a family, which its hostNetwork pods have. */
export function hostAddress(node: NodeObject, family: Family): string | null {
  const own = (node.status?.addresses ?? [])
    .filter(({ type }) => type === 'InternalIP')
    .flatMap(({ address }) => canonicalIp(address) ?? []);
  return own.find((address) => familyOf(address) === family) ?? null;
}
