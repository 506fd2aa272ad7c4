import { describe, expect, test } from 'vitest';
import { l2SingleActiveNode } from '../../../src/findings/spread/SIP139-l2-single-active-node.ts';
import { l2NoEligibleSpeaker } from '../../../src/findings/spread/SIP140-l2-no-eligible-speaker.ts';
import { vipHolderWithoutEndpoint } from '../../../src/findings/spread/SIP141-vip-holder-without-endpoint.ts';
import { bgpAnnouncedEverywhere } from '../../../src/findings/spread/SIP142-bgp-announced-everywhere.ts';
import { sharedVipConflict } from '../../../src/findings/spread/SIP143-shared-vip-conflict.ts';
import { balancer, daemonSet, flannel, kubeadm, node, nodes, pod, type Raw, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

function metallb(kind: string, name: string, more: Raw = {}): Raw {
  return { apiVersion: 'metallb.io/v1beta1', kind, metadata: { name, namespace: 'metallb-system' }, ...more };
}

const POOL = metallb('IPAddressPool', 'main', { spec: { addresses: ['203.0.113.80-203.0.113.90'] } });
const L2 = metallb('L2Advertisement', 'l2', { spec: {} });
const status = (node: string) => metallb('ServiceL2Status', 'l2-x', { status: { node, serviceName: 'web', serviceNamespace: 'ns1' } });
const SPEAKER = 'quay.io/metallb/speaker:v0.14.9';

function speakers(on: readonly number[], change: { image?: string; args?: readonly string[] } = {}): Raw[] {
  const { image = SPEAKER, args = [] } = change;
  const containers = [{ name: 'speaker', image, args }];
  const running = on.map((number) => pod(`speaker-${number}`, `node${number}`, { owner: 'speaker', namespace: 'metallb-system' }));
  return [...kubeadm(), ...flannel(), daemonSet('speaker', { namespace: 'metallb-system', containers }), ...running];
}

describe('l2-single-active-node', () => {
  const two = slice([webOn(1), webOn(2)]);

  test('policy Local: the other endpoints are spares', () => {
    const [finding] = said(l2SingleActiveNode, [POOL, L2, status('node1'), balancer({ spec: LOCAL }), two]);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'observed', objects: ['Node node1'] });
    expect(finding?.message).toBe('node1 takes all outside traffic to ns1/web; the endpoints on 1 other node are spares');
  });

  test('policy Cluster: the node is the bottleneck, worth knowing; without a status it is some node', () => {
    const [finding] = said(l2SingleActiveNode, [POOL, L2, balancer(), two]);
    expect(finding).toMatchObject({ severity: 'info', confidence: 'derived' });
    expect(finding?.message).toBe('one node at a time takes all outside traffic to ns1/web');
  });

  test("silent: announced by BGP, another pool's address, one endpoint only", () => {
    const bgp = metallb('BGPAdvertisement', 'bgp', { spec: {} });
    expect(said(l2SingleActiveNode, [POOL, L2, bgp, balancer({ spec: LOCAL }), two])).toEqual([]);
    expect(said(l2SingleActiveNode, [POOL, L2, balancer({ ingress: [{ ip: '203.0.113.91' }] }), two])).toEqual([]);
    const other = metallb('L2Advertisement', 'l2', { spec: { ipAddressPools: ['other'] } });
    expect(said(l2SingleActiveNode, [POOL, other, balancer(), two])).toEqual([]);
    expect(said(l2SingleActiveNode, [POOL, L2, status('node1'), balancer({ spec: LOCAL }), slice([webOn(1)])])).toEqual([]);
  });
});

describe('l2-no-eligible-speaker', () => {
  const one = slice([webOn(1)]);
  const labelled = node(1, { labels: { [EXCLUDED]: 'false' } });

  test('the presence of the exclusion label counts, whatever its value', () => {
    const [finding] = said(l2NoEligibleSpeaker, [labelled, ...speakers([1]), POOL, L2, balancer(), one]);
    expect(finding).toMatchObject({ severity: 'error', objects: ['Node node1'] });
    expect(finding?.message).toBe('no node announces 203.0.113.80 of ns1/web: nobody answers for the address');
    expect(finding?.remedy).toContain(`kubectl label node node1 ${EXCLUDED}-`);
  });

  test('not for a speaker that was told to ignore it, nor before 0.14', () => {
    const told = speakers([1], { args: ['--ignore-exclude-lb'] });
    expect(said(l2NoEligibleSpeaker, [labelled, ...told, POOL, L2, balancer(), one])).toEqual([]);
    const old = speakers([1], { image: 'quay.io/metallb/speaker:v0.13.12' });
    expect(said(l2NoEligibleSpeaker, [labelled, ...old, POOL, L2, balancer(), one])).toEqual([]);
  });

  test('no advertisement covers the pool', () => {
    const [finding] = said(l2NoEligibleSpeaker, [node(1), ...speakers([1]), POOL, balancer(), one]);
    expect(finding?.why).toBe('pool main has the address, and no L2Advertisement or BGPAdvertisement covers it');
    expect(finding?.remedy).toContain('"kind":"L2Advertisement"');
  });

  test('policy Local: the nodes with a speaker have no endpoint', () => {
    const raw = [node(1), node(2), ...speakers([2]), POOL, L2, balancer({ spec: LOCAL }), one];
    expect(said(l2NoEligibleSpeaker, raw)[0]?.why).toContain('no Ready speaker pod: node1; no endpoint, and the policy is Local: node2');
  });

  test('node selectors of the advertisement', () => {
    const selective = metallb('L2Advertisement', 'l2', { spec: { nodeSelectors: [{ matchLabels: { edge: 'yes' } }] } });
    const base = [...speakers([1]), POOL, selective, balancer(), one];
    expect(said(l2NoEligibleSpeaker, [node(1), ...base])).toHaveLength(1);
    expect(said(l2NoEligibleSpeaker, [node(1, { labels: { edge: 'yes' } }), ...base])).toEqual([]);
  });

  test('silent: one node may, BGP announces, no MetalLB here, somebody holds it already', () => {
    expect(said(l2NoEligibleSpeaker, [labelled, node(2), ...speakers([1, 2]), POOL, L2, balancer(), one])).toEqual([]);
    const bgp = metallb('BGPAdvertisement', 'bgp');
    expect(said(l2NoEligibleSpeaker, [labelled, ...speakers([1]), POOL, bgp, balancer(), one])).toEqual([]);
    expect(said(l2NoEligibleSpeaker, [labelled, POOL, balancer(), one])).toEqual([]);
    expect(said(l2NoEligibleSpeaker, [labelled, ...speakers([1]), POOL, L2, status('node1'), balancer(), one])).toEqual([]);
  });
});

describe('vip-holder-without-endpoint', () => {
  test('kube-vip holds the address on a node without an endpoint', () => {
    const held = { annotations: { 'kube-vip.io/vipHost': 'node2' } };
    const [finding] = said(vipHolderWithoutEndpoint, [balancer({ spec: LOCAL, metadata: held }), slice([webOn(1)])]);
    expect(finding).toMatchObject({ severity: 'error', confidence: 'observed', objects: ['Node node2'] });
    expect(finding?.message).toBe('node2 holds 203.0.113.80 of ns1/web and has no endpoint: all outside traffic is dropped');
    expect(said(vipHolderWithoutEndpoint, [status('node3'), balancer({ spec: LOCAL }), slice([webOn(1)])])).toHaveLength(1);
  });

  test('silent: the holder has one, policy Cluster, the holder is no node of this cluster, no endpoint anywhere', () => {
    const held = (name: string) => ({ annotations: { 'kube-vip.io/vipHost': name } });
    expect(said(vipHolderWithoutEndpoint, [balancer({ spec: LOCAL, metadata: held('node1') }), slice([webOn(1)])])).toEqual([]);
    expect(said(vipHolderWithoutEndpoint, [balancer({ metadata: held('node2') }), slice([webOn(1)])])).toEqual([]);
    expect(said(vipHolderWithoutEndpoint, [balancer({ spec: LOCAL, metadata: held('elsewhere') }), slice([webOn(1)])])).toEqual([]);
    expect(said(vipHolderWithoutEndpoint, [balancer({ spec: LOCAL, metadata: held('node2') }), slice([])])).toEqual([]);
  });
});

describe('bgp-announced-everywhere', () => {
  const bgp = (cidr: string): Raw => ({
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'BGPConfiguration',
    metadata: { name: 'default' },
    spec: { serviceLoadBalancerIPs: [{ cidr }] },
  });

  test('the single address of a Local Service', () => {
    const [finding] = said(bgpAnnouncedEverywhere, [bgp('203.0.113.80/32'), balancer({ spec: LOCAL }), slice([webOn(1)])]);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'hint' });
    expect(finding?.message).toContain('3 nodes of them drop what comes: node2, node3, node4');
  });

  test('silent: a wider network (Calico adds routes from nodes with endpoints), policy Cluster, an endpoint everywhere', () => {
    expect(said(bgpAnnouncedEverywhere, [bgp('203.0.113.0/24'), balancer({ spec: LOCAL }), slice([webOn(1)])])).toEqual([]);
    expect(said(bgpAnnouncedEverywhere, [bgp('203.0.113.80/32'), balancer(), slice([webOn(1)])])).toEqual([]);
    const all = slice([webOn(1), webOn(2)]);
    expect(said(bgpAnnouncedEverywhere, [...nodes(2), bgp('203.0.113.80/32'), balancer({ spec: LOCAL }), all])).toEqual([]);
  });
});

describe('shared-vip-conflict', () => {
  const other = (spec: Raw, change: { metadata?: Raw; ingress?: readonly Raw[] } = {}) =>
    balancer({
      ...change,
      metadata: { name: 'other', namespace: 'ns2', ...change.metadata },
      spec: { clusterIP: '10.96.0.11', clusterIPs: ['10.96.0.11'], ports: [{ port: 80, nodePort: 30081 }], ...spec },
    });

  test('one address and port in two Services', () => {
    const [finding] = said(sharedVipConflict, [balancer(), other({})]);
    expect(finding).toMatchObject({ severity: 'error', objects: ['Service other'] });
    expect(finding?.message).toBe(
      'ns1/web and ns2/other claim the same address 203.0.113.80, port 80/TCP: only one of them gets the traffic',
    );
  });

  test('a shared address with policy Local and other pods behind it', () => {
    const shared = { annotations: { 'metallb.io/allow-shared-ip': 'key' } };
    const ports = [{ port: 443, nodePort: 30081 }];
    const first = balancer({ spec: LOCAL, metadata: shared });
    expect(said(sharedVipConflict, [first, other({ ports, selector: { app: 'other' } }, { metadata: shared })])).toMatchObject([
      { severity: 'warning' },
    ]);
    expect(said(sharedVipConflict, [first, other({ ports }, { metadata: shared })])).toEqual([]);
  });

  test.for(['metallb.io/allow-shared-ip', 'metallb.universe.tf/allow-shared-ip'])(
    'the remedy takes away the annotation that is there: %s',
    (key) => {
      const shared = { annotations: { [key]: 'key' } };
      const ports = [{ port: 443, nodePort: 30081 }];
      const [finding] = said(sharedVipConflict, [
        balancer({ spec: LOCAL, metadata: shared }),
        other({ ports, selector: { app: 'other' } }, { metadata: shared }),
      ]);
      expect(finding?.remedy).toContain(` ${key}-)`);
    },
  );

  test('silent: another port, another protocol, another address, an address that kube-proxy leaves alone', () => {
    expect(said(sharedVipConflict, [balancer(), other({ ports: [{ port: 81, nodePort: 30081 }] })])).toEqual([]);
    expect(said(sharedVipConflict, [balancer(), other({ ports: [{ port: 80, protocol: 'UDP', nodePort: 30080 }] })])).toEqual([]);
    expect(said(sharedVipConflict, [balancer(), other({}, { ingress: [{ ip: '203.0.113.81' }] })])).toEqual([]);
    expect(said(sharedVipConflict, [balancer(), other({}, { ingress: [{ ip: '203.0.113.80', ipMode: 'Proxy' }] })])).toEqual([]);
    expect(said(sharedVipConflict, [service()])).toEqual([]);
  });
});
