import { describe, expect, test } from 'vitest';
import type { Routing } from '../../src/dataplane/types.ts';
import type { Raw } from '../cluster/objects.ts';
import { configMap, daemonSet, flannel, node, nodes } from '../cluster/objects.ts';
import { detected, gapTexts, network } from './detected.ts';

const texts = (raw: readonly unknown[]): string[] => network(raw).networks.map((cidr) => cidr.text);

/** Where packets for other nodes' pods leave node1, and with which address. */
function leaving(routing: Routing): string {
  if (routing.kind === 'direct' || routing.kind === 'unknown') return routing.kind;
  return `${routing.kind} ${routing.device[4]} ${routing.addresses.get('node1')?.[4] ?? 'no address'}`;
}

describe('flannel', () => {
  test('vxlan: the bridge, and flannel.1 with the podCIDR’s network address', () => {
    const found = network([...nodes(2), ...flannel()]);
    expect(found).toMatchObject({ name: 'flannel-vxlan', podLink: 'bridge', podDevice: 'cni0', hairpin: true, styles: ['flannel'] });
    expect(leaving(found.routing)).toBe('overlay flannel.1 10.244.1.0');
    expect(found.evidence).toEqual(['DaemonSet kube-flannel/kube-flannel-ds', 'ConfigMap kube-flannel/kube-flannel-cfg']);
    expect(texts([...nodes(2), ...flannel()])).toEqual(['10.244.0.0/16']);
  });

  test.for<[string, Raw, string, string]>([
    ['host-gw', { Type: 'host-gw' }, 'flannel-host-gw', 'direct'],
    ['wireguard', { Type: 'wireguard' }, 'flannel-wireguard', 'unknown'],
    ['vxlan with DirectRouting', { Type: 'vxlan', DirectRouting: true }, 'flannel-vxlan', 'unknown'],
    ['vxlan with another VNI', { Type: 'VXLAN', VNI: 4096 }, 'flannel-vxlan', 'overlay flannel.4096 10.244.1.0'],
    ['nothing said', {}, 'flannel-unknown', 'unknown'],
    ['something else', { Type: 7 }, 'flannel-unknown', 'unknown'],
  ])('%s', ([, backend, name, way]) => {
    const found = network([...nodes(2), ...flannel({ backend })]);
    expect([found.name, leaving(found.routing)]).toEqual([name, way]);
  });

  const masquerading = (container: Raw, more: readonly Raw[] = []) =>
    network([...nodes(2), daemonSet('kube-flannel-ds', { containers: [{ name: 'kube-flannel', ...container }] }), ...more]).styles;

  test.for<[string, Raw, readonly string[]]>([
    ['--ip-masq', { args: ['--ip-masq', '--kube-subnet-mgr'] }, ['flannel']],
    ['-ip-masq=true', { command: ['/opt/bin/flanneld', '-ip-masq=true'] }, ['flannel']],
    ['a shell line', { command: ['sh', '-c', 'exec /opt/bin/flanneld --ip-masq --kube-subnet-mgr'] }, ['flannel']],
    ['no flag', { args: ['--kube-subnet-mgr'] }, ['none']],
    ['--ip-masq=false', { args: ['--ip-masq=false'] }, ['none']],
    ['an environment variable', { env: [{ name: 'FLANNELD_IP_MASQ', value: 'true' }] }, ['flannel']],
    ['one that says no', { env: [{ name: 'FLANNEL_IP_MASQ', value: 'false' }] }, ['none']],
    ['one whose value stands elsewhere', { env: [{ name: 'FLANNELD_IP_MASQ', valueFrom: { configMapKeyRef: {} } }] }, ['flannel', 'none']],
  ])('masquerading by %s', ([, container, styles]) => {
    expect(masquerading(container)).toEqual(styles);
  });

  test('a variable from canal’s ConfigMap', () => {
    const container = { name: 'kube-flannel', env: [{ name: 'FLANNELD_IP_MASQ', valueFrom: {} }] as never };
    const canal = (masquerade: string) => [daemonSet('canal', { containers: [container] }), configMap('canal-config', { masquerade })];
    expect(network([...nodes(2), ...canal('true')]).styles).toEqual(['flannel']);
    expect(network([...nodes(2), ...canal('false')]).styles).toEqual(['none']);
  });

  test('two ways of masquerading are a named gap', () => {
    const { networkMissing } = detected([...nodes(2), daemonSet('kube-flannel-ds', { containers: [{ name: 'other' }] })]);
    expect(gapTexts(networkMissing)).toContain('masquerading by the CNI (flannel-unknown)');
  });

  test.for<[string, unknown, boolean | null]>([
    ['true', { plugins: [{ type: 'flannel', delegate: { hairpinMode: true } }] }, true],
    ['false', { plugins: [{ type: 'flannel', delegate: { hairpinMode: false } }] }, false],
    ['not said', { plugins: [{ type: 'flannel', delegate: {} }] }, null],
    ['without a list of plugins', { type: 'flannel', delegate: { hairpinMode: false } }, false],
    ['of no plugin of flannel’s', { plugins: [{ type: 'portmap' }] }, true],
  ])('hairpinMode %s', ([, cni, hairpin]) => {
    expect(network([...nodes(2), ...flannel({ cni: cni as Raw })]).hairpin).toBe(hairpin);
  });

  test('another bridge', () => {
    const cni = { plugins: [{ type: 'flannel', delegate: { bridge: 'br7', hairpinMode: true } }] };
    expect(network([...nodes(2), ...flannel({ cni })]).podDevice).toBe('br7');
  });

  test('in kube-system, and without ConfigMap: podCIDRs are the network, and the backend is not known', () => {
    expect(network([...nodes(2), ...flannel({ namespace: 'kube-system' })]).evidence[0]).toBe('DaemonSet kube-system/kube-flannel-ds');
    const [daemon] = flannel();
    const bare = [...nodes(2), daemon];
    expect(network(bare)).toMatchObject({ name: 'flannel-unknown', routing: { kind: 'unknown' }, podDevice: 'cni0' });
    expect(texts(bare)).toEqual(['10.244.1.0/24', '10.244.2.0/24']);
  });

  test.for(['{', '[]', '7', ''])('a ConfigMap with %s inside does no harm', (text) => {
    const [daemon] = flannel();
    const config = configMap('kube-flannel-cfg', { 'net-conf.json': text, 'cni-conf.json': text }, 'kube-flannel');
    expect(network([...nodes(2), daemon, config]).name).toBe('flannel-unknown');
  });

  test('both families', () => {
    const dual = node(1, { podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'] });
    const found = network([dual, ...flannel()]);
    expect(found.routing).toMatchObject({ kind: 'overlay', device: { 4: 'flannel.1', 6: 'flannel-v6.1' } });
    expect(found.routing.kind === 'overlay' ? found.routing.addresses.get('node1') : null).toEqual({
      4: '10.244.1.0',
      6: 'fd00:10:244:1::',
    });
  });

  const annotated = (annotations: Readonly<Record<string, string>>) => node(1, { podCIDRs: ['10.42.1.0/24'], annotations });
  const backend = 'flannel.alpha.coreos.com/backend-type';

  test('embedded in k3s: by annotations', () => {
    const found = network([annotated({ [backend]: 'vxlan', 'k3s.io/node-args': '["server"]' })]);
    expect(found).toMatchObject({
      name: 'flannel-vxlan',
      podLink: 'bridge',
      styles: ['flannel'],
      evidence: [`Node node1 annotation ${backend}`],
    });
    expect(found.networks.map((cidr) => cidr.text)).toEqual(['10.42.0.0/16']);
  });

  test('by annotations alone, masquerading is open', () => {
    expect(network([annotated({ [backend]: 'host-gw' })]).styles).toEqual(['flannel', 'none']);
  });

  test('annotations that stayed behind do not count beside another CNI', () => {
    expect(network([annotated({ [backend]: 'vxlan' }), daemonSet('calico-node')]).name).toBe('calico');
    expect(network([annotated({ [backend]: 'vxlan' }), daemonSet('cilium')]).name).toBe('cilium');
  });
});

describe('canal', () => {
  test('flannel between nodes, address-less veths on them', () => {
    const daemon = daemonSet('canal', {
      containers: [{ name: 'calico-node' }, { name: 'kube-flannel', command: ['/opt/bin/flanneld', '--ip-masq'] }],
    });
    const config = configMap('canal-config', { 'net-conf.json': '{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}' });
    const found = network([...nodes(2), daemon, config]);
    expect(found).toMatchObject({ name: 'canal-vxlan', podLink: 'unnumbered', podDevice: 'cali*', hairpin: true, styles: ['flannel'] });
    expect(leaving(found.routing)).toBe('overlay flannel.1 10.244.1.0');
    expect(found.evidence).toContain('ConfigMap kube-system/canal-config');
  });
});

test('kindnet: addressed veths, plain routes, masquerades what leaves the pod network', () => {
  const daemon = daemonSet('kindnet', {
    containers: [{ name: 'kindnet-cni', env: [{ name: 'POD_SUBNET', value: '10.244.0.0/16,fd00:10:244::/56' }] }],
  });
  expect(network([...nodes(2), daemon])).toMatchObject({
    name: 'kindnet',
    podLink: 'ptp',
    podDevice: 'veth*',
    routing: { kind: 'direct' },
    styles: ['kindnet'],
  });
  expect(texts([...nodes(2), daemon])).toEqual(['10.244.0.0/16', 'fd00:10:244::/56']);
  expect(texts([...nodes(2), daemonSet('kindnet')])).toEqual(['10.244.1.0/24', '10.244.2.0/24']);
});

describe('Calico', () => {
  const calico = daemonSet('calico-node', { namespace: 'calico-system' });
  const pool = (spec: Raw, name = 'default-ipv4-ippool'): Raw => ({
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'IPPool',
    metadata: { name },
    spec: { cidr: '10.244.0.0/16', natOutgoing: true, ...spec },
  });
  const felix = (spec: Raw): Raw => ({
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'FelixConfiguration',
    metadata: { name: 'default' },
    spec,
  });
  const three = [1, 2, 3].map((number) =>
    node(number, {
      annotations: {
        'projectcalico.org/IPv4Address': `172.18.${number === 3 ? 9 : 0}.${10 + number}/24`,
        'projectcalico.org/IPv4VXLANTunnelAddr': `10.244.${number}.1`,
        'projectcalico.org/IPv4IPIPTunnelAddr': `10.244.${number}.2`,
      },
    }),
  );

  test.for<[string, Raw, string, string]>([
    ['no encapsulation', { vxlanMode: 'Never', ipipMode: 'Never' }, 'calico', 'direct'],
    ['nothing said', {}, 'calico', 'direct'],
    ['VXLAN', { vxlanMode: 'Always', ipipMode: 'Never' }, 'calico-vxlan', 'overlay vxlan.calico 10.244.1.1'],
    ['IPIP', { ipipMode: 'Always' }, 'calico-ipip', 'overlay tunl0 10.244.1.2'],
    ['VXLAN between subnets', { vxlanMode: 'CrossSubnet' }, 'calico-vxlan-crosssubnet', 'cross-subnet vxlan.calico 10.244.1.1'],
    ['IPIP between subnets', { ipipMode: 'CrossSubnet' }, 'calico-ipip-crosssubnet', 'cross-subnet tunl0 10.244.1.2'],
  ])('%s', ([, modes, name, way]) => {
    const found = network([...three, calico, pool(modes)]);
    expect([found.name, leaving(found.routing)]).toEqual([name, way]);
    expect(found).toMatchObject({ podLink: 'unnumbered', podDevice: 'cali*', styles: ['calico'] });
    if (found.routing.kind === 'cross-subnet') {
      expect([...found.routing.subnets].map(([name, subnets]) => [name, subnets.map((subnet) => subnet.text)])).toEqual([
        ['node1', ['172.18.0.0/24']],
        ['node2', ['172.18.0.0/24']],
        ['node3', ['172.18.9.0/24']],
      ]);
    }
  });

  test('without annotations no tunnel address is known', () => {
    expect(leaving(network([...nodes(2), calico, pool({ vxlanMode: 'Always' })]).routing)).toBe('overlay vxlan.calico no address');
  });

  test('pools of different encapsulation: which one a pod is in decides, and is not known', () => {
    const found = network([...three, calico, pool({ vxlanMode: 'Always' }), pool({ cidr: '10.245.0.0/16', ipipMode: 'Always' }, 'second')]);
    expect(found).toMatchObject({ name: 'calico', routing: { kind: 'unknown' } });
    expect(found.networks.map((cidr) => cidr.text)).toEqual(['10.244.0.0/16', '10.245.0.0/16']);
  });

  test('a disabled pool does not decide the encapsulation, and its addresses are still those of pods', () => {
    const found = network([
      ...three,
      calico,
      pool({ vxlanMode: 'Always' }),
      pool({ cidr: '10.245.0.0/16', ipipMode: 'Always', disabled: true }, 'old'),
    ]);
    expect(found.name).toBe('calico-vxlan');
    expect(found.networks.map((cidr) => cidr.text)).toEqual(['10.244.0.0/16', '10.245.0.0/16']);
  });

  test('natOutgoing by pool', () => {
    const { masquerade } = network([
      ...three,
      calico,
      pool({}),
      pool({ cidr: '10.245.0.0/16', natOutgoing: false }, 'plain'),
      pool({ cidr: 7 }, 'odd'),
    ]);
    expect(masquerade.style).toBe('calico');
    if (masquerade.style !== 'calico') return;
    expect(masquerade.natPools.map((cidr) => cidr.text)).toEqual(['10.244.0.0/16']);
    expect(masquerade.allPools.map((cidr) => cidr.text)).toEqual(['10.244.0.0/16', '10.245.0.0/16']);
  });

  test('excluded hosts are not modelled: every way of masquerading is tried', () => {
    const found = network([...three, calico, pool({}), felix({ natOutgoingExclusions: 'IPPoolsAndHostIPs' })]);
    expect(found.styles).toEqual(['none', 'supposed', 'supposed']);
    expect(network([...three, calico, pool({}), felix({ natOutgoingExclusions: 'IPPoolsOnly' })]).styles).toEqual(['calico']);
  });

  test('WireGuard takes packets by a device of its own', () => {
    const found = network([...three, calico, pool({ vxlanMode: 'Always' }), felix({ wireguardEnabled: true })]);
    expect(found).toMatchObject({ name: 'calico-wireguard', routing: { kind: 'unknown' } });
  });

  test('without pools neither encapsulation nor masquerading is known', () => {
    expect(network([...three, calico])).toMatchObject({
      name: 'calico',
      routing: { kind: 'unknown' },
      styles: ['none', 'supposed', 'supposed'],
    });
  });
});

describe('CNIs whose devices no measurement backs: no address is ever guessed', () => {
  test.for<[string, readonly Raw[], string]>([
    ['AWS VPC', [daemonSet('aws-node')], 'aws-vpc'],
    ['Azure', [daemonSet('azure-cns')], 'azure'],
    ['Cilium', [daemonSet('cilium'), configMap('cilium-config', { 'kube-proxy-replacement': 'false' })], 'cilium'],
    ['Weave', [daemonSet('weave-net')], 'weave'],
    ['OpenShiftSDN', [daemonSet('sdn', { namespace: 'openshift-sdn' })], 'openshift-sdn'],
    ['nothing', [], 'unknown'],
  ])('%s', ([, objects, name]) => {
    expect(network([...nodes(2), ...objects])).toMatchObject({ name, podLink: 'unknown' });
  });

  test('an unknown one leaves masquerading open, and says so', () => {
    const found = detected(nodes(2));
    expect(found.networks.map(({ masquerade }) => masquerade.style)).toEqual(['none', 'supposed', 'supposed']);
    expect(gapTexts(found.networkMissing)).toBe(
      'masquerading by the CNI (unknown): no object shows whether it hides pod addresses from other nodes',
    );
  });

  test('OpenShift’s Network object names the networks of pods', () => {
    const object = {
      apiVersion: 'config.openshift.io/v1',
      kind: 'Network',
      metadata: { name: 'cluster' },
      spec: { networkType: 'OpenShiftSDN', clusterNetwork: [{ cidr: '10.128.0.0/14', hostPrefix: 23 }, null, { cidr: 7 }] },
    };
    expect(texts([node(1, { podCIDRs: [] }), object])).toEqual(['10.128.0.0/14']);
  });
});
