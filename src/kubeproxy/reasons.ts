import type { Endpoint, Node } from '../cluster/model.ts';
import { servicePortName } from '../cluster/model.ts';
import type { ProxyConfig } from '../dataplane/types.ts';
import type { FamilyPort } from './endpoints.ts';
import type { Entry } from './entry.ts';
import type { Reason } from './fate.ts';
import { endpointChain, serviceChain } from './names.ts';
import { podCidrOf } from './world.ts';

/**
 * The sentences behind each step, with the rule in the form that iptables-save prints (iptables mode ≥1.25; facts §3.3 and §7.1).
 * Other modes and eras get the sentence without a rule.
 */
interface Context {
  readonly config: ProxyConfig;
  readonly node: Node;
}

function ruled(context: Context, rule: () => string | null): string | null {
  return context.config.mode === 'iptables' && context.config.minor >= 25 ? rule() : null;
}

function proto(at: FamilyPort): string {
  return at.port.protocol.toLowerCase();
}

function bits(at: FamilyPort): number {
  return at.family === 4 ? 32 : 128;
}

/** `-d IP/32 -p tcp -m comment --comment "…" [more] -m tcp --dport N`. */
function addressed(at: FamilyPort, ip: string, comment: string): string {
  return `-d ${ip}/${bits(at)} -p ${proto(at)} -m comment --comment "${comment}" -m ${proto(at)} --dport ${at.port.port}`;
}

function refusal(context: Context, entry: Entry, ip: string, what: 'no endpoints' | 'no local endpoints'): string | null {
  const { at, kind } = entry;
  const comment = `${servicePortName(at.service, at.port)} has ${what}`;
  const unreachable = at.family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable';
  const target = what === 'no endpoints' ? `REJECT --reject-with ${unreachable}` : 'DROP';
  return ruled(context, () => {
    if (kind === 'nodePort') {
      return `-A KUBE-EXTERNAL-SERVICES -p ${proto(at)} -m comment --comment "${comment}" -m addrtype --dst-type LOCAL -m ${proto(at)} --dport ${at.port.nodePort} -j ${target}`;
    }
    const chain = kind === 'clusterIP' ? 'KUBE-SERVICES' : 'KUBE-EXTERNAL-SERVICES';
    return `-A ${chain} ${addressed(at, ip, comment)} -j ${target}`;
  });
}

export function noEndpoints(context: Context, entry: Entry, ip: string): Reason {
  return {
    code: 'no-endpoints',
    text: `${servicePortName(entry.at.service, entry.at.port)} has no usable endpoint anywhere, so kube-proxy rejects`,
    rule: refusal(context, entry, ip, 'no endpoints'),
  };
}

export function noLocalEndpoint(context: Context, entry: Entry, ip: string): Reason {
  const policy = entry.kind === 'clusterIP' ? 'internalTrafficPolicy' : 'externalTrafficPolicy';
  return {
    code: 'no-local-endpoint',
    text: `${policy} is Local and node ${context.node.name} has no usable endpoint of ${servicePortName(entry.at.service, entry.at.port)}`,
    rule: refusal(context, entry, ip, 'no local endpoints'),
  };
}

export function outsideRanges(context: Context, entry: Entry, ip: string): Reason {
  const { at } = entry;
  const firewall = serviceChain('KUBE-FW', at.service, at.port);
  return {
    code: 'outside-source-ranges',
    text: 'the client is in none of loadBalancerSourceRanges',
    rule: ruled(
      context,
      () =>
        `-A KUBE-PROXY-FIREWALL ${addressed(at, ip, `${servicePortName(at.service, at.port)} traffic not accepted by ${firewall}`)} -j DROP`,
    ),
  };
}

export function masqueradedByPolicy(context: Context, entry: Entry): Reason {
  const { at } = entry;
  const comment = `masquerade traffic for ${servicePortName(at.service, at.port)} external destinations`;
  return {
    code: 'masquerade-cluster-policy',
    text: 'externalTrafficPolicy is Cluster: kube-proxy masquerades what comes by an external address',
    rule: ruled(context, () => `-A ${serviceChain('KUBE-EXT', at.service, at.port)} -m comment --comment "${comment}" -j KUBE-MARK-MASQ`),
  };
}

export function localPolicy(context: Context, entry: Entry): Reason {
  const { at, kind } = entry;
  const chain = serviceChain('KUBE-SVL', at.service, at.port);
  const here = `only endpoints on node ${context.node.name}`;
  if (kind === 'clusterIP') {
    const comment = `${servicePortName(at.service, at.port)} cluster IP`;
    return {
      code: 'local-policy',
      text: `internalTrafficPolicy is Local: ${here}`,
      rule: ruled(context, () => `-A KUBE-SERVICES ${addressed(at, at.clusterIP, comment)} -j ${chain}`),
    };
  }
  return {
    code: 'local-policy',
    text: `externalTrafficPolicy is Local: ${here}, and the source address stays`,
    rule: ruled(context, () => `-A ${serviceChain('KUBE-EXT', at.service, at.port)} -j ${chain}`),
  };
}

export function podShortCircuit(context: Context, entry: Entry): Reason {
  const { at } = entry;
  const name = servicePortName(at.service, at.port);
  return {
    code: 'pod-short-circuit',
    text: `node ${context.node.name} takes the source for a pod's, and for pods Local policy does not apply: any endpoint, not masqueraded`,
    rule: ruled(context, () => {
      const match = detectorMatch(context, at, false);
      const chain = serviceChain('KUBE-EXT', at.service, at.port);
      const comment = `-m comment --comment "pod traffic for ${name} external destinations"`;
      return match === null ? null : `-A ${chain} ${match}${comment} -j ${serviceChain('KUBE-SVC', at.service, at.port)}`;
    }),
  };
}

export function nodeShortCircuit(context: Context, entry: Entry): Reason {
  const { at } = entry;
  const name = servicePortName(at.service, at.port);
  return {
    code: 'node-short-circuit',
    text: "the node's own traffic is masqueraded and sent to any endpoint, whatever the policy",
    rule: ruled(
      context,
      () =>
        `-A ${serviceChain('KUBE-EXT', at.service, at.port)} -m comment --comment "route LOCAL traffic for ${name} external destinations" -m addrtype --src-type LOCAL -j ${serviceChain('KUBE-SVC', at.service, at.port)}`,
    ),
  };
}

export function clusterIpMasquerade(context: Context, entry: Entry): Reason {
  const { at } = entry;
  const chain = serviceChain(
    at.service.internalTrafficPolicy === 'Local' && context.config.minor >= 24 ? 'KUBE-SVL' : 'KUBE-SVC',
    at.service,
    at.port,
  );
  const all = context.config.masqueradeAll;
  return {
    code: all ? 'masquerade-all' : 'masquerade-off-cluster',
    text: all
      ? 'masqueradeAll is set: kube-proxy masquerades all traffic to clusterIPs'
      : "the source is no pod by kube-proxy's local detection: masqueraded on its way to the clusterIP",
    rule: ruled(context, () => {
      const match = all ? '' : detectorMatch(context, at, true);
      if (match === null) return null;
      return `-A ${chain} ${match}-d ${at.clusterIP}/${bits(at)} -p ${proto(at)} -m comment --comment "${servicePortName(at.service, at.port)} cluster IP" -m ${proto(at)} --dport ${at.port.port} -j KUBE-MARK-MASQ`;
    }),
  };
}

export function hairpin(context: Context, at: FamilyPort, endpoint: Endpoint): Reason {
  return {
    code: 'hairpin',
    text: 'the client is the endpoint itself: masqueraded, so that the answer comes back through the node',
    rule: ruled(
      context,
      () =>
        `-A ${endpointChain(at.service, at.port, endpoint)} -s ${endpoint.address}/${bits(at)} -m comment --comment "${servicePortName(at.service, at.port)}" -j KUBE-MARK-MASQ`,
    ),
  };
}

/** The detector's match with a blank behind it; null where it names a device, which no evidence here shows. */
function detectorMatch(context: Context, at: FamilyPort, negated: boolean): string | null {
  const detector = context.config.detector[at.family];
  const cidr = detector.kind === 'cidr' ? detector.cidr : detector.kind === 'node-cidr' ? podCidrOf(context.node, at.family) : null;
  return cidr === null ? null : `${negated ? '! ' : ''}-s ${cidr.text} `;
}

/** A reason without a rule of kube-proxy's. */
export function plain(code: string, text: string): Reason {
  return { code, text, rule: null };
}
