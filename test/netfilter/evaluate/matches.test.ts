import { describe, expect, test } from 'vitest';
import { routesFromJson } from '../../../src/netfilter/node/ip-json.ts';
import { tracePacket, traceReply } from '../../../src/netfilter/trace.ts';
import { handNode, table } from '../support/dump.ts';
import { FROM_OUTSIDE, FROM_POD, FROM_PROCESS } from '../support/told.ts';

/** Whether a rule is taken by the packet in the given chain: for certain, not at all, or nobody knows. */
function taken(rule: string, chain: string, arriving = FROM_OUTSIDE): 'yes' | 'no' | 'unknown' {
  const node = handNode(table('mangle', `-A ${chain} ${rule} -j DROP`));
  const trace = tracePacket(node, arriving);
  if (!trace.certain) return 'unknown';
  return trace.branches.every((branch) => branch.end.kind === 'dropped') ? 'yes' : 'no';
}

describe('a packet of a client to a node port', () => {
  test.for([
    ['-s 198.51.100.10/32', 'yes'],
    ['-s 198.51.100.0/24', 'yes'],
    ['! -s 198.51.100.0/24', 'no'],
    ['-s 198.51.101.0/24', 'no'],
    ['-d 172.18.0.11', 'yes'],
    ['-d 172.18.0.0/255.255.255.0', 'yes'],
    ['-d 172.18.0.0/255.0.255.0', 'unknown'],
    ['-i eth0', 'yes'],
    ['-i eth+', 'yes'],
    ['-i eth1', 'no'],
    ['! -i cni0', 'yes'],
    ['-i +', 'yes'],
    ['-p tcp', 'yes'],
    ['-p 6', 'yes'],
    ['! -p udp', 'yes'],
    ['-p udp', 'no'],
    ['-p tcp -m tcp --dport 30080', 'yes'],
    ['-p tcp -m tcp --dport 30000:32767', 'yes'],
    ['-p tcp -m tcp ! --dport 30000:32767', 'no'],
    ['-p tcp -m tcp --sport 1:1023', 'no'],
    ['-p tcp --dport 30080', 'yes'],
    ['-p udp -m udp --dport 30080', 'no'],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', 'yes'],
    ['-p tcp --syn', 'yes'],
    ['-p tcp ! --syn', 'no'],
    ['-p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN', 'no'],
    ['-p tcp -m multiport --dports 80,443,30000:30100', 'yes'],
    ['-p tcp -m multiport --sports 80,443', 'no'],
    ['-p tcp -m multiport ! --ports 80,443', 'yes'],
    ['-m conntrack --ctstate NEW', 'yes'],
    ['-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT', 'yes'],
    ['-m conntrack --ctstate INVALID', 'no'],
    ['-m state --state NEW,ESTABLISHED', 'yes'],
    ['-m conntrack --ctdir ORIGINAL', 'yes'],
    ['-m conntrack --ctdir REPLY', 'no'],
    ['-m conntrack --ctorigdst 172.18.0.0/24 --ctorigdstport 30080', 'yes'],
    ['-m conntrack ! --ctorigdst 172.18.0.0/24', 'no'],
    ['-m conntrack --ctorigsrc 198.51.100.10 --ctproto 6', 'yes'],
    ['-m conntrack --ctstatus ASSURED', 'no'],
    ['-m conntrack ! --ctstatus SEEN_REPLY,ASSURED', 'yes'],
    ['-m conntrack --ctexpire 10', 'unknown'],
    ['-m mark --mark 0x0', 'yes'],
    ['-m mark --mark 0x4000/0x4000', 'no'],
    ['-m connmark ! --mark 0x1', 'yes'],
    ['-m addrtype --dst-type LOCAL', 'yes'],
    ['-m addrtype --src-type LOCAL', 'no'],
    ['-m addrtype ! --src-type LOCAL --dst-type LOCAL', 'yes'],
    ['-m addrtype --dst-type LOCAL --limit-iface-in', 'yes'],
    ['-m addrtype --src-type UNICAST', 'yes'],
    ['-m addrtype --dst-type MULTICAST,BROADCAST', 'no'],
    ['-m iprange --src-range 198.51.100.1-198.51.100.20', 'yes'],
    ['-m iprange --src-range 198.51.100.9-198.51.100.9', 'no'],
    ['-m iprange ! --dst-range 10.0.0.0-10.255.255.255', 'yes'],
    ['-m recent --rcheck --name SEEN --rsource', 'no'],
    ['-m recent ! --rcheck --name SEEN --rsource', 'yes'],
    ['-m recent --set --name SEEN --rsource', 'yes'],
    ['-m physdev --physdev-is-bridged', 'no'],
    ['-m physdev ! --physdev-is-in', 'yes'],
    ['-m owner --uid-owner 0', 'no'],
    ['-m icmp --icmp-type 8', 'no'],
    ['-m nfacct --nfacct-name x', 'yes'],
    ['-m pkttype --pkt-type multicast', 'no'],
    ['-m rpfilter --invert', 'no'],
    ['-m comment --comment "-s 10.0.0.1 -j RETURN"', 'yes'],
    ['-m set --match-set blocked src', 'unknown'],
    ['-m limit --limit 5/min', 'unknown'],
    ['-m frobnicate --hard', 'unknown'],
    ['-m string --string x --algo bm', 'unknown'],
    ['-p udp -m set --match-set blocked src', 'no'],
  ] as const)('%s: %s', ([rule, expected]) => {
    expect(taken(rule, 'PREROUTING')).toBe(expected);
  });
});

describe('a packet of a pod', () => {
  test.for([
    ['-i cni0', 'FORWARD', 'yes'],
    ['-i cni0 -o eth0', 'FORWARD', 'yes'],
    ['-o cni0', 'FORWARD', 'no'],
    ['! -o eth+', 'FORWARD', 'no'],
    ['-i veth1', 'PREROUTING', 'no'],
    // The port of the bridge is known only while bridged frames pass the rules.
    ['-m physdev --physdev-is-in', 'PREROUTING', 'unknown'],
    ['-m rpfilter --invert', 'PREROUTING', 'no'],
    ['-o eth0', 'POSTROUTING', 'yes'],
    ['-m owner --uid-owner 0', 'FORWARD', 'no'],
    ['-m addrtype --src-type LOCAL --limit-iface-out', 'POSTROUTING', 'no'],
  ] as const)('%s in %s: %s', ([rule, chain, expected]) => {
    expect(taken(rule, chain, FROM_POD)).toBe(expected);
  });
});

describe('a packet of a process of the node', () => {
  test.for([
    ['-o eth0', 'OUTPUT', 'yes'],
    ['-m addrtype --src-type LOCAL', 'OUTPUT', 'yes'],
    ['-m owner --uid-owner 1337', 'OUTPUT', 'unknown'],
    ['-m mac --mac-source 00:11:22:33:44:55', 'OUTPUT', 'no'],
    ['-m physdev --physdev-is-in', 'POSTROUTING', 'no'],
  ] as const)('%s in %s: %s', ([rule, chain, expected]) => {
    expect(taken(rule, chain, FROM_PROCESS)).toBe(expected);
  });
});

test('a device that has only a label is told from those with a name, and from no other', () => {
  const node = {
    ...handNode(table('mangle', '-A PREROUTING -i lo -j DROP', '-A PREROUTING -i cni0 -j DROP', '-A PREROUTING -i ens5 -j DROP')),
    unnamed: new Map([['eth0', () => null]]),
  };
  const trace = tracePacket(node, FROM_OUTSIDE);
  expect(trace.undecided.map((doubt) => doubt.rule.line)).toEqual(['-A PREROUTING -i ens5 -j DROP']);
});

describe('IPv6', () => {
  const SIX = {
    protocol: 'tcp',
    source: '2001:db8:100::a',
    sourcePort: 40_000,
    destination: 'fd00:172:18::b',
    destinationPort: 30_080,
    from: { device: 'eth0' },
  };
  test.for([
    ['-s 2001:db8::/32', 'yes'],
    ['-s 2001:db8:101::/48', 'no'],
    ['-d fd00:172:18::b/128', 'yes'],
    ['-d FD00:172:18:0:0:0:0:B', 'yes'],
    ['-m addrtype --dst-type LOCAL', 'yes'],
    ['-m addrtype --dst-type UNICAST', 'yes'],
    ['-m iprange --src-range 2001:db8:100::1-2001:db8:100::ff', 'yes'],
    ['-p ipv6-icmp -m icmp6 --icmpv6-type 135', 'no'],
  ] as const)('%s: %s', ([rule, expected]) => {
    const trace = tracePacket(handNode('', table('mangle', `-A PREROUTING ${rule} -j DROP`)), SIX);
    expect(trace.certain).toBe(true);
    expect(trace.branches.every((branch) => branch.end.kind === 'dropped') ? 'yes' : 'no').toBe(expected);
  });
});

describe('in raw no packet has an entry of connection tracking yet', () => {
  test.for([
    ['-p tcp --syn', 'yes'],
    ['-p tcp -m tcp --tcp-flags SYN,ACK SYN', 'yes'],
    ['-p tcp ! --syn', 'no'],
    ['-m conntrack --ctstate INVALID', 'yes'],
    ['-m conntrack --ctstate NEW', 'no'],
  ] as const)('%s: %s', ([rule, expected]) => {
    const trace = tracePacket(handNode(table('raw', `-A PREROUTING ${rule} -j DROP`)), FROM_OUTSIDE);
    expect(trace.certain).toBe(true);
    expect(trace.branches.map(({ end }) => end.kind === 'dropped')).toEqual([expected === 'yes']);
  });

  test.for([
    ['-p tcp --syn', 'no'],
    ['-p tcp -m tcp --tcp-flags SYN,ACK SYN,ACK', 'yes'],
  ] as const)('an answer whose request never passed: %s: %s', ([rule, expected]) => {
    for (const name of ['raw', 'mangle']) {
      const trace = traceReply(handNode(table(name, `-A PREROUTING ${rule} -j DROP`)), FROM_OUTSIDE, null);
      expect(trace.certain).toBe(true);
      expect(trace.branches.map(({ end }) => end.kind === 'dropped')).toEqual([expected === 'yes']);
    }
  });
});

describe("an IPv6 address of a device that is also the subnet's anycast address: the route that stands first says what it is", () => {
  const own = 'fd00:10:244:1::';
  const hand = handNode('', table('mangle', '-A PREROUTING -m addrtype --dst-type LOCAL -j DROP'));
  const devices = [
    ...(hand.devices ?? []),
    {
      name: 'flannel-v6.1',
      master: null,
      addresses: [{ address: own, prefix: 128, scope: 'global', secondary: false, deprecated: false }],
    },
  ];
  const anycast = { type: 'anycast', dst: own, dev: 'cni0', table: 'local', metric: 0, pref: 'medium' };
  const local = { type: 'local', dst: own, dev: 'flannel-v6.1', table: 'local', metric: 0, pref: 'medium' };
  const packet = { ...FROM_OUTSIDE, source: '2001:db8:100::a', destination: own };

  test.for([
    ['anycast', [anycast, local], 'host'],
    ['local', [local, anycast], 'dropped'],
    ['none in the dump', [], 'dropped'],
  ] as const)('%s', ([, routes, expected]) => {
    const node = { ...hand, devices, routes: [...(hand.routes ?? []), ...(routesFromJson(routes) ?? [])] };
    expect(tracePacket(node, packet).branches.map(({ end }) => end.kind)).toEqual([expected]);
  });
});
