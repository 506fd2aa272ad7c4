import { describe, expect, test } from 'vitest';
import { kubeadm, node, nodes, type Raw, service, slice, webOn } from '../cluster/objects.ts';
import { type Asked, ask, refusal } from './ask.ts';

const plain = [...nodes(2), ...kubeadm(), service(), slice([webOn(1)])];
const namespace = (name: string): Raw => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

describe('questions without an answer are one line and a hint', () => {
  test.for<[string, readonly Raw[], Asked, string, string]>([
    ['a mistyped name', plain, { service: 'ns1/wbe' }, 'Service "wbe" not found in namespace "ns1" (test)', 'did you mean "web"?'],
    [
      'another namespace',
      [...plain, namespace('ns2')],
      { service: 'ns2/web' },
      'Service "web" not found in namespace "ns2" (test)',
      'there is one in -n ns1',
    ],
    [
      'a namespace that is not there',
      [...plain, namespace('ns1')],
      { service: 'ns11/web' },
      'Service "web" not found in namespace "ns11" (test)',
      'there is no namespace "ns11"; there is one in -n ns1',
    ],
    [
      'a namespace that is not there, and no such Service',
      plain,
      { service: 'ns11/api' },
      'Service "api" not found in namespace "ns11" (test)',
      'there is no namespace "ns11"; did you mean "ns1"?',
    ],
    [
      'a name like no other',
      plain,
      { service: 'ns1/database' },
      'Service "database" not found in namespace "ns1" (test)',
      'see kubectl get services -A',
    ],
    ['nothing at all', [], {}, 'Service "web" not found in namespace "ns1" (test)', 'see kubectl get services -A'],
    [
      'headless',
      [...plain.slice(0, -2), service({ spec: { clusterIP: 'None' } })],
      {},
      'Service ns1/web is headless: no service proxy handles it',
      'clients get the pod addresses',
    ],
    [
      'ExternalName',
      [...nodes(1), service({ spec: { type: 'ExternalName', externalName: 'db.example.com' } })],
      {},
      'Service ns1/web is of type ExternalName: a DNS alias for "db.example.com"',
      'no traffic passes through it',
    ],
    [
      'another proxy',
      [...nodes(1), service({ metadata: { labels: { 'service.kubernetes.io/service-proxy-name': 'lb' } } })],
      {},
      'service-proxy-name is "lb"',
      'kube-proxy ignores it',
    ],
    [
      'no endpoints gathered',
      [...nodes(1), service()],
      {},
      'nothing in test tells the endpoints of Service ns1/web',
      'kubectl get endpointslices -n ns1',
    ],
    [
      'no clusterIP',
      [...nodes(1), service({ spec: { clusterIP: '', clusterIPs: [] } }), slice([])],
      {},
      'has no clusterIP yet',
      'not allocated by an API server',
    ],
    ['no nodes', [service(), slice([])], {}, 'no nodes in test', 'without Node objects'],
    ['no such port', plain, { port: 'https' }, 'Service ns1/web has no port "https"', 'it has 80'],
    ['no such node', plain, { from: ['node/nod1'] }, 'node "nod1" not found', 'did you mean "node1"'],
    ['no such node to go through', plain, { via: ['node9'] }, 'node "node9" not found', 'did you mean'],
    ['no such node to go to', plain, { to: ['node/other-name'] }, 'node "other-name" not found', 'see kubectl get nodes'],
    ['no such pod', plain, { from: ['pod/web-1'] }, 'pod "web-1" not found in namespace "ns1"', 'use pod@NODE'],
    ['a kind of target that it has not', plain, { to: ['loadBalancer'] }, 'has no target of that kind', 'it is of type NodePort'],
    ['a health check that it has not', plain, { to: ['healthCheck'] }, 'has no target of that kind', 'without --to'],
  ])('%s', ([, raw, asked, message, hint]) => {
    const said = refusal(raw, asked);
    expect(said).toContain(message);
    expect(said.split('\n')[1]).toContain(hint);
    expect(said.split('\n')).toHaveLength(2);
  });

  test('a pod that runs nowhere cannot ask', () => {
    const pending = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'new', namespace: 'ns1' }, spec: {}, status: { phase: 'Pending' } };
    expect(refusal([...plain, pending], { from: ['pod/new'] })).toContain('pod "ns1/new" runs on no known node');
  });

  test('names from the cluster are quoted where they are to be copied', () => {
    const evil = service({ metadata: { namespace: 'a;b' } });
    expect(refusal([...nodes(1), evil, slice([])], { service: 'ns1/web' })).toContain("-n 'a;b'");
  });
});

describe('questions about addresses', () => {
  const raw = [
    node(1),
    node(2, {
      addresses: [
        ['InternalIP', '172.18.0.12'],
        ['ExternalIP', '203.0.113.12'],
      ],
    }),
    ...kubeadm(),
    service(),
    slice([webOn(1)]),
  ];

  test.for([
    ['172.18.0.11:30080', 'nodePort', 'node1'],
    ['203.0.113.12:30080', 'nodePort', 'node2'],
    ['172.18.0.11:80', 'other', 'node1'],
    ['10.96.0.10:80', 'clusterIP', null],
    ['10.96.0.10:81', 'other', null],
    ['10.96.0.10:80/udp', 'other', null],
    ['198.51.100.1:80', 'other', null],
  ] as const)('%s is a %s of %s', ([to, kind, owner]) => {
    expect(ask(raw, { from: ['node/node1'], to: [to] }).flows[0]?.to).toMatchObject({ kind, node: owner });
  });

  test('targets that mean the same are asked about once', () => {
    expect(
      ask(raw, { from: ['node/node1'], to: ['node/node1', '172.18.0.11:30080', 'nodePort'] }).flows.map((flow) => flow.to.node),
    ).toEqual(['node1', 'node2']);
  });

  test('ports by name, number and node port', () => {
    const ports = [
      { name: 'http', port: 80, nodePort: 30080 },
      { name: 'https', port: 443, nodePort: 30443 },
    ];
    const two = [
      ...nodes(1),
      ...kubeadm(),
      service({ spec: { ports } }),
      slice([webOn(1)], { top: { ports: [{ name: 'http', port: 8080 }] } }),
    ];
    for (const [port, wanted] of [
      ['http', 80],
      ['443', 443],
      ['30443', 443],
    ] as const) {
      expect(new Set(ask(two, { port, to: ['clusterIP'] }).flows.map((flow) => flow.to.port))).toEqual(new Set([wanted]));
    }
    expect(refusal(two, { port: 'htps' })).toContain('did you mean "https"?');
  });
});
