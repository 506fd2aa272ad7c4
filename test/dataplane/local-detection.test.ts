import { describe, expect, test } from 'vitest';
import type { Raw } from '../cluster/objects.ts';
import { daemonSet, flannel, kubeadm, nodes } from '../cluster/objects.ts';
import { detectors, onlyClass } from './detected.ts';

const calico = daemonSet('calico-node');
const kindnet = daemonSet('kindnet');
const aws = daemonSet('aws-node');
const weave = daemonSet('weave-net');

function byInterface(mode: 'BridgeInterface' | 'InterfaceNamePrefix', name: string): string {
  const key = mode === 'BridgeInterface' ? 'bridgeInterface' : 'interfaceNamePrefix';
  return `mode: iptables\ndetectLocalMode: ${mode}\ndetectLocal:\n  ${key}: "${name}"\n`;
}

function detected(config: string, cni: readonly Raw[], version = 'v1.33.9'): string[] {
  return detectors(onlyClass([...nodes(2), ...kubeadm(config, `registry.k8s.io/kube-proxy:${version}`), ...cni]));
}

describe('detectLocalMode', () => {
  test.for([
    ['clusterCIDR: 10.244.0.0/16\n', '10.244.0.0/16'],
    ['detectLocalMode: ClusterCIDR\nclusterCIDR: "fd00:10::/56, 10.244.0.0/16,10.0.0.0/8"\n', '10.244.0.0/16'],
    ['clusterCIDR: ""\n', 'absent'],
    ['detectLocalMode: ClusterCIDR\nclusterCIDR: fd00:10::/56\n', 'absent'],
    ['detectLocalMode: NodeCIDR\n', 'node-cidr'],
  ] as const)('%s is %s', ([config, detector]) => {
    expect(detected(config, [])).toEqual([detector]);
  });

  test('an unknown mode leaves everything open', () => {
    expect(detected('detectLocalMode: PodList\n', flannel())).toEqual(['absent', 'any-pod', 'nobody', 'own-pods']);
  });
});

describe('BridgeInterface', () => {
  test.for<[string, string, readonly Raw[], readonly string[]]>([
    ['flannel’s own bridge', 'cni0', flannel(), ['own-pods']],
    ['another bridge', 'br0', flannel(), ['nobody']],
    ['a renamed bridge', 'br0', flannel({ cni: { plugins: [{ type: 'flannel', delegate: { bridge: 'br0' } }] } }), ['own-pods']],
    ['veths without bridge', 'cni0', [calico], ['nobody']],
    ['point-to-point veths', 'cni0', [kindnet], ['nobody']],
    ['no name', '', flannel(), ['nobody', 'own-pods']],
    ['an unknown CNI', 'cni0', [], ['nobody', 'own-pods']],
    ['weave’s bridge', 'weave', [weave], ['own-pods']],
  ])('%s', ([, bridge, cni, kinds]) => {
    expect(detected(byInterface('BridgeInterface', bridge), cni)).toEqual(kinds);
  });
});

describe('InterfaceNamePrefix', () => {
  test.for<[string, string, readonly Raw[], readonly string[]]>([
    ['veth behind a bridge never matches', 'veth', flannel(), ['nobody']],
    ['the bridge itself does', 'cni', flannel(), ['own-pods']],
    ['veth without bridge', 'veth', [kindnet], ['own-pods']],
    ['part of it', 've', [kindnet], ['own-pods']],
    ['more than is known of the names', 'veth1', [kindnet], ['nobody', 'own-pods']],
    ['cali', 'cali', [calico], ['own-pods']],
    ['another CNI’s prefix', 'veth', [calico], ['nobody']],
    ['a prefix of uplinks as well', 'eth', [calico], ['nobody', 'own-pods']],
    ['a prefix of everything', 'e', [aws], ['nobody', 'own-pods']],
    ['AWS', 'eni', [aws], ['own-pods']],
    ['AWS, with a prefix of uplinks', 'en', [aws], ['nobody', 'own-pods']],
    ['no prefix', '', [calico], ['nobody', 'own-pods']],
    ['an unknown CNI', 'veth', [], ['nobody', 'own-pods']],
  ])('%s', ([, prefix, cni, kinds]) => {
    expect(detected(byInterface('InterfaceNamePrefix', prefix), cni)).toEqual(kinds);
  });
});

describe('nftables mode took interfaces for others before 1.33.6 and 1.34.2', () => {
  const config = byInterface('BridgeInterface', 'cni0').replace('iptables', 'nftables');
  test.for([
    ['v1.31.0', ['nobody', 'own-pods']],
    ['v1.33.5', ['nobody', 'own-pods']],
    ['v1.33.6', ['own-pods']],
    ['v1.34.0', ['nobody', 'own-pods']],
    ['v1.34.1', ['nobody', 'own-pods']],
    ['v1.34.2', ['own-pods']],
    ['v1.35.0', ['own-pods']],
  ] as const)('%s', ([version, kinds]) => {
    expect(detected(config, flannel(), version)).toEqual(kinds);
  });

  test('iptables mode did not', () => {
    expect(detected(byInterface('BridgeInterface', 'cni0'), flannel(), 'v1.34.0')).toEqual(['own-pods']);
  });
});

test('the report shows the device that was configured', () => {
  expect(onlyClass([...nodes(1), ...kubeadm(byInterface('BridgeInterface', 'cni0'))]).localDetection).toEqual({
    mode: 'BridgeInterface',
    cidrs: [],
    interface: 'cni0',
  });
  expect(onlyClass([...nodes(1), ...kubeadm(byInterface('InterfaceNamePrefix', 'cali'))]).localDetection).toEqual({
    mode: 'InterfaceNamePrefix',
    cidrs: [],
    interface: 'cali',
  });
});
