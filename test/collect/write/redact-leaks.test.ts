import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Evidence, NodeFile } from '../../../src/cluster/evidence.ts';
import type { Kind, KubeObject } from '../../../src/cluster/objects.ts';
import { slim } from '../../../src/cluster/slim.ts';
import { readSnapshot } from '../../../src/collect/snapshot/read-snapshot.ts';
import { redactEvidence } from '../../../src/collect/write/redact/redact.ts';
import { writeSnapshot } from '../../../src/collect/write/write-snapshot.ts';
import { canonicalIp } from '../../../src/net/ip.ts';
import { filesBelow, newPath } from './support/folder.ts';
import { chainHash } from './support/hash.ts';

/** Stands for everything that nobody else may know. */
const HUSH = 'hush';

function evidenceOf(raw: readonly object[], nodeFiles: readonly NodeFile[]): Evidence {
  const objects = raw.map((object) => slim(object)).filter((object): object is KubeObject => object !== null);
  expect(objects).toHaveLength(raw.length);
  const complete = new Set(objects.map(({ kind }): Kind => kind));
  return {
    origin: 'context hush',
    objects,
    complete,
    gaps: [{ what: 'rules of hush-node2', why: 'ssh hush@10.9.8.7: timed out' }],
    nodeFiles,
  };
}

const META = { labels: { 'hush.example/team': 'hush-team', app: 'hush-app', 'node-role.kubernetes.io/hush': '' } };
const CONTAINER = {
  name: 'hush-container',
  image: 'registry.hush.example/hush/kube-proxy:v1.33.4-hush@sha256:00',
  command: ['/usr/local/bin/kube-proxy', '--config=/var/hush', '--hostname-override=hush-node1', '--cluster-cidr=10.9.0.0/16'],
  args: ['--master=https://hush:6443', 'hush', '--v=2'],
  env: [
    { name: 'POD_SUBNET', value: '10.9.0.0/16' },
    { name: 'FLANNELD_IFACE', value: 'hush' },
  ],
  ports: [{ name: 'hush-port', containerPort: 80 }],
};

const OBJECTS: readonly object[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...META,
      name: 'hush-svc',
      namespace: 'hush-ns',
      annotations: {
        'hush.example/note': 'hush',
        'metallb.io/address-pool': 'hush-pool',
        'kubectl.kubernetes.io/last-applied-configuration': '{"hush":1}',
        'metallb.io/x': '{"hush": ["hush", {"hush-key": "10.9.0.1"}]}',
      },
      ownerReferences: [{ kind: 'Hush', name: 'hush-owner' }],
    },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.9.100.1',
      clusterIPs: ['10.9.100.1', 'fd09:1:2:3::abcd'],
      externalIPs: ['203.0.113.77'],
      loadBalancerClass: 'hush.example/lb',
      loadBalancerSourceRanges: ['198.51.100.64/26'],
      selector: { 'hush.example/app': 'hush', app: 'hush-app' },
      ports: [
        { name: 'hush-port', port: 80, targetPort: 'hush-port', nodePort: 30080, appProtocol: 'hush.example/proto', protocol: 'TCP' },
      ],
      topologyKeys: ['hush.example/rack', '*'],
    },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.77' }, { hostname: 'hush-1.elb.hush-east-1.amazonaws.com' }] } },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'hush-alias', namespace: 'hush-ns' },
    spec: { type: 'ExternalName', externalName: 'smtp.hush.example' },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'hush-svc-x7', namespace: 'hush-ns', labels: { 'kubernetes.io/service-name': 'hush-svc' } },
    addressType: 'IPv4',
    ports: [{ name: 'hush-port', port: 8080, protocol: 'TCP' }],
    endpoints: [
      {
        addresses: ['10.9.1.10'],
        nodeName: 'hush-node1',
        zone: 'hush-zone',
        targetRef: { kind: 'Pod', namespace: 'hush-ns', name: 'hush-pod' },
        hints: { forZones: [{ name: 'hush-zone' }], forNodes: [{ name: 'hush-node1' }] },
        topology: { 'kubernetes.io/hostname': 'hush-node1' },
      },
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'hush-svc', namespace: 'hush-ns' },
    subsets: [
      {
        addresses: [{ ip: '10.9.1.10', nodeName: 'hush-node1', targetRef: { kind: 'Hush', name: 'hush-pod' } }],
        ports: [{ name: 'hush-port', port: 8080 }],
      },
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: 'hush-node1',
      labels: {
        ...META.labels,
        'kubernetes.io/hostname': 'hush-node1',
        'topology.kubernetes.io/zone': 'hush-zone',
        'topology.kubernetes.io/region': 'hush-region',
      },
      annotations: {
        'flannel.alpha.coreos.com/backend-data': '{"VNI":1,"VtepMAC":"5a:1c:0e:9b:40:10"}',
        'flannel.alpha.coreos.com/public-ip': '10.9.200.11',
        'k3s.io/node-args': '["server","--token","hush","--cluster-cidr","10.9.0.0/16","--node-name=hush-node1"]',
      },
    },
    spec: {
      podCIDR: '10.9.1.0/24',
      podCIDRs: ['10.9.1.0/24', 'fd09:1:2:4::/64'],
      providerID: 'aws:///hush-1a/i-hush',
      taints: [{ key: 'hush.example/dedicated', effect: 'NoSchedule' }],
    },
    status: {
      addresses: [
        { type: 'InternalIP', address: '10.9.200.11' },
        { type: 'Hostname', address: 'hush-node1' },
        { type: 'InternalDNS', address: 'ip-10-9-200-11.hush.internal' },
      ],
      conditions: [{ type: 'Ready', status: 'True' }],
      nodeInfo: { kubeletVersion: 'v1.33.4-hush.1', operatingSystem: 'linux' },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...META, name: 'kube-proxy-hush', namespace: 'kube-system' },
    spec: { nodeName: 'hush-node1', hostNetwork: true, containers: [CONTAINER], volumes: [{ configMap: { name: 'hush-config' } }] },
    status: { phase: 'Running', podIP: '10.9.200.11', hostIP: '10.9.200.11', podIPs: [{ ip: '10.9.200.11' }] },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { ...META, name: 'svclb-hush-svc-0123abcd', namespace: 'kube-system' },
    spec: { template: { metadata: META, spec: { containers: [CONTAINER] } } },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'kube-proxy', namespace: 'kube-system' },
    spec: { template: { spec: { containers: [CONTAINER] } } },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kube-proxy', namespace: 'kube-system' },
    data: {
      'config.conf':
        'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nhostnameOverride: hush-node1\nmode: iptables\nclusterCIDR: 10.9.0.0/16,fd09:1:2::/48\nnodePortAddresses: ["10.9.200.0/24"]\n',
      'kubeconfig.conf': 'clusters:\n- cluster: {server: "https://api.hush.example:6443"}\n',
      hush_key: 'hush',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'cilium-config', namespace: 'kube-system' },
    data: { 'cluster-name': 'hush', 'kube-proxy-replacement': 'false', 'cluster-pool-ipv4-cidr': '10.9.0.0/16' },
  },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hush-ns', labels: { 'kubernetes.io/metadata.name': 'hush-ns' } } },
  {
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'IPPool',
    metadata: { name: 'hush-pool' },
    spec: {
      cidr: '10.9.0.0/16',
      nodeSelector: 'has(hush.example/x)',
      natOutgoing: true,
      vxlanMode: 'Always',
      controlPlaneNodeSelector: { hush: 'hush' },
    },
  },
  {
    apiVersion: 'network.openshift.io/v1',
    kind: 'HostSubnet',
    metadata: { name: 'hush-node1' },
    host: 'hush-node1',
    hostIP: '10.9.200.11',
    subnet: '10.9.1.0/24',
  },
];

const SAVE = `# Generated by iptables-save v1.8.9 on hush
# hush
*nat
:PREROUTING ACCEPT [0:0]
:HUSH-CORP - [0:0]
:hush-chain - [0:0]
:KUBE-SVC-${chainHash('hush-ns/hush-svc:hush-porttcp').slice(0, 16)} - [0:0]
:KUBE-SEP-ABCDEFGHIJKLMNOP - [0:0]
-A PREROUTING -m comment --comment "hush says so" -j HUSH-CORP
-A PREROUTING -m comment --comment hush -j hush-chain
-A PREROUTING -m set --match-set hush-set src -m string --string "hush \\"quoted\\"" --algo bm -j LOG --log-prefix "hush: " --log-level 4
-A KUBE-SVC-${chainHash('hush-ns/hush-svc:hush-porttcp').slice(0, 16)} -m comment --comment "hush-ns/hush-svc:hush-port -> 10.9.1.10:8080" -j KUBE-SEP-ABCDEFGHIJKLMNOP
-A KUBE-SEP-ABCDEFGHIJKLMNOP -p tcp -m comment --comment "hush-ns/hush-gone:hush-port" -m tcp -j DNAT --to-destination 10.9.1.99:8080
-A HUSH-CORP -m owner --uid-owner hush -m recent --set --name hush-recent --mask 255.255.255.255 --rsource -j RETURN
-A HUSH-CORP -s 10.9.3.0/255.255.255.0 -m iprange --src-range 10.9.4.1-10.9.4.9 -m mac --mac-source 5a:1c:0e:9b:40:10 -m unknownmod --unknown-option hush -j NFLOG --nflog-prefix hush
COMMIT
hush is no rule
`;
const NFT = `# hush
table ip hush-table {
	comment "hush"
	set hush_set {
		type ipv4_addr
		elements = { 10.9.5.1, 10.9.5.2 comment "hush" }
	}
	chain hush_chain {
		type filter hook input priority filter; policy accept;
		ip saddr @hush_set log prefix "hush" jump hush_other
		iifname "eth0" meta skuid "hush" goto hush_other comment "hush"
	}
}
table ip kube-proxy {
	chain service-ABCDEFGH-hush-ns/hush-svc/tcp/hush-port {
		ip daddr 10.9.100.1 goto endpoint-ABCDEFGH-hush-ns/hush-svc/tcp/hush-port__10.9.1.10/8080 comment "hush-ns/hush-svc:hush-port"
	}
	chain endpoint-ABCDEFGH-hush-ns/hush-svc/tcp/hush-port__fd09.1.2.4..a/8080 {
		meta l4proto tcp dnat to [fd09:1:2:4::a]:8080
	}
}
`;
const FILES: readonly NodeFile[] = [
  { node: 'hush-node1', format: 'iptables-save', path: 'ssh hush', text: SAVE },
  { node: 'hush-node1', format: 'nft', path: '', text: NFT },
  {
    node: 'hush-node2',
    format: 'nft-json',
    path: '',
    text: JSON.stringify({
      nftables: [
        { metainfo: { version: '1.0.6' } },
        { chain: { family: 'ip', table: 'hush', name: 'hush', handle: 1 } },
        {
          rule: {
            family: 'ip',
            table: 'hush',
            chain: 'hush',
            comment: 'hush',
            expr: [
              { match: { op: '==', left: { payload: { protocol: 'ip', field: 'saddr' } }, right: '10.9.6.1' } },
              { jump: { target: 'hush' } },
              { log: { prefix: 'hush' } },
            ],
          },
        },
      ],
    }),
  },
  {
    node: 'hush-node1',
    format: 'ip-addr',
    path: '',
    text: JSON.stringify([
      {
        ifindex: 2,
        ifname: 'eth0',
        ifalias: 'hush',
        address: '5a:1c:0e:9b:40:10',
        addr_info: [
          { family: 'inet', local: '10.9.200.11', prefixlen: 24, broadcast: '10.9.200.255', label: 'eth0' },
          { family: 'inet6', local: 'fe80::581c:eff:fe9b:4010', prefixlen: 64 },
        ],
      },
    ]),
  },
  {
    node: 'hush-node1',
    format: 'ip-route',
    path: '',
    text: '[{"dst":"10.9.2.0/24","gateway":"10.9.200.12","dev":"eth0"},{"dst":"default","gateway":"10.9.200.1","dev":"eth0"}]',
  },
];

async function written(evidence: Evidence): Promise<Map<string, string>> {
  const folder = newPath();
  await writeSnapshot(evidence, folder, { redact: { chainHash } });
  return filesBelow(folder);
}

/** Addresses that a text names, in one spelling. */
function addressesIn(text: string): Set<string> {
  const words = text.match(/[0-9a-f]*:[0-9a-f:.]*|\d+(?:\.\d+){3}/gi) ?? [];
  return new Set(words.map(canonicalIp).filter((address) => address !== null));
}

/** Everybody has these. */
const COMMON = /^(?:0\.|127\.|169\.254\.|22[4-9]\.|2[3-5]\d\.|::1?$|ff|10\.0\.0\.0|172\.16\.0\.0|192\.168\.0\.0)/;

test('no name and no address of the cluster is left in any file or file name', async () => {
  const files = await written(evidenceOf(OBJECTS, FILES));
  expect([...files.keys()].filter((name) => name.includes(HUSH))).toEqual([]);
  expect(
    [...files].flatMap(([name, text]) =>
      text
        .split('\n')
        .filter((line) => /hush/i.test(line))
        .map((line) => `${name}: ${line}`),
    ),
  ).toEqual([]);
  const before = addressesIn(JSON.stringify(OBJECTS) + FILES.map(({ text }) => text).join('\n'));
  const after = addressesIn([...files.values()].join('\n'));
  expect(before.size).toBeGreaterThan(25);
  expect([...after].filter((address) => before.has(address) && !COMMON.test(address))).toEqual([]);
  const text = [...files.values()].join('\n');
  for (const hashed of [
    '5a:1c:0e:9b:40:10',
    'KUBE-SEP-ABCDEFGHIJKLMNOP',
    'ABCDEFGH',
    chainHash('hush-ns/hush-svc:hush-porttcp').slice(0, 16),
  ])
    expect(text).not.toContain(hashed);
});

test('and what says how traffic goes is all there', async () => {
  const files = await written(evidenceOf(OBJECTS, FILES));
  const text = [...files.values()].join('\n');
  for (const kept of [
    'KubeProxyConfiguration',
    'kube-proxy:v1.33.4',
    '"nodePort":30080',
    'aws://',
    '.elb.region-1.amazonaws.com',
    '"kube-proxy-replacement":"false"',
    '"kubeletVersion":"v1.33.4"',
    '--log-level 4',
    '--set --name set-',
    '-m recent',
    '"vxlanMode":"Always"',
    'svclb-svc-',
    'iifname "eth0"',
  ])
    expect(text).toContain(kept);
});

test('relations stay: chains, endpoints, sets and networks are still each other’s', async () => {
  const { evidence, nameFor, addressFor } = redactEvidence(evidenceOf(OBJECTS, FILES), { chainHash });
  const save = evidence.nodeFiles.find(({ format }) => format === 'iptables-save')?.text ?? '';
  const name = `${nameFor('namespace', 'hush-ns')}/${nameFor('service', 'hush-svc')}:${nameFor('port', 'hush-port')}`;
  const chain = `KUBE-SVC-${chainHash(`${name}tcp`).slice(0, 16)}`;
  const sep = /^:(KUBE-SEP-\S+)/m.exec(save)?.[1];
  expect(save).toContain(`:${chain} - [0:0]`);
  expect(save).toContain(`-A ${chain} -m comment --comment "${name} -> ${addressFor('10.9.1.10')}:8080" -j ${sep}\n`);
  expect(save).toMatch(new RegExp(`^-A ${sep} .*--to-destination ${addressFor('10.9.1.99').replaceAll('.', '\\.')}:8080$`, 'm'));
  expect(addressFor('10.9.1.99').replace(/\d+$/, '')).toBe(addressFor('10.9.1.0/24').replace(/0\/24$/, ''));
  const nft = evidence.nodeFiles.find(({ format }) => format === 'nft')?.text ?? '';
  const base = `${nameFor('namespace', 'hush-ns')}/${nameFor('service', 'hush-svc')}/tcp/${nameFor('port', 'hush-port')}`;
  expect(nft).toContain(`chain service-${chainHash(base).slice(0, 8)}-${base} {`);
  const six = `${base}__${addressFor('fd09:1:2:4::a').replaceAll(':', '.')}/8080`;
  expect(nft).toContain(`chain endpoint-${chainHash(six).slice(0, 8)}-${six} {`);
});

test('two snapshots of one cluster cannot be held against each other', async () => {
  const [one, two] = await Promise.all([written(evidenceOf(OBJECTS, FILES)), written(evidenceOf(OBJECTS, FILES))]);
  const addresses = (files: Map<string, string>): string[] =>
    [...addressesIn([...files.values()].join('\n'))].filter((address) => !COMMON.test(address));
  const shared = addresses(one).filter((address) => addresses(two).includes(address));
  expect(shared.length).toBeLessThan(addresses(one).length / 2);
});

describe('whatever things are called', () => {
  const label = fc.stringMatching(/^[a-z]([a-z0-9-]{5,14}[a-z0-9])$/).map((text) => `zq${text}`);
  const octet = fc.integer({ min: 1, max: 250 });
  const four = fc.oneof(
    fc.tuple(fc.constant(10), octet, octet, octet),
    fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
    fc.tuple(fc.integer({ min: 20, max: 99 }), octet, octet, octet),
  );
  const address = four.map((parts) => parts.join('.'));

  test('names and addresses are gone from objects and dumps, and the dump still speaks of the same objects', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(label, { minLength: 5, maxLength: 5 }),
        fc.uniqueArray(address, { minLength: 4, maxLength: 4 }),
        async (
          [namespace = '', service = '', node = '', pod = '', port = ''],
          [clusterIP = '', podIP = '', nodeIP = '', balancer = ''],
        ) => {
          const replaced: readonly (readonly [string, string])[] = [
            ['hush-ns', namespace],
            ['hush-svc', service],
            ['hush-node1', node],
            ['hush-pod', pod],
            ['hush-port', port.slice(0, 14)],
            ['10.9.100.1', clusterIP],
            ['10.9.1.10', podIP],
            ['10.9.200.11', nodeIP],
            ['192.0.2.77', balancer],
          ];
          const rename = (text: string): string => replaced.reduce((all, [from, to]) => all.replaceAll(from, to), text);
          const objects = (JSON.parse(rename(JSON.stringify(OBJECTS))) as object[]).slice(0, 6);
          const files = FILES.filter(({ node: of }) => of === 'hush-node1').map((file) => ({ ...file, node, text: rename(file.text) }));
          const evidence = evidenceOf(objects, files);
          const text = [...(await written(evidence))].map(([name, body]) => `${name}\n${body}`).join('\n');
          for (const [, word] of replaced.slice(0, 5)) expect(text).not.toContain(word);
          const after = addressesIn(text);
          expect([clusterIP, podIP, nodeIP, balancer].filter((one) => after.has(one))).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

const SAMPLES = fileURLToPath(new URL('../../../../shared/samples', import.meta.url));
describe.skipIf(!existsSync(SAMPLES))('real clusters', () => {
  test.for(['must-gather-aws.tar.xz', 'troubleshoot-baseline.tar.gz', 'aks-2022.iptables-save', 'calico-2019-filter.iptables-save'])(
    '%s',
    async (name) => {
      const { evidence } = await readSnapshot(join(SAMPLES, name));
      const files = await written(evidence);
      const text = [...files.values()].join('\n');
      const original = JSON.stringify(evidence.objects) + evidence.nodeFiles.map((file) => file.text).join('\n');
      const before = addressesIn(original);
      const left = [...addressesIn(text)].filter((address) => before.has(address) && !COMMON.test(address));
      expect(left).toEqual([]);
      const names = evidence.objects.filter(({ kind }) => kind === 'Node').map(({ metadata }) => metadata.name);
      expect(names.filter((node) => text.includes(node))).toEqual([]);
    },
  );
});
