import { describe, expect, test } from 'vitest';
import type { ServiceReport } from '../../src/analysis/report.ts';
import { configMap, daemonSet, flannel, kubeadm, node, nodes, type Raw, service, slice, webOn } from '../cluster/objects.ts';
import { ask, verdicts } from './ask.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const onNode1 = slice([webOn(1)]);
const clusterIp = { from: ['pod@node1', 'node/node1', 'external'], to: ['clusterIP'], via: ['node2'] };

function gaps(report: ServiceReport): string {
  return report.gaps.map(({ what, why }) => `${what}: ${why}`).join('\n');
}

function sources(report: ServiceReport): (string | null | undefined)[] {
  return report.flows.flatMap((flow) => flow.branches.map((branch) => branch.source?.address));
}

describe('only nodes, a Service and its slices', () => {
  test('what all data planes of kube-proxy agree on is answered, what they do not is open, and the gap says what would decide', () => {
    const report = ask([...nodes(2), service({ spec: LOCAL }), onNode1], { from: ['external', 'pod@node2'], to: ['nodePort'] });
    expect(verdicts(report)).toEqual({
      'outside → nodePort node1': 'delivered',
      'outside → nodePort node2': 'dropped',
      'pod@node2 → nodePort node1': 'undetermined',
      'pod@node2 → nodePort node2': 'undetermined',
    });
    expect(gaps(report)).toContain('configuration of kube-proxy: no DaemonSets or ConfigMaps were read');
    expect(report.dataplane).toMatchObject([{ implementation: 'unknown', confidence: 'assumed', mode: null, masqueradeAll: false }]);
  });

  test('an address that no CNI is known to give is null, never a guess', () => {
    const report = ask([...nodes(2), ...kubeadm(), service(), slice([webOn(1), webOn(2)])], { from: ['external'], to: ['nodePort'] });
    expect(report.flows.map((flow) => flow.verdict)).toEqual(['delivered', 'delivered']);
    expect(sources(report)).toEqual([null, null, null, null]);
    expect(report.flows.flatMap((flow) => flow.branches.map((branch) => branch.source?.kind))).toEqual(Array(4).fill('masqueraded'));
  });

  test('without endpoints every mode and era rejects', () => {
    const report = ask([...nodes(2), service(), slice([])], {
      from: ['external', 'pod@node1'],
      to: ['nodePort', 'clusterIP'],
      via: ['node1'],
    });
    expect(new Set(report.flows.map((flow) => flow.verdict))).toEqual(new Set(['rejected']));
  });
});

describe('candidates', () => {
  test.for<[string, readonly Raw[], string]>([
    ['a ConfigMap that is missing', kubeadm().slice(0, 1), 'ConfigMap kube-system/kube-proxy: not among what was read'],
    ['a mode that nobody knows', kubeadm('mode: bogus\n'), 'kube-proxy mode "bogus" is not known'],
    ['ipvs mode', kubeadm('mode: ipvs\n'), 'kube-proxy runs in ipvs mode'],
    ['Antrea', [daemonSet('antrea-agent')], 'AntreaProxy serves Services, all or in part'],
  ])('%s is named in the gaps', ([, plane, gap]) => {
    expect(gaps(ask([...nodes(2), ...plane, ...flannel(), service({ spec: LOCAL }), onNode1]))).toContain(gap);
  });

  test('ipvs mode is answered with nothing', () => {
    const report = ask([...nodes(2), ...kubeadm('mode: ipvs\nclusterCIDR: 10.244.0.0/16\n'), ...flannel(), service(), onNode1]);
    expect(new Set(report.flows.map((flow) => flow.verdict))).toEqual(new Set(['undetermined']));
    expect(report.flows.flatMap((flow) => flow.branches)).toEqual([]);
    expect(report.answer.mood).toBe('unknown');
  });

  test('one node in ipvs mode makes only its own answers open', () => {
    const k3s = (number: number, args: readonly string[]) =>
      node(number, {
        podCIDRs: [`10.42.${number}.0/24`],
        annotations: { 'k3s.io/node-args': JSON.stringify(args), 'flannel.alpha.coreos.com/backend-type': 'vxlan' },
      });
    const pods = slice([{ ip: '10.42.1.10', node: 'node1', pod: 'web-1' }]);
    const raw = [k3s(1, ['server']), k3s(2, ['agent', '--kube-proxy-arg=proxy-mode=ipvs']), service(), pods];
    expect(verdicts(ask(raw, { from: ['external'], to: ['nodePort'] }))).toEqual({
      'outside → nodePort node1': 'delivered',
      'outside → nodePort node2': 'undetermined',
    });
  });

  test('a version that is not known matters only where eras differ', () => {
    const unknown = [
      node(1, { kubelet: '?' }),
      node(2, { kubelet: '?' }),
      ...kubeadm('mode: iptables\nclusterCIDR: 10.244.0.0/16\n', 'x/kube-proxy'),
      ...flannel(),
    ];
    const plain = ask([...unknown, service(), onNode1], { from: ['external'], to: ['nodePort'] });
    expect(new Set(plain.flows.map((flow) => flow.verdict))).toEqual(new Set(['delivered']));
    const internal = { internalTrafficPolicy: 'Local' };
    const eras = ask([...unknown, service({ spec: internal }), onNode1], { from: ['pod@node2'], to: ['clusterIP'] });
    expect(eras.flows.map((flow) => flow.verdict)).toEqual(['undetermined']);
    expect(gaps(eras)).toContain('version of kube-proxy: neither an image tag nor a kubelet version tells it');
  });

  test('the bug of nftables mode with interfaces leaves pods open, and nobody else', () => {
    const config = 'mode: nftables\ndetectLocalMode: BridgeInterface\ndetectLocal:\n  bridgeInterface: cni0\n';
    const plane = (version: string) => [...nodes(2), ...kubeadm(config, `x/kube-proxy:${version}`), ...flannel()];
    const asked = { from: ['pod@node2', 'external'], to: ['node/node2'] };
    expect(verdicts(ask([...plane('v1.34.1'), service({ spec: LOCAL }), onNode1], asked))).toEqual({
      'pod@node2 → nodePort node2': 'undetermined',
      'outside → nodePort node2': 'dropped',
    });
    expect(verdicts(ask([...plane('v1.34.2'), service({ spec: LOCAL }), onNode1], asked))['pod@node2 → nodePort node2']).toBe('delivered');
  });
});

describe('the CNI in between', () => {
  const plane = (...cni: readonly Raw[]) => [...nodes(2), ...kubeadm(), ...cni, service({ spec: LOCAL }), onNode1];
  const remote = { from: ['pod@node1'], to: ['node/node2'] };

  test('whether it masquerades decides what a pod meets at another node', () => {
    expect(verdicts(ask(plane(...flannel()), remote))).toEqual({ 'pod@node1 → nodePort node2': 'dropped' });
    expect(ask(plane(...flannel({ args: ['--kube-subnet-mgr'] })), remote).flows[0]?.verdict).not.toBe('dropped');
    const open = ask(plane(), remote);
    expect(open.flows[0]?.verdict).toBe('undetermined');
    expect(gaps(open)).toContain('masquerading by the CNI (unknown)');
  });

  test('flannel’s addresses: the bridge towards own pods, flannel.1 towards others', () => {
    const report = ask([...nodes(2), ...kubeadm(), ...flannel(), service(), onNode1], { from: ['external'], to: ['nodePort'] });
    expect(sources(report)).toEqual(['10.244.1.1', '10.244.2.0']);
  });

  test('kindnet: the gateway towards own pods, the node’s towards others', () => {
    const kindnet = daemonSet('kindnet', { containers: [{ name: 'kindnet-cni', env: [{ name: 'POD_SUBNET', value: '10.244.0.0/16' }] }] });
    const report = ask([...nodes(2), ...kubeadm(), kindnet, service(), onNode1], { from: ['external'], to: ['nodePort'] });
    expect(sources(report)).toEqual(['10.244.1.1', '172.18.0.12']);
  });

  test('AWS: other nodes’ pods over the uplink, own pods not known', () => {
    const report = ask([...nodes(2), ...kubeadm(), daemonSet('aws-node'), service(), onNode1], { from: ['external'], to: ['nodePort'] });
    expect(sources(report)).toEqual([null, '172.18.0.12']);
  });

  test('clusterIPs do not depend on it', () => {
    const raw = [...nodes(2), ...kubeadm(), service(), onNode1];
    expect(new Set(ask(raw, clusterIp).flows.map((flow) => flow.verdict))).toEqual(new Set(['delivered']));
  });
});

test('mixed versions in a roll-out are told node by node', () => {
  const [daemon, config] = kubeadm();
  const rolling = { ...daemon, status: { desiredNumberScheduled: 2, updatedNumberScheduled: 1 } };
  const container = (version: string) => [{ name: 'kube-proxy', image: `x/kube-proxy:${version}`, command: ['kube-proxy', '--config=/x'] }];
  const running = (number: number, version: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `kube-proxy-${number}`, namespace: 'kube-system', ownerReferences: [{ kind: 'DaemonSet', name: 'kube-proxy' }] },
    spec: {
      nodeName: `node${number}`,
      hostNetwork: true,
      containers: container(version),
      volumes: [{ name: 'c', configMap: { name: 'kube-proxy' } }],
    },
    status: { phase: 'Running' },
  });
  const report = ask([...nodes(2), rolling, config, running(1, 'v1.33.4'), running(2, 'v1.32.1'), ...flannel(), service(), onNode1]);
  expect(report.dataplane.map(({ nodes: names, version }) => [names, version])).toEqual([
    [['node1'], 'v1.33.4'],
    [['node2'], 'v1.32.1'],
  ]);
});

test('gaps of what was read stay in the report', () => {
  const found = ask([...nodes(1), ...kubeadm(), daemonSet('calico-node'), configMap('calico-config', {}), service(), onNode1]);
  expect(gaps(found)).toContain('FelixConfiguration default');
});
