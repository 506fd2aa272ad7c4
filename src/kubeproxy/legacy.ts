import type { Categories } from './endpoints.ts';
import type { Entry } from './entry.ts';
import { selectsAnAddress } from './entry.ts';
import type { Reason } from './fate.ts';
import type { Packet } from './packet.ts';
import * as reasons from './reasons.ts';
import type { Site, Translation } from './site.ts';
import { contextOf, hasDetector, isFromNode, isPodTraffic, masqueradesClusterIp, openRanges, rangesAllow, untouched } from './site.ts';

/**
 * iptables mode before 1.25. What newer versions drop in the filter table was marked for dropping in the nat table, and only INPUT and OUTPUT
 * heeded the mark. 1.24: SVC/SVL/EXT chains; ≤1.23: XLB chains and masquerading by kind of address (facts §3.4–3.6).
 */
export function translateLegacy(site: Site, packet: Packet, entry: Entry, categories: Categories): Translation {
  if (!categories.hasEndpoints) return untouched(entry, []);
  if (leavesChainsEmpty(site, entry))
    return {
      kind: 'undecided',
      what: `addresses of node ${site.arrival.node.name}`,
      why: 'nodePortAddresses select none that is known, and kube-proxy before 1.23 then leaves the chains of Services with a node port empty',
    };
  if (entry.kind === 'clusterIP') return legacyInternal(site, packet, entry, categories);
  const redirected = entry.kind === 'externalIP' && site.config.minor <= 20 ? redirectsExternalIp(site, packet) : true;
  if (redirected === 'open')
    return {
      kind: 'undecided',
      what: 'wiring of pods',
      why: 'kube-proxy before 1.21 redirects to externalIPs only what does not come over a bridge',
    };
  return redirected ? legacyExternal(site, packet, entry, categories) : notRedirected(categories);
}

/** ≤1.20 guarded the jump, but not the masquerade mark before it, which Cluster policy sets. */
function notRedirected(categories: Categories): Translation {
  const why = reasons.plain('externalip-not-redirected', 'kube-proxy before 1.21 does not redirect in-cluster traffic to externalIPs');
  return { kind: 'none', entry: null, dropMark: false, masquerade: !categories.externalLocal, reasons: [why] };
}

/** ≤1.22, a bug fixed in 1.23 (facts §3.6). */
function leavesChainsEmpty(site: Site, { at }: Entry): boolean {
  return site.config.minor <= 22 && at.port.nodePort !== null && !selectsAnAddress(site, at.family);
}

function legacyInternal(site: Site, packet: Packet, entry: Entry, categories: Categories): Translation {
  const endpoints = categories.internalLocal ? categories.local : categories.cluster;
  if (endpoints.length === 0) return dropMarked(entry, false, [reasons.noLocalEndpoint(contextOf(site), entry, packet.destination)]);
  const masquerade = masqueradesClusterIp(site, packet);
  return { kind: 'dnat', entry, endpoints, masquerade, reasons: masquerade ? [reasons.clusterIpMasquerade(contextOf(site), entry)] : [] };
}

function legacyExternal(site: Site, packet: Packet, entry: Entry, categories: Categories): Translation {
  const { config } = site;
  const context = contextOf(site);
  if (entry.kind === 'loadBalancerIP') {
    const allowed = rangesAllow(site, packet, entry);
    if (allowed === 'open') return openRanges();
    // ≤1.23 set the masquerade mark before it looked at the ranges.
    if (!allowed)
      return dropMarked(entry, config.minor < 24 && !categories.externalLocal, [reasons.outsideRanges(context, entry, packet.destination)]);
  }
  if (!categories.externalLocal) {
    const masquerade = config.minor >= 24 || entry.kind !== 'externalIP' || masqueradesExternalIp(site, packet);
    return {
      kind: 'dnat',
      entry,
      endpoints: categories.cluster,
      masquerade,
      reasons: masquerade ? [reasons.masqueradedByPolicy(context, entry)] : [],
    };
  }
  if (isPodTraffic(site, packet)) {
    return { kind: 'dnat', entry, endpoints: categories.cluster, masquerade: false, reasons: [reasons.podShortCircuit(context, entry)] };
  }
  if (isFromNode(site, packet)) {
    return { kind: 'dnat', entry, endpoints: categories.cluster, masquerade: true, reasons: [reasons.nodeShortCircuit(context, entry)] };
  }
  if (categories.local.length === 0) return dropMarked(entry, false, [reasons.noLocalEndpoint(context, entry, packet.destination)]);
  return { kind: 'dnat', entry, endpoints: categories.local, masquerade: false, reasons: [reasons.localPolicy(context, entry)] };
}

/** 1.21–1.23: externalIPs with Cluster policy are masqueraded for everyone but pods; ≤1.20, or without a detector: for everyone. */
function masqueradesExternalIp(site: Site, packet: Packet): boolean {
  if (site.config.minor <= 20) return true;
  return !hasDetector(site, packet.family) || !isPodTraffic(site, packet);
}

/** ≤1.20: `-m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL`, or a local destination. */
function redirectsExternalIp(site: Site, packet: Packet): boolean | 'open' {
  const { world, arrival } = site;
  const { podLink } = world.network;
  if (world.isLocal(arrival.node, packet.destination)) return true;
  if (isFromNode(site, packet)) return false;
  if (arrival.origin !== 'own-pod') return true;
  return podLink === 'unknown' ? 'open' : podLink !== 'bridge';
}

function dropMarked(entry: Entry, masquerade: boolean, why: readonly Reason[]): Translation {
  return { kind: 'none', entry, dropMark: true, masquerade, reasons: why };
}
