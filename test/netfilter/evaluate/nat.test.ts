import { describe, expect, test } from 'vitest';
import type { NodeNet } from '../../../src/netfilter/node/node-net.ts';
import { type Arriving, type Branch, connectionOf, tracePacket, traceReply } from '../../../src/netfilter/trace.ts';
import { handNode, table } from '../support/dump.ts';
import { FROM_OUTSIDE, FROM_POD, FROM_PROCESS, told, traced } from '../support/told.ts';

const OUTSIDE = '198.51.100.10 > 172.18.0.11:30080';
const nat = (...lines: readonly string[]): NodeNet => handNode(table('nat', ...lines));

describe('destinations', () => {
  test.for([
    ['address and port', '-A PREROUTING -p tcp -j DNAT --to-destination 10.244.1.5:8080', 'sent cni0: 198.51.100.10 > 10.244.1.5:8080'],
    ['address alone', '-A PREROUTING -j DNAT --to-destination 10.244.2.5', 'sent eth0 via 172.18.0.12: 198.51.100.10 > 10.244.2.5:30080'],
    ['port alone', '-A PREROUTING -p tcp -j DNAT --to-destination :81', 'host: 198.51.100.10 > 172.18.0.11:81'],
    [
      'a range of ports: which is not known',
      '-A PREROUTING -p tcp -j DNAT --to-destination 10.244.1.5:80-90',
      'sent cni0: 198.51.100.10 > 10.244.1.5:?',
    ],
    [
      'a range of addresses: which is not known',
      '-A PREROUTING -j DNAT --to-destination 10.244.1.5-10.244.1.9',
      `unknown (the rule chooses one of several addresses): ${OUTSIDE}`,
    ],
    [
      'REDIRECT: the address of the incoming device',
      '-A PREROUTING -p tcp -j REDIRECT --to-ports 8080',
      'host: 198.51.100.10 > 172.18.0.11:8080',
    ],
    ['NAT in INPUT changes no destination', '-A OUTPUT -j DNAT --to-destination 10.244.1.5', `host: ${OUTSIDE}`],
  ] as const)('%s', ([, rule, expected]) => {
    expect(traced(nat(rule), FROM_OUTSIDE)).toEqual([expected]);
  });

  test('the first DNAT ends the table', () => {
    expect(
      traced(
        nat('-A PREROUTING -p tcp -j DNAT --to-destination 10.244.1.5:1', '-A PREROUTING -p tcp -j DNAT --to-destination 10.244.1.6:2'),
        FROM_OUTSIDE,
      ),
    ).toEqual(['sent cni0: 198.51.100.10 > 10.244.1.5:1']);
  });

  test('a process: OUTPUT, then routing once more; REDIRECT means loopback', () => {
    expect(
      traced(
        nat('-A OUTPUT -d 10.96.0.10/32 -p tcp -j DNAT --to-destination 10.244.1.5:8080', '-A PREROUTING -j DNAT --to-destination 1.1.1.1'),
        FROM_PROCESS,
      ),
    ).toEqual(['sent cni0: 172.18.0.11 > 10.244.1.5:8080']);
    expect(traced(nat('-A OUTPUT -p tcp -j REDIRECT --to-ports 15001'), FROM_PROCESS)).toEqual(['host: 172.18.0.11 > 127.0.0.1:15001']);
  });

  test('filter OUTPUT sees the new destination and the old device', () => {
    const rules =
      table('nat', '-A OUTPUT -j DNAT --to-destination 10.244.1.5') + table('filter', '-A OUTPUT -d 10.244.1.5/32 -o eth0 -j DROP');
    expect(traced(handNode(rules), FROM_PROCESS)).toEqual(['dropped in OUTPUT: 172.18.0.11 > 10.244.1.5:80']);
  });

  test('the state of a translated connection', () => {
    const rules =
      table('nat', '-A PREROUTING -j DNAT --to-destination 10.244.1.5') +
      table('filter', ':FORWARD DROP', '-A FORWARD -m conntrack --ctstate DNAT --ctorigdst 172.18.0.11 --ctreplsrc 10.244.1.5 -j ACCEPT');
    expect(traced(handNode(rules), FROM_OUTSIDE)).toEqual(['sent cni0: 198.51.100.10 > 10.244.1.5:30080']);
  });
});

describe('sources', () => {
  const TO_POD = '-A PREROUTING -j DNAT --to-destination 10.244.1.5';
  test.for([
    [
      'MASQUERADE: the address in the subnet of the way out',
      [TO_POD, '-A POSTROUTING -j MASQUERADE'],
      'sent cni0: 10.244.1.1 > 10.244.1.5:30080',
    ],
    ['SNAT', [TO_POD, '-A POSTROUTING -j SNAT --to-source 192.0.2.1'], 'sent cni0: 192.0.2.1 > 10.244.1.5:30080'],
    [
      'SNAT to one of several',
      [TO_POD, '-A POSTROUTING -j SNAT --to-source 192.0.2.1-192.0.2.9'],
      'unknown (the rule chooses one of several addresses): 198.51.100.10 > 10.244.1.5:30080',
    ],
    ['by the device', [TO_POD, '-A POSTROUTING ! -o cni0 -j MASQUERADE'], 'sent cni0: 198.51.100.10 > 10.244.1.5:30080'],
    ['nat INPUT', ['-A INPUT -j SNAT --to-source 192.0.2.1'], 'host: 192.0.2.1 > 172.18.0.11:30080'],
  ] as const)('%s', ([, lines, expected]) => {
    expect(traced(nat(...lines), FROM_OUTSIDE)).toEqual([expected]);
  });

  test('a device without an address lends the first of any other, an unsure one none', () => {
    const bare = nat('-A POSTROUTING -j MASQUERADE');
    const to = { ...FROM_POD, destination: '10.244.1.77', from: { device: 'veth9' } };
    const node = (scope: string): NodeNet => ({
      ...bare,
      devices: (bare.devices ?? []).map((device) =>
        device.name === 'cni0' ? { ...device, addresses: device.addresses.map((address) => ({ ...address, scope })) } : device,
      ),
    });
    expect(traced(node('link'), to)).toEqual(['sent cni0: 172.18.0.11 > 10.244.1.77:80']);
    expect(traced(node('unsure'), to)).toEqual(['sent cni0: ? > 10.244.1.77:80']);
  });

  test('a source port that MASQUERADE may choose is not known afterwards', () => {
    const [branch] = tracePacket(nat(TO_POD, '-A POSTROUTING -j MASQUERADE --random-fully'), FROM_OUTSIDE).branches;
    expect(branch?.packet.sourcePort).toBeNull();
    expect(tracePacket(nat(TO_POD, '-A POSTROUTING -j MASQUERADE'), FROM_OUTSIDE).branches[0]?.packet.sourcePort).toBe(40_000);
  });
});

describe('marks', () => {
  const MARKS = [
    '-A KUBE-x -j MARK --set-xmark 0x4000/0x4000',
    '-A PREROUTING -j KUBE-x',
    '-A PREROUTING -j DNAT --to-destination 10.244.1.5',
  ];
  test("kube-proxy's way: marked in PREROUTING, masqueraded in POSTROUTING, the mark taken away", () => {
    const rules = [
      ...MARKS,
      '-A POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
      '-A POSTROUTING -j MARK --set-xmark 0x4000/0x0',
      '-A POSTROUTING -j MASQUERADE',
    ];
    const [branch] = tracePacket(nat(...rules), FROM_OUTSIDE).branches;
    expect(branch && told(branch)).toBe('sent cni0: 10.244.1.1 > 10.244.1.5:30080');
    expect(branch?.packet.mark).toBe(0);
  });

  test.for([
    ['--set-xmark 0x1/0xf', 0xf0, 0xf1],
    ['--set-xmark 0xff/0x0', 0xf0, 0x0f],
    ['--set-mark 0x1', 0xf0, 0x1],
    ['--set-mark 0x1/0x2', 0xf2, 0xf1],
    ['--and-mark 0x10', 0xf0, 0x10],
    ['--or-mark 0x80000000', 0xf0, 0x800000f0],
    ['--xor-mark 0xff', 0xf0, 0x0f],
  ] as const)('%s', ([option, before, after]) => {
    const rules = table('mangle', `-A PREROUTING -j MARK --set-mark ${before}`, `-A PREROUTING -j MARK ${option}`);
    expect(tracePacket(handNode(rules), FROM_OUTSIDE).branches[0]?.packet.mark).toBe(after);
  });

  test('CONNMARK keeps a mark for the answer', () => {
    const node = handNode(
      table(
        'mangle',
        '-A PREROUTING -i eth0 -j CONNMARK --set-xmark 0x80/0x80',
        '-A PREROUTING -i cni0 -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80',
      ) + table('nat', '-A PREROUTING -j DNAT --to-destination 10.244.1.5'),
    );
    const [request] = tracePacket(node, FROM_OUTSIDE).branches;
    expect(request?.packet.mark).toBe(0);
    const reply = { ...FROM_POD, source: '10.244.1.5', sourcePort: 30_080, destination: '198.51.100.10', destinationPort: 40_000 };
    expect(traceReply(node, reply, request?.tracked ?? null).branches[0]?.packet.mark).toBe(0x80);
    expect(traceReply(node, reply, null).branches[0]?.packet.mark).toBe(0);
  });

  test('CONNMARK --save-mark', () => {
    const rules = table(
      'mangle',
      '-A PREROUTING -j MARK --set-mark 0xab',
      '-A PREROUTING -j CONNMARK --save-mark --nfmask 0xf0 --ctmask 0xff',
      '-A INPUT -m connmark --mark 0xa0 -j DROP',
    );
    expect(traced(handNode(rules), FROM_OUTSIDE)).toEqual([`dropped in INPUT: ${OUTSIDE}`]);
  });
});

describe('answers', () => {
  const RULES = ['-A PREROUTING -j DNAT --to-destination 10.244.1.5:8080 -p tcp', '-A POSTROUTING -p tcp -j MASQUERADE'];
  const reply = (request: Branch): Arriving => ({
    protocol: 'tcp',
    source: request.packet.destination ?? '',
    sourcePort: request.packet.destinationPort,
    destination: request.packet.source ?? '',
    destinationPort: request.packet.sourcePort,
    from: { device: 'cni0' },
  });
  const request = (node: NodeNet): Branch => {
    const [branch] = tracePacket(node, FROM_OUTSIDE).branches;
    if (branch === undefined) throw new Error('the request has a branch');
    return branch;
  };

  test('what was done to the request is undone, without asking nat again', () => {
    const node = nat(...RULES);
    const first = request(node);
    expect(told(first)).toBe('sent cni0: 10.244.1.1 > 10.244.1.5:8080');
    expect(traceReply(node, reply(first), first.tracked).branches.map(told)).toEqual([
      'sent eth0 via 172.18.0.1: 172.18.0.11 > 198.51.100.10:40000',
    ]);
  });

  test('an answer is ESTABLISHED in direction REPLY; one of a strange connection INVALID', () => {
    const node = handNode(
      table('nat', ...RULES) +
        table(
          'filter',
          '-A FORWARD -m conntrack --ctstate INVALID -j DROP',
          '-A FORWARD -m conntrack --ctstate ESTABLISHED --ctdir REPLY --ctstatus SEEN_REPLY,ASSURED --ctorigdstport 30080 -j REJECT',
        ),
    );
    const first = request(node);
    expect(traceReply(node, reply(first), first.tracked).branches.map((branch) => branch.end.kind)).toEqual(['rejected']);
    const strange = { ...reply(first), destination: '198.51.100.10' };
    expect(traceReply(node, strange, null).branches.map(told)).toEqual(['dropped in FORWARD: 10.244.1.5 > 198.51.100.10:40000']);
    expect(traceReply(node, { ...strange, protocol: 'udp' }, null).branches.map((branch) => branch.end.kind)).toEqual(['sent']);
  });

  test('connectionOf finds the connection that an answer belongs to', () => {
    const node = nat(...RULES);
    const first = request(node);
    expect(connectionOf([first], reply(first))).toBe(first.tracked);
    expect(connectionOf([first], { ...reply(first), source: '10.244.1.6' })).toBeNull();
    expect(connectionOf([first], { ...reply(first), protocol: 'udp' })).toBeNull();
  });

  test('behind NOTRACK nothing is translated, and the answer is no part of a connection', () => {
    const node = handNode(
      table('raw', '-A PREROUTING -i eth0 -p tcp -m tcp --dport 30080 -j CT --notrack') +
        table('nat', ...RULES) +
        table('filter', '-A INPUT -m conntrack ! --ctstate UNTRACKED -j DROP', '-A OUTPUT -m conntrack --ctstate INVALID -j DROP'),
    );
    const first = request(node);
    expect(told(first)).toBe(`host: ${OUTSIDE}`);
    const answer: Arriving = { ...reply(first), from: 'local' };
    expect(traceReply(node, answer, first.tracked).branches.map((branch) => branch.end.kind)).toEqual(['dropped']);
  });

  test('raw comes before connection tracking', () => {
    const node = handNode(
      table('raw', '-A PREROUTING -m conntrack --ctstate NEW -j DROP', '-A PREROUTING -m connmark ! --mark 0x1 -j DROP'),
    );
    expect(traced(node, FROM_OUTSIDE)).toEqual([`host: ${OUTSIDE}`]);
  });
});

describe('IPv6', () => {
  test('DNAT and MASQUERADE', () => {
    const node = handNode(
      '',
      table(
        'nat',
        '-A PREROUTING -p tcp -m tcp --dport 30080 -j DNAT --to-destination [fd00:10:244:1::5]:8080',
        '-A POSTROUTING -o cni0 -j MASQUERADE',
      ),
    );
    const arriving: Arriving = { ...FROM_OUTSIDE, source: '2001:db8:100::a', destination: 'fd00:172:18::b' };
    expect(traced(node, arriving)).toEqual(['sent cni0: fd00:10:244:1::1 > fd00:10:244:1::5:8080']);
    expect(traced(handNode('', table('filter', '-A INPUT -j REJECT')), arriving)).toEqual([
      'rejected in INPUT with icmp6-port-unreachable: 2001:db8:100::a > fd00:172:18::b:30080',
    ]);
  });
});
