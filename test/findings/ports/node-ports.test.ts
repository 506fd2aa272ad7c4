import { describe, expect, test } from 'vitest';
import { nodeportNotAllocated } from '../../../src/findings/ports/SIP151-nodeport-not-allocated.ts';
import { nodeportPortConflict } from '../../../src/findings/ports/SIP152-nodeport-port-conflict.ts';
import { nodeportNoListener } from '../../../src/findings/ports/SIP153-nodeport-no-listener.ts';
import { nodeportAddressesRestricted } from '../../../src/findings/ports/SIP154-nodeport-addresses-restricted.ts';
import { localhostNodeport } from '../../../src/findings/ports/SIP155-localhost-nodeport.ts';
import { balancer, flannel, kubeadm, node, nodes, type Raw, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';

const one = slice([webOn(1)]);
const proxy = (lines: string) => [...kubeadm(`clusterCIDR: 10.244.0.0/16\n${lines}`), ...flannel()];

describe('nodeport-not-allocated', () => {
  const none = { allocateLoadBalancerNodePorts: false, ports: [{ port: 80, targetPort: 8080 }] };

  test('a load balancer that sends to node ports finds none', () => {
    const [finding] = said(nodeportNotAllocated, [...nodes(1, { providerID: 'hcloud://1' }), balancer({ spec: none }), one]);
    expect(finding).toMatchObject({ severity: 'error' });
    expect(finding?.message).toBe('hetzner sends to node ports, and ns1/web has none for 80: nothing gets through');
    expect(finding?.remedy).toContain('"allocateLoadBalancerNodePorts":true');
  });

  test('of an unknown one it is worth knowing', () => {
    expect(said(nodeportNotAllocated, [balancer({ spec: none }), one])).toMatchObject([{ severity: 'info' }]);
  });

  test('silent: ports given before stay, an announced address or pods as targets need none, not applied yet', () => {
    expect(said(nodeportNotAllocated, [balancer({ spec: { allocateLoadBalancerNodePorts: false } }), one])).toEqual([]);
    const metallb = { annotations: { 'metallb.io/address-pool': 'a' } };
    expect(said(nodeportNotAllocated, [balancer({ spec: none, metadata: metallb }), one])).toEqual([]);
    const pods = { annotations: { 'service.beta.kubernetes.io/aws-load-balancer-type': 'nlb-ip' } };
    const ingress = [{ hostname: 'a.elb.eu-west-1.amazonaws.com' }];
    expect(said(nodeportNotAllocated, [balancer({ spec: none, metadata: pods, ingress }), one])).toEqual([]);
    const raw = [...nodes(1, { providerID: 'hcloud://1' }), balancer({ spec: none }), one];
    expect(said(nodeportNotAllocated, raw, { unapplied: new Set(['ns1/web']) })).toEqual([]);
  });
});

describe('nodeport-port-conflict', () => {
  const claiming = (ports: readonly Raw[], more: Raw = {}): Raw => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'agent', namespace: 'ops' },
    spec: { nodeName: 'node2', containers: [{ name: 'agent', ports }], ...more },
    status: { phase: 'Running' },
  });

  test('a hostPort, and a port of a pod on the network of its node', () => {
    const [finding] = said(nodeportPortConflict, [service(), claiming([{ containerPort: 80, hostPort: 30080 }])]);
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Node node2'] });
    expect(finding?.message).toBe('node port 30080/TCP of ns1/web is also claimed by 1 pod: ops/agent');
    expect(said(nodeportPortConflict, [service(), claiming([{ containerPort: 30080 }], { hostNetwork: true })])[0]?.why).toContain(
      "on the node's own network",
    );
  });

  test('the health-check node port, on which kube-proxy has to listen itself', () => {
    const raw = [balancer({ spec: { externalTrafficPolicy: 'Local' } }), claiming([{ containerPort: 31000 }], { hostNetwork: true })];
    expect(said(nodeportPortConflict, raw)[0]?.message).toContain('health-check node port 31000/TCP');
  });

  test('silent: another protocol, a container port on a network of its own, a finished pod', () => {
    expect(said(nodeportPortConflict, [service(), claiming([{ containerPort: 80, hostPort: 30080, protocol: 'UDP' }])])).toEqual([]);
    expect(said(nodeportPortConflict, [service(), claiming([{ containerPort: 30080 }])])).toEqual([]);
    const done = { ...claiming([{ containerPort: 80, hostPort: 30080 }]), status: { phase: 'Succeeded' } };
    expect(said(nodeportPortConflict, [service(), done])).toEqual([]);
  });
});

describe('nodeport-no-listener', () => {
  test('said once for the cluster', () => {
    expect(said(nodeportNoListener, [service(), one])).toMatchObject([
      { severity: 'info', message: 'nothing listens on node ports, such as 30080 of ns1/web, and that is no fault' },
    ]);
  });

  test('silent without node ports, and where kube-proxy still listens', () => {
    expect(said(nodeportNoListener, [service({ spec: { type: 'ClusterIP', ports: [{ port: 80 }] } })])).toEqual([]);
    const old = [...kubeadm(undefined, 'registry.k8s.io/kube-proxy:v1.23.4'), ...flannel()];
    expect(said(nodeportNoListener, [...old, service()])).toEqual([]);
  });
});

describe('nodeport-addresses-restricted', () => {
  const two = node(1, {
    addresses: [
      ['InternalIP', '172.18.0.11'],
      ['InternalIP', '192.168.7.11'],
    ],
  });

  test('an address outside nodePortAddresses', () => {
    const [finding] = said(nodeportAddressesRestricted, [two, ...proxy('nodePortAddresses: [172.18.0.0/16]\n'), service(), one]);
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Node node1'] });
    expect(finding?.message).toBe('node ports do not answer on some addresses of 1 node: 192.168.7.11 of node1');
    expect(finding?.why).toContain('172.18.0.0/16');
  });

  test("nftables mode's default serves the primary address", () => {
    const [finding] = said(nodeportAddressesRestricted, [two, ...proxy('mode: nftables\n'), service(), one]);
    expect(finding?.why).toContain('primary address only');
  });

  test('silent: iptables mode without a list, every address inside, one address per node, no node port to ask', () => {
    expect(said(nodeportAddressesRestricted, [two, ...proxy(''), service(), one])).toEqual([]);
    expect(
      said(nodeportAddressesRestricted, [two, ...proxy('nodePortAddresses: [172.18.0.0/16, 192.168.0.0/16]\n'), service(), one]),
    ).toEqual([]);
    expect(said(nodeportAddressesRestricted, [node(1), ...proxy('mode: nftables\n'), service(), one])).toEqual([]);
    const inner = service({ spec: { type: 'ClusterIP', ports: [{ port: 80, targetPort: 8080 }] } });
    expect(said(nodeportAddressesRestricted, [two, ...proxy('mode: nftables\n'), inner, one])).toEqual([]);
  });
});

describe('localhost-nodeport', () => {
  const pulling = (image: string): Raw => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'app', namespace: 'ns2' },
    spec: { nodeName: 'node2', containers: [{ name: 'app', image }] },
    status: { phase: 'Pending' },
  });

  test('nftables mode serves no node port on the loopback address', () => {
    const raw = [node(1), node(2), ...proxy('mode: nftables\n'), service(), one, pulling('localhost:30080/app:v1')];
    const [finding] = said(localhostNodeport, raw);
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Pod app'] });
    expect(finding?.message).toBe(
      'node node2 cannot pull "localhost:30080/app:v1" through the node port of ns1/web on its loopback address',
    );
  });

  test('nor does iptables mode with localhostNodePorts off', () => {
    const off = proxy('mode: iptables\niptables:\n  localhostNodePorts: false\n');
    expect(said(localhostNodeport, [node(1), node(2), ...off, service(), one, pulling('127.0.0.1:30080/app:v1')])).toHaveLength(1);
  });

  test('silent: iptables mode serves it on IPv4, another port, another registry', () => {
    expect(said(localhostNodeport, [service(), one, pulling('localhost:30080/app:v1')])).toEqual([]);
    const nft = [node(1), node(2), ...proxy('mode: nftables\n'), service(), one];
    expect(said(localhostNodeport, [...nft, pulling('localhost:5000/app:v1')])).toEqual([]);
    expect(said(localhostNodeport, [...nft, pulling('registry.example.com:30080/app:v1')])).toEqual([]);
  });
});
