import { describe, expect, test } from 'vitest';
import { configMap, daemonSet, flannel, kubeadm, node, nodes, pod, proxyConfig } from '../cluster/objects.ts';
import { detected, detectors, gapTexts, modes, onlyClass } from './detected.ts';

const CIDR = 'clusterCIDR: 10.244.0.0/16\n';

describe('kubeadm: ConfigMap and DaemonSet', () => {
  test.for([
    ['mode: ""\n', 'iptables'],
    ['mode: iptables\n', 'iptables'],
    ['mode: nftables\n', 'nftables'],
    ['', 'iptables'],
  ] as const)('%s is %s mode', ([line, mode]) => {
    const found = onlyClass([...nodes(2), ...kubeadm(line + CIDR)]);
    expect(found).toMatchObject({
      implementation: 'kube-proxy',
      mode,
      version: 'v1.33.4',
      confidence: 'observed',
      localDetection: { mode: 'ClusterCIDR', cidrs: ['10.244.0.0/16'], interface: null },
      evidence: ['DaemonSet kube-system/kube-proxy image v1.33.4', 'ConfigMap kube-system/kube-proxy'],
      unmodelled: null,
      missing: [],
    });
    expect(found.candidates).toMatchObject([
      { mode, minor: 33, patch: 4, masqueradeAll: false, localhostNodePorts: true, nodePortAddresses: [] },
    ]);
    expect(detectors(found)).toEqual(['10.244.0.0/16']);
  });

  test.for([
    ['ipvs', 'kube-proxy runs in ipvs mode'],
    ['userspace', 'kube-proxy runs in userspace mode'],
    ['kernelspace', 'kube-proxy mode "kernelspace" is not known'],
    ['IPTables', 'kube-proxy mode "IPTables" is not known'],
  ] as const)('%s has no candidates: it is never answered with iptables rules', ([mode, why]) => {
    const found = onlyClass([...nodes(2), ...kubeadm(`mode: ${mode}\n${CIDR}`)]);
    expect(found).toMatchObject({ implementation: 'kube-proxy', candidates: [], unmodelled: why });
    expect(gapTexts(found.missing)).toContain(mode);
  });

  test('an empty mode of the release that is to change the default is nftables', () => {
    expect(onlyClass([...nodes(1), ...kubeadm(`mode: ""\n${CIDR}`, 'registry.k8s.io/kube-proxy:v1.40.0')]).mode).toBe('nftables');
    expect(onlyClass([...nodes(1), ...kubeadm(`mode: ""\n${CIDR}`, 'registry.k8s.io/kube-proxy:v1.39.0')]).mode).toBe('iptables');
  });

  test('every setting that changes an answer is read', () => {
    const found = onlyClass([
      ...nodes(1),
      ...kubeadm(
        `mode: nftables\nclusterCIDR: "10.244.0.0/16,fd00:10:244::/48"\niptables:\n  masqueradeAll: false\n  localhostNodePorts: false\nnftables:\n  masqueradeAll: true\nnodePortAddresses:\n- primary\n- 7\n- 10.0.0.0/8\n`,
      ),
    ]);
    expect(found.candidates).toMatchObject([
      { masqueradeAll: true, localhostNodePorts: false, nodePortAddresses: ['primary', '10.0.0.0/8'] },
    ]);
    expect(found.candidates[0]?.detector[6]).toMatchObject({ kind: 'cidr', cidr: { text: 'fd00:10:244::/48' } });
    expect(found.localDetection?.cidrs).toEqual(['10.244.0.0/16', 'fd00:10:244::/48']);
  });

  test('masqueradeAll is that of the mode', () => {
    const config = `mode: iptables\n${CIDR}iptables:\n  masqueradeAll: false\nnftables:\n  masqueradeAll: true\n`;
    expect(onlyClass([...nodes(1), ...kubeadm(config)]).candidates).toMatchObject([{ masqueradeAll: false }]);
  });

  test.for([
    ['no ConfigMap', kubeadm().slice(0, 1), 'not among what was read'],
    [
      'a ConfigMap that is none',
      [kubeadm()[0], configMap('kube-proxy', { 'config.conf': 'kind: Other\n' })],
      'holds no KubeProxyConfiguration',
    ],
    ['a broken ConfigMap', [kubeadm()[0], configMap('kube-proxy', { 'config.conf': 'kind: [\n' })], 'holds no KubeProxyConfiguration'],
  ] as const)('with %s everything is possible, and what is missing is named', ([, objects, why]) => {
    const found = onlyClass([...nodes(2), ...objects]);
    expect(found).toMatchObject({ implementation: 'kube-proxy', mode: null, version: 'v1.33.4', confidence: 'assumed' });
    expect(modes(found)).toEqual(['iptables', 'nftables']);
    expect(found.candidates.length).toBeGreaterThan(5);
    expect(gapTexts(found.missing)).toBe(`ConfigMap kube-system/kube-proxy: ${why}`);
    expect(gapTexts(detected([...nodes(2), ...objects]).gaps)).toContain('ConfigMap kube-system/kube-proxy');
  });

  test('before 1.29 nobody runs nftables mode', () => {
    const [daemon] = kubeadm('', 'registry.k8s.io/kube-proxy:v1.28.0');
    expect(modes(onlyClass([...nodes(1), daemon]))).toEqual(['iptables']);
  });

  test('a ConfigMap alone tells, with less confidence', () => {
    const found = onlyClass([...nodes(1), ...kubeadm().slice(1)]);
    expect(found).toMatchObject({ implementation: 'kube-proxy', mode: 'iptables', version: 'v1.33.4', confidence: 'derived' });
    expect(found.evidence).toEqual(['ConfigMap kube-system/kube-proxy', 'kubelet v1.33.4']);
  });

  test('a DaemonSet that is scheduled nowhere serves nothing', () => {
    const [daemon, config] = kubeadm();
    const found = onlyClass([...nodes(2), { ...daemon, status: { desiredNumberScheduled: 0, updatedNumberScheduled: 0 } }, config]);
    expect(found.candidates).toEqual([]);
    expect(found.unmodelled).toContain('DaemonSet kube-system/kube-proxy is scheduled on no node');
  });

  test('DaemonSets of other names, for Windows, or of something else are not it', () => {
    const others = [
      daemonSet('kube-proxy-windows', { containers: [{ name: 'kube-proxy' }] }),
      daemonSet('kube-proxy-exporter', { containers: [{ name: 'exporter', image: 'example.com/exporter:v1' }] }),
      daemonSet('my-kube-proxy', { containers: [{ name: 'kube-proxy' }] }),
    ];
    expect(onlyClass([...nodes(1), ...others])).toMatchObject({ implementation: 'unknown', confidence: 'assumed' });
  });

  test('two different DaemonSets leave open which of them runs on a node, until its pod tells', () => {
    const args = (mode: string) => [
      { name: 'kube-proxy', image: 'x/kube-proxy:v1.33.4', args: [`--proxy-mode=${mode}`, '--cluster-cidr=10.244.0.0/16'] },
    ];
    const two = [
      daemonSet('kube-proxy', { containers: args('iptables') }),
      daemonSet('kube-proxy-arm64', { containers: args('nftables') }),
    ];
    const open = onlyClass([...nodes(2), ...two]);
    expect(modes(open)).toEqual(['iptables', 'nftables']);
    expect(gapTexts(open.missing)).toContain('kube-proxy-arm64 differ');
    const told = detected([
      ...nodes(2),
      ...two,
      pod('kube-proxy-arm64-x', 'node2', { owner: 'kube-proxy-arm64', containers: args('nftables') }),
    ]);
    expect(told.classOf.get('node2')).toMatchObject({ mode: 'nftables', confidence: 'observed' });
    expect(told.classOf.get('node1')?.mode).toBeNull();
  });
});

describe('versions', () => {
  test.for([
    ['registry.k8s.io/kube-proxy:v1.31.2@sha256:0123', 'v1.31.2', 'observed'],
    ['602401143452.dkr.ecr.eu-west-1.amazonaws.com/eks/kube-proxy:v1.29.0-eksbuild.1', 'v1.29.0', 'observed'],
    ['gke.gcr.io/kube-proxy-amd64:v1.27.3-gke.100', 'v1.27.3', 'observed'],
    ['localhost:5000/kube-proxy:v1.30.1', 'v1.30.1', 'observed'],
    ['localhost:5000/kube-proxy', 'v1.33.4', 'derived'],
    ['registry.k8s.io/kube-proxy@sha256:0123', 'v1.33.4', 'derived'],
    ['registry.k8s.io/kube-proxy:latest', 'v1.33.4', 'derived'],
  ] as const)('%s is %s (%s)', ([image, version, confidence]) => {
    expect(onlyClass([...nodes(1), ...kubeadm(`mode: iptables\n${CIDR}`, image)])).toMatchObject({ version, confidence });
  });

  test.for([
    ['v1.31.2+k3s1', 'v1.31.2'],
    ['v1.29.1-eks-61c0bbb', 'v1.29.1'],
    ['v1.28.5-gke.1217000', 'v1.28.5'],
    ['v1.30.4+rke2r1', 'v1.30.4'],
    ['v1.19.0-rc.4.197+594f888e19d8da', 'v1.19.0'],
    ['v1.26.0+9eb81c2', 'v1.26.0'],
  ] as const)('kubelet %s', ([kubelet, version]) => {
    expect(onlyClass([node(1, { kubelet }), ...kubeadm().slice(1)])).toMatchObject({
      version,
      evidence: expect.arrayContaining([`kubelet ${version}`]),
    });
  });

  test('of no known version all eras are tried, and the gap says so', () => {
    const found = onlyClass([node(1, { kubelet: 'unknown' }), ...kubeadm(`mode: iptables\n${CIDR}`, 'x/kube-proxy')]);
    expect(found.version).toBeNull();
    expect(found.candidates.map(({ minor }) => minor)).toEqual([20, 21, 23, 24, 25, 34]);
    expect(gapTexts(found.missing)).toBe('version of kube-proxy: neither an image tag nor a kubelet version tells it');
    const nft = onlyClass([node(1, { kubelet: 'unknown' }), ...kubeadm(`mode: nftables\n${CIDR}`, 'x/kube-proxy')]);
    expect(nft.candidates.map(({ minor }) => minor)).toEqual([29, 31, 34]);
  });
});

describe('in the middle of a roll-out', () => {
  const midway = { desiredNumberScheduled: 3, updatedNumberScheduled: 1, numberReady: 3 };
  const [daemon, config] = kubeadm(`mode: iptables\n${CIDR}`, 'registry.k8s.io/kube-proxy:v1.33.4');
  const rolling = [{ ...daemon, status: midway }, config];
  const running = (name: string, nodeName: string, image: string) =>
    pod(name, nodeName, {
      owner: 'kube-proxy',
      containers: [{ name: 'kube-proxy', image, command: ['/usr/local/bin/kube-proxy', '--config=/var/lib/kube-proxy/config.conf'] }],
    });
  const three = nodes(3, { kubelet: 'v1.32.9' });

  test('pods of two images make two classes', () => {
    const { classes, classOf } = detected([
      ...three,
      ...rolling,
      running('kube-proxy-a', 'node1', 'registry.k8s.io/kube-proxy:v1.33.4'),
      running('kube-proxy-b', 'node2', 'registry.k8s.io/kube-proxy:v1.32.1'),
      running('kube-proxy-c', 'node3', 'registry.k8s.io/kube-proxy:v1.32.1'),
    ]);
    expect(classes.map(({ version }) => version)).toEqual(['v1.33.4', 'v1.32.1']);
    expect(classOf.get('node2')).toBe(classOf.get('node3'));
  });

  test('the new pod counts beside the old one that is still terminating', () => {
    const old = running('kube-proxy-old', 'node1', 'registry.k8s.io/kube-proxy:v1.32.1');
    const leaving = { ...old, metadata: { ...(old['metadata'] as object), deletionTimestamp: '2025-01-01T00:00:00Z' } };
    const fresh = running('kube-proxy-new', 'node1', 'registry.k8s.io/kube-proxy:v1.33.4');
    for (const pair of [
      [leaving, fresh],
      [fresh, leaving],
    ])
      expect(onlyClass([node(1), ...rolling, ...pair]).version).toBe('v1.33.4');
  });

  test('a node without a known pod may have either version', () => {
    const found = onlyClass([...three, ...rolling]);
    expect(found.version).toBeNull();
    expect(found.candidates.map(({ minor, patch }) => `${minor}.${patch}`)).toEqual(['33.4', '32.9']);
    expect(gapTexts(found.missing)).toContain('being rolled out');
  });

  test('pods that have ended, or are in another namespace, do not count', () => {
    const ended = { ...running('kube-proxy-x', 'node1', 'registry.k8s.io/kube-proxy:v1.20.0'), status: { phase: 'Failed' } };
    const foreign = pod('kube-proxy-y', 'node1', {
      namespace: 'test',
      containers: [{ name: 'kube-proxy', image: 'x/kube-proxy:v1.21.0' }],
    });
    expect(onlyClass([node(1), ...kubeadm(), ended, foreign]).version).toBe('v1.33.4');
  });
});

describe('managed clusters', () => {
  test('EKS: kube-proxy-config, no clusterCIDR, so nobody is a pod', () => {
    const eks = [
      daemonSet('kube-proxy', {
        containers: [
          {
            name: 'kube-proxy',
            image: '602401143452.dkr.ecr.eu-west-1.amazonaws.com/eks/kube-proxy:v1.29.0-eksbuild.1',
            command: ['kube-proxy', '--v=2', '--config=/var/lib/kube-proxy-config/config', '--hostname-override=$(NODE_NAME)'],
          },
        ],
        mounts: ['kube-proxy', 'kube-proxy-config'],
      }),
      configMap('kube-proxy', { kubeconfig: 'kind: Config\napiVersion: v1\n' }),
      configMap('kube-proxy-config', {
        config: proxyConfig('mode: "iptables"\nclusterCIDR: ""\nnodePortAddresses: null\niptables:\n  masqueradeAll: false\n'),
      }),
    ];
    const found = onlyClass([...nodes(2), ...eks]);
    expect(found).toMatchObject({
      mode: 'iptables',
      version: 'v1.29.0',
      confidence: 'observed',
      localDetection: { mode: 'None', cidrs: [] },
    });
    expect(found.evidence).toContain('ConfigMap kube-system/kube-proxy-config');
    expect(detectors(found)).toEqual(['absent']);
  });

  test.for([
    [
      'AKS',
      {
        command: [
          'kube-proxy',
          '--conntrack-max-per-core=0',
          '--metrics-bind-address=0.0.0.0:10249',
          '--cluster-cidr=10.244.0.0/16',
          '--detect-local-mode=ClusterCIDR',
          '--pod-interface-name-prefix=',
          '--v=3',
        ],
      },
    ],
    [
      'Talos',
      {
        command: ['/usr/local/bin/kube-proxy'],
        args: [
          '--cluster-cidr=10.244.0.0/16',
          '--hostname-override=$(NODE_NAME)',
          '--kubeconfig=/etc/kubernetes/kubeconfig',
          '--proxy-mode=iptables',
        ],
      },
    ],
    [
      'one shell string',
      {
        command: [
          '/bin/sh',
          '-c',
          "exec kube-proxy --master=https://1.2.3.4 --cluster-cidr='10.244.0.0/16' --proxy-mode iptables --v=2 1>>/var/log/kube-proxy.log 2>&1",
        ],
      },
    ],
  ] as const)('flags of %s', ([, words]) => {
    const found = onlyClass([
      ...nodes(1),
      daemonSet('kube-proxy', { containers: [{ name: 'kube-proxy', image: 'x/kube-proxy:v1.30.2', ...words }] }),
    ]);
    expect(found).toMatchObject({ mode: 'iptables', version: 'v1.30.2', confidence: 'observed' });
    expect(detectors(found)).toEqual(['10.244.0.0/16']);
    expect(found.evidence).toEqual(['DaemonSet kube-system/kube-proxy image v1.30.2', 'flags of DaemonSet kube-system/kube-proxy']);
  });

  test.for([
    [['--masquerade-all'], { masqueradeAll: true }],
    [['--masquerade-all', 'false'], { masqueradeAll: true }],
    [['--masquerade-all=false'], { masqueradeAll: false }],
    [['--iptables-localhost-nodeports=false'], { localhostNodePorts: false }],
    [['--nodeport-addresses=10.0.0.0/8,primary'], { nodePortAddresses: ['10.0.0.0/8', 'primary'] }],
    [['--proxy-mode=nftables'], { mode: 'nftables' }],
    [['--constructor=x', '--to-string=y'], { mode: 'iptables' }],
  ] as const)('flags %s', ([args, config]) => {
    const container = { name: 'kube-proxy', image: 'x/kube-proxy:v1.33.4', args: ['--cluster-cidr=10.244.0.0/16', ...args] };
    expect(onlyClass([...nodes(1), daemonSet('kube-proxy', { containers: [container] })]).candidates).toMatchObject([config]);
  });

  test('flags beside a configuration file do not count, as kube-proxy does it', () => {
    const [daemon, config] = kubeadm(`mode: nftables\n${CIDR}`);
    const container = { name: 'kube-proxy', image: 'x/kube-proxy:v1.33.4', args: ['--config=/x', '--proxy-mode=ipvs'] };
    const changed = daemonSet('kube-proxy', { containers: [container], mounts: ['kube-proxy'] });
    expect(daemon).toBeDefined();
    expect(onlyClass([...nodes(1), changed, config]).mode).toBe('nftables');
  });

  test('GKE: a static pod per node, each by its own flags', () => {
    const gke = (number: number, more: string) =>
      pod(`kube-proxy-gke-node${number}`, `node${number}`, {
        containers: [
          {
            name: 'kube-proxy',
            image: 'gke.gcr.io/kube-proxy-amd64:v1.27.3-gke.100',
            command: [
              '/bin/sh',
              '-c',
              `exec kube-proxy --master=https://10.0.0.2 --cluster-cidr=10.4.0.0/14 --oom-score-adj=-998 ${more} 1>>/var/log/kube-proxy.log 2>&1`,
            ],
          },
        ],
      });
    const { classes } = detected([...nodes(3), gke(1, '--v=2'), gke(2, '--v=2'), gke(3, '--proxy-mode=ipvs')], ['DaemonSet']);
    expect(classes).toMatchObject([
      { mode: 'iptables', version: 'v1.27.3', confidence: 'observed', localDetection: { cidrs: ['10.4.0.0/14'] } },
      { mode: 'ipvs', candidates: [] },
    ]);
    expect(classes[0]?.evidence[0]).toBe('Pod kube-system/kube-proxy-gke-node1 image v1.27.3');
  });
});

describe('k3s and RKE2', () => {
  const k3s = (number: number, args: readonly string[], podCIDR = `10.42.${number}.0/24`) =>
    node(number, { kubelet: 'v1.31.2+k3s1', podCIDRs: [podCIDR], annotations: { 'k3s.io/node-args': JSON.stringify(args) } });

  test('the default cluster CIDR, where all podCIDRs lie in it', () => {
    const found = onlyClass([k3s(1, ['server']), k3s(2, ['agent'])]);
    expect(found).toMatchObject({ implementation: 'kube-proxy', mode: 'iptables', version: 'v1.31.2', confidence: 'derived' });
    expect(found.evidence).toEqual(['Node node1 annotation k3s.io/node-args', 'kubelet v1.31.2']);
    expect(detectors(found)).toEqual(['10.42.0.0/16']);
  });

  test.for([[['server', '--cluster-cidr', '10.50.0.0/16,fd00:50::/56']], [['server', '--cluster-cidr=10.50.0.0/16']]] as const)(
    'a server’s flag %s counts for agents',
    ([server]) => {
      const found = onlyClass([k3s(1, server, '10.50.1.0/24'), k3s(2, ['agent'], '10.50.2.0/24')]);
      expect(detectors(found)).toEqual(['10.50.0.0/16']);
    },
  );

  test('arguments for kube-proxy are those of the node', () => {
    const { classOf } = detected([
      k3s(1, ['server']),
      k3s(2, ['agent', '--kube-proxy-arg=proxy-mode=ipvs']),
      k3s(3, ['agent', '--kube-proxy-arg', 'masquerade-all']),
    ]);
    expect(classOf.get('node1')).toMatchObject({ mode: 'iptables', candidates: [{ masqueradeAll: false }] });
    expect(classOf.get('node2')).toMatchObject({ mode: 'ipvs', candidates: [] });
    expect(classOf.get('node3')).toMatchObject({ mode: 'iptables', candidates: [{ masqueradeAll: true }] });
  });

  test('a cluster CIDR that no annotation shows leaves several detectors open', () => {
    const found = onlyClass([k3s(1, ['server'], '10.99.1.0/24'), k3s(2, ['agent'], '10.99.2.0/24')]);
    expect(detectors(found)).toEqual(['absent', 'any-pod', 'nobody', 'own-pods']);
    expect(found.confidence).toBe('assumed');
    expect(gapTexts(found.missing)).toContain('cluster CIDR of k3s');
    const ipvs = onlyClass([k3s(1, ['server', '--kube-proxy-arg=proxy-mode=ipvs'], '10.99.1.0/24')]);
    expect(ipvs).toMatchObject({ mode: 'ipvs', candidates: [] });
  });

  test.for([['--disable-kube-proxy'], ['--disable-kube-proxy=true']])('%s on a server turns it off on all nodes', ([flag = '']) => {
    const found = onlyClass([k3s(1, ['server', flag]), k3s(2, ['agent'])]);
    expect(found).toMatchObject({ candidates: [], evidence: [`Node node1 --disable-kube-proxy`] });
    expect(found.unmodelled).toContain('turned off');
  });

  test('--disable-kube-proxy=false does not', () => {
    expect(onlyClass([k3s(1, ['server', '--disable-kube-proxy=false'])]).mode).toBe('iptables');
  });

  test('RKE2: the static pod tells more than the annotation', () => {
    const rke2 = node(1, { podCIDRs: ['10.42.1.0/24'], annotations: { 'rke2.io/node-args': '["server"]' } });
    expect(onlyClass([rke2]).evidence[0]).toBe('Node node1 annotation rke2.io/node-args');
    const container = {
      name: 'kube-proxy',
      image: 'index.docker.io/rancher/hardened-kubernetes:v1.30.4-rke2r1-build20240815',
      command: ['kube-proxy'],
      args: ['--cluster-cidr=10.42.0.0/16', '--conntrack-max-per-core=0', '--proxy-mode=nftables'],
    };
    expect(onlyClass([rke2, pod('kube-proxy-node1', 'node1', { containers: [container] })])).toMatchObject({
      mode: 'nftables',
      version: 'v1.30.4',
      confidence: 'observed',
    });
  });

  test.for(['{', '{}', '7', '["server", 7]'])('an annotation that holds %s does no harm', (text) => {
    const odd = node(1, { podCIDRs: ['10.42.1.0/24'], annotations: { 'k3s.io/node-args': text } });
    expect(detected([odd]).classes).toHaveLength(1);
  });
});

describe('OpenShiftSDN', () => {
  const network = {
    apiVersion: 'config.openshift.io/v1',
    kind: 'Network',
    metadata: { name: 'cluster' },
    spec: { networkType: 'OpenShiftSDN' },
  };
  const config = configMap(
    'sdn-config',
    { 'kube-proxy-config.yaml': proxyConfig('mode: unidling+iptables\nclusterCIDR: 10.128.0.0/14\n') },
    'openshift-sdn',
  );

  test('carries iptables mode inside, with idling beside it', () => {
    const found = onlyClass([...nodes(2), network, config]);
    expect(found).toMatchObject({ implementation: 'kube-proxy', mode: 'iptables', version: 'v1.33.4', confidence: 'derived' });
    expect(found.evidence).toEqual(['Network cluster OpenShiftSDN', 'ConfigMap openshift-sdn/sdn-config', 'kubelet v1.33.4']);
    expect(detectors(found)).toEqual(['10.128.0.0/14']);
  });

  test('without its configuration everything is possible', () => {
    const found = onlyClass([...nodes(2), network]);
    expect(found).toMatchObject({ mode: null, confidence: 'assumed' });
    expect(found.candidates.length).toBeGreaterThan(5);
    expect(gapTexts(found.missing)).toContain('openshift-sdn/sdn-config');
  });

  test('the operator’s Network object tells it as well', () => {
    const operator = {
      apiVersion: 'operator.openshift.io/v1',
      kind: 'Network',
      metadata: { name: 'cluster' },
      spec: { defaultNetwork: { type: 'OpenShiftSDN' } },
    };
    expect(onlyClass([...nodes(1), operator, config]).mode).toBe('iptables');
  });
});

describe('nothing but nodes', () => {
  test('the data plane is unknown, and all that kube-proxy may be is tried', () => {
    const found = onlyClass(nodes(2));
    expect(found).toMatchObject({ implementation: 'unknown', mode: null, version: 'v1.33.4', confidence: 'assumed', localDetection: null });
    expect(modes(found)).toEqual(['iptables', 'nftables']);
    expect(detectors(found)).toEqual(['absent', 'any-pod', 'own-pods']);
    expect(gapTexts(found.missing)).toBe('configuration of kube-proxy: no DaemonSets or ConfigMaps were read');
  });

  test('the gap tells whether anyone looked', () => {
    expect(gapTexts(onlyClass(nodes(1), ['DaemonSet']).missing)).toContain(
      'no kube-proxy DaemonSet, static pod, k3s annotation or ConfigMap was found',
    );
  });
});

test('flannel does not change what is known of kube-proxy', () => {
  expect(detected([...nodes(2), ...kubeadm(), ...flannel()])).toMatchObject({
    gaps: [],
    networkMissing: [],
    classes: [{ confidence: 'observed' }],
  });
});
