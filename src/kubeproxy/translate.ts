import { servicePortName } from '../cluster/model.ts';
import type { Categories } from './endpoints.ts';
import { vipsOf } from './endpoints.ts';
import type { Entry } from './entry.ts';
import { entriesFor } from './entry.ts';
import { translateLegacy } from './legacy.ts';
import type { Packet } from './packet.ts';
import * as reasons from './reasons.ts';
import type { Site, Translation } from './site.ts';
import { contextOf, isFromNode, isPodTraffic, masqueradesClusterIp, openRanges, rangesAllow, untouched } from './site.ts';

/** nat PREROUTING and OUTPUT as kube-proxy fills them, and nftables mode's firewall before them. */
export function translate(site: Site, packet: Packet): Translation {
  const { world, config, arrival } = site;
  const found = entriesFor(world, arrival.node, config, packet);
  const [entry, rival] = found;
  if (entry === undefined) return untouched(null, []);
  if (rival !== undefined) {
    const names = found.map(({ at }) => servicePortName(at.service, at.port)).join(' and ');
    return {
      kind: 'undecided',
      what: `which Service owns ${packet.destination}:${packet.port}`,
      why: `${names} both claim it, and kube-proxy's order is random`,
    };
  }
  const categories = world.categories(entry.at, arrival.node, config);
  if (config.mode === 'iptables' && config.minor < 25) return translateLegacy(site, packet, entry, categories);
  // `firewall-ips` is asked by address: an externalIP that is also an LB IP is under the ranges, too.
  if (config.mode === 'nftables' && vipsOf(entry.at, config).includes(packet.destination)) {
    const allowed = rangesAllow(site, packet, entry);
    if (allowed === 'open') return openRanges();
    if (!allowed) return { kind: 'dropped', reasons: [reasons.outsideRanges(contextOf(site), entry, packet.destination)] };
  }
  if (!categories.hasEndpoints) return untouched(entry, []);
  return entry.kind === 'clusterIP'
    ? translateInternal(site, packet, entry, categories)
    : translateExternal(site, packet, entry, categories);
}

/** kube-proxy ≥1.24: KUBE-SERVICES → SVC or SVL, masqueraded unless the source is local (nftables: service-ips → service or local). */
function translateInternal(site: Site, packet: Packet, entry: Entry, categories: Categories): Translation {
  const endpoints = categories.internalLocal ? categories.local : categories.cluster;
  if (endpoints.length === 0) return untouched(entry, []);
  const policy = categories.internalLocal ? [reasons.localPolicy(contextOf(site), entry)] : [];
  const masquerade = masqueradesClusterIp(site, packet);
  const why = masquerade ? [reasons.clusterIpMasquerade(contextOf(site), entry)] : [];
  return { kind: 'dnat', entry, endpoints, masquerade, reasons: [...policy, ...why] };
}

/** kube-proxy ≥1.25 FW and EXT chains (nftables: external-…). */
function translateExternal(site: Site, packet: Packet, entry: Entry, categories: Categories): Translation {
  if (entry.kind === 'loadBalancerIP' && site.config.mode === 'iptables') {
    const allowed = rangesAllow(site, packet, entry);
    if (allowed === 'open') return openRanges();
    if (!allowed) return untouched(entry, []);
  }
  const context = contextOf(site);
  if (!categories.externalLocal) {
    return { kind: 'dnat', entry, endpoints: categories.cluster, masquerade: true, reasons: [reasons.masqueradedByPolicy(context, entry)] };
  }
  if (isPodTraffic(site, packet)) {
    return { kind: 'dnat', entry, endpoints: categories.cluster, masquerade: false, reasons: [reasons.podShortCircuit(context, entry)] };
  }
  if (isFromNode(site, packet)) {
    return { kind: 'dnat', entry, endpoints: categories.cluster, masquerade: true, reasons: [reasons.nodeShortCircuit(context, entry)] };
  }
  if (categories.local.length === 0) return untouched(entry, []);
  return { kind: 'dnat', entry, endpoints: categories.local, masquerade: false, reasons: [reasons.localPolicy(context, entry)] };
}
