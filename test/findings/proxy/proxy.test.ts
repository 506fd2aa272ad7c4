import { describe, expect, test } from 'vitest';
import { internalLocalNoEndpoint } from '../../../src/findings/proxy/SIP114-internal-local-no-endpoint.ts';
import { clusterCidrMissing } from '../../../src/findings/proxy/SIP156-cluster-cidr-missing.ts';
import { clusterCidrIncomplete } from '../../../src/findings/proxy/SIP157-cluster-cidr-incomplete.ts';
import { kubeProxyMissingOnNode } from '../../../src/findings/proxy/SIP158-kube-proxy-missing-on-node.ts';
import { kubeProxyUnhealthy } from '../../../src/findings/proxy/SIP159-kube-proxy-unhealthy.ts';
import { proxyModeDiffers } from '../../../src/findings/proxy/SIP160-proxy-mode-differs.ts';
import { createClusterScene } from '../../../src/findings/scene.ts';
import {
  balancer,
  configMap,
  daemonSet,
  evidenceOf,
  flannel,
  kubeadm,
  node,
  nodes,
  proxyConfig,
  type Raw,
  service,
  slice,
  webOn,
} from '../../cluster/objects.ts';
import { READ, said, sceneOfWeb } from '../scene.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };

function podAt(address: string, number: number, more: Raw = {}): Raw {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `client-${number}`, namespace: 'ns3' },
    spec: { nodeName: `node${number}`, containers: [{ name: 'client' }], ...more },
    status: { phase: 'Running', podIPs: [{ ip: address }] },
  };
}

describe('internal-local-no-endpoint', () => {
  const inner = service({ spec: { internalTrafficPolicy: 'Local' } });

  test('a pod on a node without an endpoint cannot reach the clusterIP', () => {
    const [finding] = said(internalLocalNoEndpoint, [inner, slice([webOn(1)]), podAt('10.244.2.20', 2)]);
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Node node2'] });
    expect(finding?.message).toBe('pods on 1 node cannot reach the clusterIP of ns1/web: node2');
    expect(finding?.remedy).toContain(`kubectl patch svc web -n ns1 --type merge -p '{"spec":{"internalTrafficPolicy":"Cluster"}}'`);
  });

  test('where the pods were not read, every node that takes ordinary pods counts', () => {
    const control = node(3, { taints: ['node-role.kubernetes.io/control-plane'] });
    const scene = sceneOfWeb(
      [node(1), node(2), control, inner, slice([webOn(1)])],
      {},
      READ.filter((kind) => kind !== 'Pod'),
    );
    expect(internalLocalNoEndpoint.run(scene).map(({ fact }) => fact.objects)).toEqual([[{ kind: 'Node', name: 'node2' }]]);
  });

  test('silent: no pod runs there, only host pods do, an endpoint terminates and serves, policy Cluster, a kube-proxy that has no such policy', () => {
    expect(said(internalLocalNoEndpoint, [inner, slice([webOn(1)]), podAt('10.244.1.20', 1)])).toEqual([]);
    expect(said(internalLocalNoEndpoint, [inner, slice([webOn(1)]), podAt('172.18.0.12', 2, { hostNetwork: true })])).toEqual([]);
    const going = webOn(2, { conditions: { ready: false, serving: true, terminating: true } });
    expect(said(internalLocalNoEndpoint, [inner, slice([webOn(1), going]), podAt('10.244.2.20', 2)])).toEqual([]);
    expect(said(internalLocalNoEndpoint, [service(), slice([webOn(1)]), podAt('10.244.2.20', 2)])).toEqual([]);
    const old = [...kubeadm(undefined, 'registry.k8s.io/kube-proxy:v1.20.9'), ...flannel()];
    expect(said(internalLocalNoEndpoint, [...old, inner, slice([webOn(1)]), podAt('10.244.2.20', 2)])).toEqual([]);
  });
});

describe('cluster-cidr-missing', () => {
  const blind = (lines = '') => [...kubeadm(`mode: iptables\n${lines}`), ...flannel()];

  test('pods are dropped at the address of a Local Service', () => {
    const [finding] = said(clusterCidrMissing, [...nodes(2), ...blind(), balancer({ spec: LOCAL }), slice([webOn(1)])]);
    expect(finding).toMatchObject({ severity: 'error', objects: ['Node node1', 'Node node2'] });
    expect(finding?.message).toBe(
      'kube-proxy on 2 nodes (node1, node2) takes pods for outside clients in IPv4: they are dropped at 203.0.113.80 of ns1/web',
    );
  });

  test('without such a Service it is a warning; with a cloud CNI that wants it so, worth knowing', () => {
    expect(said(clusterCidrMissing, [...blind(), service(), slice([webOn(1)])])).toMatchObject([{ severity: 'warning' }]);
    const vpc = [...kubeadm('mode: iptables\n'), daemonSet('aws-node', { containers: [{ name: 'aws-node' }] })];
    expect(said(clusterCidrMissing, [...vpc, service(), slice([webOn(1)])])).toMatchObject([{ severity: 'info' }]);
  });

  test('NodeCIDR, and nodes without a podCIDR', () => {
    const raw = [node(1), node(2, { podCIDRs: [] }), ...blind('detectLocalMode: NodeCIDR\n'), service(), slice([webOn(1)])];
    expect(said(clusterCidrMissing, raw)).toMatchObject([{ objects: ['Node node2'] }]);
  });

  test('per family: IPv6 in use, and a network of IPv4 only', () => {
    const dual = { clusterIPs: ['10.96.0.10', 'fd00:10:96::a'], ipFamilies: ['IPv4', 'IPv6'] };
    const [finding, ...others] = said(clusterCidrMissing, [service({ spec: dual }), slice([webOn(1)])]);
    expect(finding?.message).toContain('in IPv6');
    expect(others).toEqual([]);
  });

  test('silent: it is set, nothing is known of the configuration, Cilium serves the Services', () => {
    expect(said(clusterCidrMissing, [service(), slice([webOn(1)])])).toEqual([]);
    const unread = [daemonSet('kube-proxy', { containers: [{ name: 'kube-proxy', command: ['kube-proxy', '--config=/x'] }] })];
    expect(said(clusterCidrMissing, [...unread, service(), slice([webOn(1)])])).toEqual([]);
    const cilium = [daemonSet('cilium'), configMap('cilium-config', { 'kube-proxy-replacement': 'true' })];
    expect(said(clusterCidrMissing, [...cilium, service(), slice([webOn(1)])])).toEqual([]);
  });
});

describe('cluster-cidr-incomplete', () => {
  test('a pod of another network is an outside client, and dropped by a Local Service', () => {
    const raw = [balancer({ spec: LOCAL }), slice([webOn(1)]), podAt('10.99.2.20', 2)];
    const [finding] = said(clusterCidrIncomplete, raw);
    expect(finding).toMatchObject({ severity: 'error', objects: ['Pod client-2'] });
    expect(finding?.message).toContain('takes 1 pod for outside clients (10.99.2.20 of ns3/client-2): dropped at 203.0.113.80 of ns1/web');
    expect(finding?.why).toContain('10.244.0.0/16');
  });

  test('of several networks of a family the first counts', () => {
    const two = [...kubeadm('mode: iptables\nclusterCIDR: 10.244.0.0/16,10.99.0.0/16\n'), ...flannel()];
    expect(said(clusterCidrIncomplete, [...two, service(), slice([webOn(1)]), podAt('10.99.2.20', 2)])).toMatchObject([
      { severity: 'warning' },
    ]);
  });

  test('silent: pods inside it, pods on the network of their node, finished pods, an empty clusterCIDR', () => {
    expect(said(clusterCidrIncomplete, [service(), slice([webOn(1)]), podAt('10.244.2.20', 2)])).toEqual([]);
    expect(said(clusterCidrIncomplete, [service(), slice([webOn(1)]), podAt('172.18.0.12', 2, { hostNetwork: true })])).toEqual([]);
    const done = { ...podAt('10.99.2.20', 2), status: { phase: 'Succeeded', podIPs: [{ ip: '10.99.2.20' }] } };
    expect(said(clusterCidrIncomplete, [service(), slice([webOn(1)]), done])).toEqual([]);
    const none = [...kubeadm('mode: iptables\n'), ...flannel()];
    expect(said(clusterCidrIncomplete, [...none, service(), slice([webOn(1)]), podAt('10.99.2.20', 2)])).toEqual([]);
  });
});

/** kube-proxy's own pod on a node. */
function proxyPod(number: number, change: { status?: Raw; config?: string; metadata?: Raw } = {}): Raw {
  const command = ['kube-proxy', ...(change.config === undefined ? [] : [`--proxy-mode=${change.config}`, '--cluster-cidr=10.244.0.0/16'])];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `kube-proxy-${number}`,
      namespace: 'kube-system',
      ownerReferences: [{ kind: 'DaemonSet', name: 'kube-proxy' }],
      ...change.metadata,
    },
    spec: {
      nodeName: `node${number}`,
      hostNetwork: true,
      containers: [{ name: 'kube-proxy', image: 'registry.k8s.io/kube-proxy:v1.33.4', command }],
    },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], ...change.status },
  };
}

describe('kube-proxy-missing-on-node', () => {
  test('a Ready node without its pod', () => {
    const [finding] = said(kubeProxyMissingOnNode, [...nodes(3), proxyPod(1), proxyPod(2), ...kubeadm(), service()]);
    expect(finding).toMatchObject({ severity: 'error', message: '1 node runs no kube-proxy: node3' });
  });

  test('where no outside traffic comes it is a warning', () => {
    const out = node(2, { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } });
    expect(said(kubeProxyMissingOnNode, [node(1), out, proxyPod(1), ...kubeadm(), service()])).toMatchObject([{ severity: 'warning' }]);
  });

  test('silent: not Ready, Windows, k3s, virtual nodes, no pod of kube-proxy to be seen at all, another data plane', () => {
    const beside = (second: Raw) => said(kubeProxyMissingOnNode, [node(1), second, proxyPod(1), ...kubeadm(), service()]);
    expect(beside(node(2, { ready: 'Unknown' }))).toEqual([]);
    expect(beside(node(2, { os: 'windows' }))).toEqual([]);
    expect(beside(node(2, { annotations: { 'k3s.io/node-args': '["agent"]' } }))).toEqual([]);
    expect(beside(node(2, { labels: { 'eks.amazonaws.com/compute-type': 'fargate' } }))).toEqual([]);
    expect(said(kubeProxyMissingOnNode, [...nodes(2), ...kubeadm(), service()])).toEqual([]);
    const stopped = daemonSet('kube-proxy', {
      containers: [{ name: 'kube-proxy', image: 'kube-proxy:v1.33.4' }],
      status: { desiredNumberScheduled: 0, updatedNumberScheduled: 0, numberReady: 0 },
    });
    expect(said(kubeProxyMissingOnNode, [...nodes(2), stopped, service()])).toEqual([]);
  });
});

describe('kube-proxy-unhealthy', () => {
  const waiting = { containerStatuses: [{ name: 'kube-proxy', state: { waiting: { reason: 'CrashLoopBackOff' } } }] };

  test('it crashes, or is not Ready', () => {
    const [finding] = said(kubeProxyUnhealthy, [...nodes(2), ...kubeadm(), proxyPod(1), proxyPod(2, { status: waiting })]);
    expect(finding).toMatchObject({ severity: 'error', confidence: 'observed', objects: ['Node node2'] });
    expect(finding?.message).toBe('kube-proxy does not run properly on 1 node: CrashLoopBackOff: node2');
    const unready = { conditions: [{ type: 'Ready', status: 'False' }] };
    expect(said(kubeProxyUnhealthy, [...nodes(1), ...kubeadm(), proxyPod(1, { status: unready })])).toHaveLength(1);
  });

  test('silent: it is just being created, it goes away, its node is not Ready', () => {
    const creating = { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason: 'ContainerCreating' } } }] };
    expect(said(kubeProxyUnhealthy, [...nodes(1), ...kubeadm(), proxyPod(1, { status: creating })])).toEqual([]);
    const going = { name: 'kube-proxy-1', namespace: 'kube-system', deletionTimestamp: '2026-01-01T00:00:00Z' };
    expect(said(kubeProxyUnhealthy, [...nodes(1), ...kubeadm(), proxyPod(1, { status: waiting, metadata: going })])).toEqual([]);
    expect(said(kubeProxyUnhealthy, [node(1, { ready: 'False' }), ...kubeadm(), proxyPod(1, { status: waiting })])).toEqual([]);
  });
});

describe('proxy-mode-differs', () => {
  test('two modes by the pods of the nodes', () => {
    const raw = [
      ...nodes(3),
      ...kubeadm(),
      proxyPod(1, { config: 'iptables' }),
      proxyPod(2, { config: 'iptables' }),
      proxyPod(3, { config: 'ipvs' }),
    ];
    const [finding] = said(proxyModeDiffers, raw);
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Node node3'] });
    expect(finding?.message).toBe('kube-proxy runs in 2 modes: iptables on node1, node2; ipvs on node3');
  });

  test('silent: one mode in two versions, a Windows node beside it', () => {
    expect(said(proxyModeDiffers, [...nodes(2), ...kubeadm(), proxyPod(1, { config: 'iptables' }), proxyPod(2, { config: '' })])).toEqual(
      [],
    );
    expect(said(proxyModeDiffers, [node(1), node(2, { os: 'windows' }), ...kubeadm()])).toEqual([]);
  });
});

test('cluster rules answer for a cluster without nodes or Services', () => {
  const scene = createClusterScene(evidenceOf([configMap('kube-proxy', { 'config.conf': proxyConfig('') })], READ));
  for (const rule of [clusterCidrMissing, clusterCidrIncomplete, kubeProxyMissingOnNode, kubeProxyUnhealthy, proxyModeDiffers])
    expect(rule.run(scene)).toEqual([]);
});
