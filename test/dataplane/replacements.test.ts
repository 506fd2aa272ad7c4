import { describe, expect, test } from 'vitest';
import { configMap, daemonSet, kubeadm, node, nodes, type Raw } from '../cluster/objects.ts';
import { detected, gapTexts, onlyClass } from './detected.ts';

function custom(kind: string, name: string, spec: Raw): Raw {
  const groups: Readonly<Record<string, string>> = {
    FelixConfiguration: 'crd.projectcalico.org/v1',
    Installation: 'operator.tigera.io/v1',
    Network: 'operator.openshift.io/v1',
  };
  return { apiVersion: groups[kind], kind, metadata: { name }, spec };
}

const cilium = daemonSet('cilium');
const ciliumConfig = (value?: string) => configMap('cilium-config', value === undefined ? {} : { 'kube-proxy-replacement': value });
const calico = daemonSet('calico-node', { namespace: 'calico-system', containers: [{ name: 'calico-node' }] });
const felix = custom('FelixConfiguration', 'default', { bpfEnabled: false });

describe('data planes that replace kube-proxy are recognised, and never answered with its rules', () => {
  test.for<[string, readonly Raw[], string]>([
    ['Cilium, replacement true', [cilium, ciliumConfig('true')], 'cilium'],
    ['Cilium, replacement strict', [cilium, ciliumConfig('strict')], 'cilium'],
    ['Cilium, replacement partial, beside kube-proxy', [cilium, ciliumConfig('partial'), ...kubeadm()], 'cilium'],
    ['Cilium, replacement probe, beside kube-proxy', [cilium, ciliumConfig('probe'), ...kubeadm()], 'cilium'],
    ['Cilium, nothing said, beside kube-proxy', [cilium, ciliumConfig(), ...kubeadm()], 'cilium'],
    ['Cilium, nothing said', [cilium, ciliumConfig()], 'cilium'],
    ['Cilium without its ConfigMap', [cilium], 'cilium'],
    ['Cilium by its ConfigMap alone', [ciliumConfig('true')], 'cilium'],
    ['GKE Dataplane V2', [daemonSet('anetd')], 'cilium'],
    ['Calico eBPF by FelixConfiguration', [calico, custom('FelixConfiguration', 'default', { bpfEnabled: true })], 'calico-ebpf'],
    [
      'Calico eBPF by Installation',
      [calico, custom('Installation', 'default', { calicoNetwork: { linuxDataplane: 'BPF' } }), ...kubeadm()],
      'calico-ebpf',
    ],
    [
      'Calico eBPF by environment',
      [
        daemonSet('calico-node', { containers: [{ name: 'calico-node', env: [{ name: 'FELIX_BPFENABLED', value: 'true' }] }] }),
        ...kubeadm(),
      ],
      'calico-ebpf',
    ],
    ['OVN-Kubernetes by the operator', [custom('Network', 'cluster', { defaultNetwork: { type: 'OVNKubernetes' } })], 'ovn-kubernetes'],
    ['OVN-Kubernetes by its DaemonSet', [daemonSet('ovnkube-node')], 'ovn-kubernetes'],
    ['Antrea', [daemonSet('antrea-agent'), ...kubeadm()], 'antrea'],
    ['kube-router', [daemonSet('kube-router', { containers: [{ name: 'kube-router', args: ['--run-router=true'] }] })], 'kube-router'],
    [
      'kube-router that says so',
      [daemonSet('kube-router', { containers: [{ name: 'kube-router', args: ['--run-service-proxy=true'] }] })],
      'kube-router',
    ],
  ])('%s', ([, objects, implementation]) => {
    const found = onlyClass([...nodes(2), ...objects]);
    expect(found).toMatchObject({ implementation, mode: null, candidates: [], localDetection: null, confidence: 'observed' });
    expect(found.unmodelled).not.toBeNull();
    expect(found.evidence.join(' ')).toMatch(
      /(DaemonSet|ConfigMap) kube-system\/|FelixConfiguration default|Installation default|Network cluster/,
    );
    expect(gapTexts(found.missing)).toContain(`behaviour of ${implementation}`);
  });
});

describe('where they leave Services to kube-proxy, it is kube-proxy', () => {
  test.for<[string, readonly Raw[]]>([
    ['Cilium, replacement false', [cilium, ciliumConfig('false')]],
    ['Cilium, replacement disabled', [cilium, ciliumConfig('disabled')]],
    ['Calico with iptables', [calico, felix, custom('Installation', 'default', { calicoNetwork: { linuxDataplane: 'Iptables' } })]],
    [
      'kube-router without service proxy',
      [daemonSet('kube-router', { containers: [{ name: 'kube-router', args: ['--run-service-proxy=false'] }] })],
    ],
    ['OpenShift with another network', [custom('Network', 'cluster', { defaultNetwork: { type: 'Calico' } })]],
  ])('%s', ([, objects]) => {
    expect(onlyClass([...nodes(2), ...objects, ...kubeadm()])).toMatchObject({
      implementation: 'kube-proxy',
      mode: 'iptables',
      unmodelled: null,
    });
  });

  test('Calico whose FelixConfiguration was not read: kube-proxy, and the doubt is named', () => {
    expect(gapTexts(detected([...nodes(2), calico, ...kubeadm()]).gaps)).toContain('FelixConfiguration default: not among what was read');
    expect(detected([...nodes(2), calico, felix, ...kubeadm()]).gaps).toEqual([]);
  });
});

describe('nodes of their own kind', () => {
  test('Windows beside Linux', () => {
    const { classes, classOf } = detected([node(1), node(2, { os: 'windows' }), ...kubeadm()]);
    expect(classes).toHaveLength(2);
    expect(classOf.get('node1')).toMatchObject({ implementation: 'kube-proxy', mode: 'iptables' });
    expect(classOf.get('node2')).toMatchObject({
      implementation: 'windows',
      candidates: [],
      evidence: ['Node node2 operatingSystem windows'],
    });
  });

  test.for([{ 'eks.amazonaws.com/compute-type': 'fargate' }, { type: 'virtual-kubelet' }])('virtual, by %o', (labels) => {
    const { classOf } = detected([node(1), node(2, { labels }), ...kubeadm()]);
    expect(classOf.get('node2')).toMatchObject({ implementation: 'none', candidates: [] });
    expect(classOf.get('node1')?.candidates).toHaveLength(1);
  });

  test('Windows nodes of a cluster that Cilium serves stay what they are', () => {
    const { classOf } = detected([node(1), node(2, { os: 'windows' }), cilium, ciliumConfig('true')]);
    expect([classOf.get('node1')?.implementation, classOf.get('node2')?.implementation]).toEqual(['cilium', 'windows']);
  });
});
