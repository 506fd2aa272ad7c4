import { describe, expect, test } from 'vitest';
import { nodes, service } from '../support/build.ts';
import { ask, codes, scene } from '../support/flow.ts';
import { flows } from '../support/table.ts';

const IN = 'delivered: web-1+web-3 sees 10.244.2.0 (kube-proxy)';
const MODES = ['iptables', 'nftables'] as const;

describe.each(MODES)('inside and outside, %s mode', (mode) => {
  flows(scene({ service: service({ sourceRanges: ['198.51.100.0/24'] }), proxy: { mode } }), [
    ['client@node2', '192.0.2.10', IN, 'inside'],
    ['198.51.101.1@node2', '192.0.2.10', 'dropped', 'one network further'],
    ['node2', '192.0.2.10', 'dropped', 'the node IP is outside'],
    ['cli-2', '192.0.2.10', 'dropped', 'and so are pods'],
    ['cli-2', '203.0.113.10', IN, 'externalIPs have no ranges'],
    ['cli-2', '10.96.0.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'nor clusterIPs'],
    ['anyone@node2', '192.0.2.10', 'undetermined', 'an unknown address'],
    ['anyone', 'node2:30080', IN, 'which does not matter at a nodePort'],
  ]);
  flows(scene({ service: service({ sourceRanges: ['198.51.100.0/24'], local: true }), proxy: { mode } }), [
    ['client@node1', '192.0.2.10', 'delivered: web-1 sees 198.51.100.10', 'Local: inside'],
    ['client@node2', '192.0.2.10', 'dropped', 'Local: inside, but no local endpoint'],
    ['lan@node1', '192.0.2.10', 'dropped', 'Local: outside'],
    ['cli-2', '192.0.2.10', 'dropped', 'Local: pods are not exempt, short circuit or not'],
  ]);
  flows(scene({ service: service({ sourceRanges: ['10.244.0.0/16'], local: true }), proxy: { mode } }), [
    ['cli-2', '192.0.2.10', 'delivered: web-1+web-3 sees 10.244.2.10', 'Local: pods inside are short-circuited'],
  ]);
  flows(scene({ service: service({ sourceRanges: ['172.18.0.12/32'] }), proxy: { mode } }), [
    ['node2', '192.0.2.10', IN, 'one node IP'],
    ['node1', '192.0.2.10', 'dropped', 'not the other'],
  ]);
});

describe('no endpoints and outside the ranges', () => {
  const none = service({ sourceRanges: ['198.51.100.0/24'], endpoints: [] });
  flows(scene({ service: none }), [
    ['lan@node2', '192.0.2.10', 'rejected', 'iptables mode: without endpoints there is no FW chain'],
    ['anyone@node2', '192.0.2.10', 'rejected', 'iptables mode: whoever it is'],
  ]);
  flows(scene({ service: none, proxy: { mode: 'nftables' } }), [
    ['lan@node2', '192.0.2.10', 'dropped', 'nftables mode: the firewall comes first'],
    ['client@node2', '192.0.2.10', 'rejected', 'nftables mode: inside'],
    ['anyone@node2', '192.0.2.10', 'undetermined', 'nftables mode: the address decides'],
  ]);
});

describe('ranges of the other family do not restrict', () => {
  flows(scene({ service: service({ sourceRanges: ['2001:db8::/32'] }) }), [
    ['lan@node2', '192.0.2.10', IN, 'the IPv4 list is empty'],
    ['anyone@node2', '192.0.2.10', IN, 'whoever it is'],
  ]);
});

describe.each(['1.23', '1.24', '1.33', '1.34', '1.36'])('a zero range admits everyone, %s', (version) => {
  flows(scene({ service: service({ sourceRanges: ['0.0.0.0/0', '198.51.100.0/24'] }), proxy: { version } }), [
    ['lan@node2', '192.0.2.10', IN, 'any address'],
    ['anyone@node2', '192.0.2.10', IN, 'known or not'],
  ]);
  flows(scene({ service: service({ sourceRanges: ['::/0', '198.51.100.0/24'] }), proxy: { version } }), [
    ['client@node2', '192.0.2.10', IN, "the other family's zero range does not count"],
    ['node2', '192.0.2.10', 'dropped', "the other family's zero range does not count"],
  ]);
});

describe('an LB IP that is a local address of the node', () => {
  const its = service({ ingress: ['172.18.0.12', '172.18.0.13'], sourceRanges: ['198.51.100.0/24'] });
  flows(scene({ service: its }), [
    ['client', '172.18.0.12:80', IN, 'asked like any other'],
    ['lan', '172.18.0.12:80', 'dropped', 'in INPUT'],
    ['lan', '172.18.0.12:30080', IN, 'its nodePort is exempt'],
  ]);
});

describe('an externalIP that is also the LB IP', () => {
  const its = service({ externalIPs: ['192.0.2.10'], sourceRanges: ['198.51.100.0/24'] });
  flows(scene({ service: its }), [
    ['lan@node2', '192.0.2.10', IN, 'iptables mode: the rule of the externalIP comes first, without ranges'],
  ]);
  flows(scene({ service: its, proxy: { mode: 'nftables' } }), [
    ['lan@node2', '192.0.2.10', 'dropped', 'nftables mode: the firewall goes by address'],
    ['client@node2', '192.0.2.10', IN, 'nftables mode: inside'],
  ]);
});

describe('a client that stands for those inside or outside', () => {
  const of = scene({ service: service({ sourceRanges: ['198.51.100.0/24'] }), nodes: nodes(4) });
  test('what is missing is named', () => {
    const { because } = ask(of, 'anyone@node2', '192.0.2.10');
    expect(because.map(({ text }) => text).join()).toContain("the client's address");
  });
  test('the reason of a drop is the ranges', () => expect(codes(of, 'lan@node2', '192.0.2.10')).toEqual(['outside-source-ranges']));
});
