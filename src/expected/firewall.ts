import { host } from './line.ts';
import type { Placed } from './placed.ts';
import { declare, place } from './placed.ts';
import type { Site } from './site.ts';
import { chainOf } from './site.ts';

/** loadBalancerSourceRanges (facts §3.3 rules 6 and 17–19, §3.4, §3.5). */

/** Rule 6, since 1.25: what FW did not DNAT is dropped in the filter table. */
export function firewallDrops(site: Site, address: string): Placed {
  const { name, proto, at } = site;
  return place('filter', 'KUBE-PROXY-FIREWALL', {
    port: name,
    code: 'drop-outside-source-ranges',
    meaning: `drops traffic to ${address} from outside loadBalancerSourceRanges`,
    destination: host(address),
    protocol: proto,
    comment: `${name} traffic not accepted by ${chainOf(site, 'KUBE-FW')}`,
    dport: at.port.port,
    target: 'DROP',
  });
}

/** FW since 1.24: the ranges, then the node's own VIPs; 1.24 repeats the block, with a drop mark at its end, for every VIP. */
export function firewallChain(site: Site): Placed[] {
  const chain = chainOf(site, 'KUBE-FW');
  const next = chainOf(site, 'KUBE-EXT');
  if (site.minor < 25) {
    return site.vips.flatMap((vip) => [...rangeRules(site, chain, next), ...ownVip(site, chain, next, vip), markDropOutside(site, chain)]);
  }
  const note = site.minor >= 27 ? [endNote(site, chain)] : [];
  return [declare('nat', chain), ...rangeRules(site, chain, next), ...site.vips.flatMap((vip) => ownVip(site, chain, next, vip)), ...note];
}

/** Rule 17, in the order of the spec. */
export function rangeRules(site: Site, chain: string, next: string): Placed[] {
  return site.ranges.map((range) =>
    place('nat', chain, {
      port: site.name,
      code: 'source-range',
      meaning: `lets sources in ${range.text} in`,
      source: range.text,
      comment: `${site.name} loadbalancer IP`,
      target: next,
    }),
  );
}

/** Rule 18: a node that owns the VIP asks with the VIP as its source; allowed where the node's own address is in a range. */
export function ownVip(site: Site, chain: string, next: string, vip: string): Placed[] {
  if (!site.allowsNode) return [];
  return [
    place('nat', chain, {
      port: site.name,
      code: 'source-range-own-vip',
      meaning: `lets the node in where ${vip} is its own address`,
      source: host(vip),
      comment: `${site.name} loadbalancer IP`,
      target: next,
    }),
  ];
}

/** ≤1.24: the end of FW marks for dropping. */
export function markDropOutside(site: Site, chain: string): Placed {
  return place('nat', chain, {
    port: site.name,
    code: 'mark-drop-outside-source-ranges',
    meaning: 'marks for dropping what no rule before it took',
    comment: `${site.name} loadbalancer IP`,
    target: 'KUBE-MARK-DROP',
  });
}

/** Rule 19, since 1.27: a rule that says where the rest goes and does nothing. */
function endNote(site: Site, chain: string): Placed {
  return place('nat', chain, {
    port: site.name,
    code: 'source-range-note',
    meaning: 'a note: the filter table drops the rest',
    comment: `other traffic to ${site.name} will be dropped by KUBE-PROXY-FIREWALL`,
    target: null,
  });
}
