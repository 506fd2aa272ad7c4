import { host, rejectTarget } from './line.ts';
import type { Placed } from './placed.ts';
import { place } from './placed.ts';
import type { Site } from './site.ts';

/** kube-proxy, pkg/proxy/iptables: what is not DNATed is refused in the filter table (facts §3.3 rules 2, 4, 7, 9). */
type Refused = { readonly address: string } | { readonly nodePort: number };

/** No endpoint anywhere: rejected. Endpoints, but none that the policy allows on this node: dropped (≥1.25 only). */
export function refusal(site: Site, chain: 'KUBE-SERVICES' | 'KUBE-EXTERNAL-SERVICES', refused: Refused): Placed {
  const { name, proto, family, at } = site;
  const none = !site.categories.hasEndpoints;
  const byAddress = 'address' in refused;
  return place('filter', chain, {
    port: name,
    code: none ? 'reject-no-endpoints' : 'drop-no-local-endpoints',
    meaning: none
      ? `rejects ${goal(site, refused)}: no endpoint anywhere`
      : `drops ${goal(site, refused)}: no local endpoint on ${site.proxier.node.name}`,
    destination: byAddress ? host(refused.address) : null,
    protocol: proto,
    comment: `${name} has no ${none ? '' : 'local '}endpoints`,
    matches: byAddress ? '' : '-m addrtype --dst-type LOCAL',
    target: none ? rejectTarget(family) : 'DROP',
    dport: byAddress ? at.port.port : refused.nodePort,
  });
}

function goal(site: Site, refused: Refused): string {
  if ('nodePort' in refused) return `node port ${refused.nodePort}`;
  return refused.address === site.at.clusterIP ? `clusterIP ${refused.address}` : `traffic to ${refused.address}`;
}

/** `"SPN has no local endpoints" -j KUBE-MARK-DROP`: last in SVL (1.24) or XLB (≤1.23). */
export function markDropNoLocal(site: Site, chain: string): Placed {
  return place('nat', chain, {
    port: site.name,
    code: 'mark-drop-no-local-endpoints',
    meaning: `marks for dropping: no local endpoint on ${site.proxier.node.name}`,
    comment: `${site.name} has no local endpoints`,
    target: 'KUBE-MARK-DROP',
  });
}
