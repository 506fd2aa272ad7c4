import { describe, expect, test } from 'vitest';
import type { Note } from '../../src/analysis/report.ts';
import { balancer, daemonSet, flannel, kubeadm, node, nodes, type Raw, service, slice, webOn } from '../cluster/objects.ts';
import { ask } from './ask.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const base = [...kubeadm(), ...flannel()];
const onNode1 = slice([webOn(1)]);
const metallb = { metadata: { annotations: { 'metallb.io/address-pool': 'p' } } };

function notes(raw: readonly Raw[], plane: readonly Raw[] = base): readonly Note[] {
  return ask([...plane, ...raw]).notes;
}

function note(raw: readonly Raw[], id: string, plane: readonly Raw[] = base): Note | undefined {
  return notes(raw, plane).find((each) => each.id === id);
}

/** Each note with a cluster that has it, and what it says, and one that is as like as can be and has it not. */
const table: readonly (readonly [string, Note['severity'], readonly Raw[], RegExp, readonly Raw[]])[] = [
  [
    'local-node-without-endpoint',
    'warning',
    [...nodes(3), service({ spec: LOCAL }), onNode1],
    /2 nodes without a local endpoint \(node2, node3\) let outside clients time out/,
    [...nodes(3), service(), onNode1],
  ],
  [
    'local-no-reachable-target',
    'warning',
    [node(1, { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } }), node(2), balancer({ spec: LOCAL }), onNode1],
    /The endpoints are on node1 \(label node.kubernetes.io\/exclude/,
    [...nodes(2), balancer({ spec: LOCAL }), onNode1],
  ],
  [
    'snat-hides-client-ip',
    'info',
    [...nodes(2), service(), onNode1],
    /The pods log 10\.244\.1\.1, 10\.244\.2\.0 for outside clients/,
    [...nodes(1), service(), slice([{ ip: '172.18.0.11', node: 'node1', pod: 'web-1' }])],
  ],
  [
    'pod-to-remote-nodeport',
    'warning',
    [...nodes(2), service({ spec: LOCAL }), onNode1],
    /\(node2\): dropped/,
    [...nodes(2), service({ spec: LOCAL }), slice([webOn(1), webOn(2)])],
  ],
  [
    'self-test-misleads',
    'info',
    [...nodes(2), service({ spec: LOCAL }), onNode1],
    /Test from outside/,
    [...nodes(2), service({ spec: LOCAL }), slice([webOn(1), webOn(2)])],
  ],
  [
    'terminating-only-node',
    'warning',
    [
      ...nodes(2),
      service({ spec: LOCAL }),
      slice([webOn(1), webOn(2, { conditions: { ready: false, serving: true, terminating: true } })]),
    ],
    /node2 lives on terminating pods/,
    [
      ...nodes(2),
      service({ spec: LOCAL }),
      slice([webOn(1), webOn(1, { ip: '10.244.1.11', conditions: { ready: false, serving: true, terminating: true } })]),
    ],
  ],
  [
    'kube-proxy-nodename-mismatch',
    'warning',
    [...nodes(2), service(), slice([webOn(1, { node: 'node1.example.com' })])],
    /a node that does not exist: node1\.example\.com/,
    [...nodes(2), service(), slice([webOn(1), { ip: '10.244.1.77' }])],
  ],
  [
    'source-ranges-block-in-cluster',
    'warning',
    [...nodes(2), balancer({ spec: { loadBalancerSourceRanges: ['198.51.100.0/24'] } }), onNode1],
    /also block pods and nodes of the cluster at the LB IP/,
    [...nodes(2), balancer({ spec: { loadBalancerSourceRanges: ['10.244.0.0/16', '172.18.0.0/24'] } }), onNode1],
  ],
  [
    'source-ranges-bypassed',
    'info',
    [...nodes(2), balancer({ spec: { loadBalancerSourceRanges: ['198.51.100.0/24'] } }), onNode1],
    /the node ports stay open/,
    [...nodes(2), balancer({ spec: { loadBalancerSourceRanges: ['0.0.0.0/0'] } }), onNode1],
  ],
  [
    'hostnetwork-endpoints',
    'info',
    [...nodes(2), service(), slice([{ ip: '172.18.0.11', node: 'node1', pod: 'web-1' }])],
    /^The endpoints are hostNetwork pods/,
    [...nodes(2), service({ spec: LOCAL }), slice([{ ip: '172.18.0.11', node: 'node1', pod: 'web-1' }])],
  ],
  [
    'session-affinity',
    'info',
    [...nodes(1), service({ spec: { sessionAffinity: 'ClientIP' } }), onNode1],
    /for 10800 s, per node/,
    [...nodes(1), service({ spec: { sessionAffinity: 'None' } }), onNode1],
  ],
  [
    'lb-pending',
    'warning',
    [...nodes(1), balancer({ ingress: [], spec: { loadBalancerClass: 'example.com/lb' } }), onNode1],
    /no address yet \(loadBalancerClass example\.com\/lb\)/,
    [...nodes(1), balancer(), onNode1],
  ],
  [
    'lb-hostname-only',
    'info',
    [...nodes(1), balancer({ ingress: [{ hostname: 'lb.example.com' }] }), onNode1],
    /only a hostname \(lb\.example\.com\)/,
    [...nodes(1), balancer({ ingress: [{ hostname: 'lb.example.com', ip: '203.0.113.80' }] }), onNode1],
  ],
  [
    'ipmode-proxy',
    'info',
    [...nodes(1), balancer({ ingress: [{ ip: '203.0.113.80', ipMode: 'Proxy' }] }), onNode1],
    /does not capture 203\.0\.113\.80/,
    [...nodes(1), balancer({ ingress: [{ ip: '203.0.113.80', ipMode: 'VIP' }] }), onNode1],
  ],
  [
    'lb-is-a-proxy',
    'info',
    [...nodes(1, { providerID: 'hcloud://1' }), balancer(), onNode1],
    /\(hetzner\) opens connections of its own/,
    [...nodes(1, { providerID: 'gce://1' }), balancer(), onNode1],
  ],
  [
    'lb-targets-pods',
    'info',
    [
      ...nodes(1),
      balancer({
        metadata: { annotations: { 'service.beta.kubernetes.io/aws-load-balancer-type': 'nlb-ip' } },
        spec: { loadBalancerClass: 'service.k8s.aws/nlb' },
      }),
      onNode1,
    ],
    /sends to the pods themselves/,
    [...nodes(1), balancer({ spec: { loadBalancerClass: 'service.k8s.aws/nlb' } }), onNode1],
  ],
  [
    'lb-announcer',
    'info',
    [...nodes(1), balancer(metallb), onNode1],
    /metallb announces the address from a node/,
    [...nodes(1), balancer(), onNode1],
  ],
  [
    'hairpin-proxy-protocol-bypass',
    'warning',
    [...nodes(1), balancer({ metadata: { annotations: { 'load-balancer.hetzner.cloud/uses-proxyprotocol': 'true' } } }), onNode1],
    /uses-proxyprotocol/,
    [
      ...nodes(1),
      balancer({
        metadata: { annotations: { 'load-balancer.hetzner.cloud/uses-proxyprotocol': 'true' } },
        ingress: [{ ip: '203.0.113.80', ipMode: 'Proxy' }],
      }),
      onNode1,
    ],
  ],
  [
    'openshift-local-with-fallback',
    'warning',
    [
      ...nodes(1),
      service({ spec: LOCAL, metadata: { annotations: { 'traffic-policy.network.alpha.openshift.io/local-with-fallback': '' } } }),
      onNode1,
    ],
    /use any endpoint where a node has none/,
    [...nodes(1), service({ metadata: { annotations: { 'traffic-policy.network.alpha.openshift.io/local-with-fallback': '' } } }), onNode1],
  ],
];

describe('each note fires where it must, and is silent where it must', () => {
  test.for(table)('%s', ([id, severity, raw, says, silent]) => {
    const found = note(raw, id);
    expect(found?.severity).toBe(severity);
    expect(found?.text).toMatch(says);
    expect(notes(silent).map((each) => each.id)).not.toContain(id);
  });

  test('hairpin-local-dropped: only without local detection', () => {
    const raw = [...nodes(2), balancer({ spec: LOCAL }), onNode1];
    const blind = [...kubeadm('mode: iptables\nclusterCIDR: ""\n'), ...flannel()];
    expect(note(raw, 'hairpin-local-dropped', blind)?.text).toContain('Pods on node2 time out');
    expect(note(raw, 'hairpin-local-dropped')).toBeUndefined();
  });

  test('every note of the table is checked in both directions', () => {
    const ids = new Set(table.map(([id]) => id));
    expect(ids.size).toBe(table.length);
  });
});

test('a load balancer that is known to avoid the nodes without endpoint takes the alarm out of it', () => {
  const local = (more: Raw, plane: readonly Raw[] = nodes(3)) =>
    note([...plane, balancer({ spec: LOCAL, ...more }), onNode1], 'local-node-without-endpoint')?.severity;
  expect(local({}, nodes(3, { providerID: 'gce://1' }))).toBe('info');
  expect(local(metallb)).toBe('info');
  expect(local({})).toBe('warning');
  expect(local({ ingress: [] }, nodes(3, { providerID: 'gce://1' }))).toBe('warning');
  expect(local({ ingress: [{ ip: '172.18.0.12' }] }, [...nodes(3), daemonSet('svclb-web-0a1b2c3d')])).toBe('warning');
});

test('some endpoints on the host network are not all', () => {
  const raw = [...nodes(2), service(), slice([webOn(2), { ip: '172.18.0.11', node: 'node1', pod: 'web-1' }])];
  expect(note(raw, 'hostnetwork-endpoints')?.text).toMatch(/^Some endpoints are hostNetwork pods/);
});

test('warnings come first', () => {
  const severities = notes([...nodes(2), balancer({ spec: LOCAL, ingress: [] }), onNode1]).map((each) => each.severity);
  expect(severities).toEqual([...severities].sort().reverse());
  expect(new Set(severities)).toEqual(new Set(['warning', 'info']));
});

test('a plain Service has nothing to note', () => {
  expect(notes([...nodes(2), service({ spec: { type: 'ClusterIP', ports: [{ port: 80, targetPort: 8080 }] } }), onNode1])).toEqual([]);
});

test('commands to copy quote names that a shell would take apart', () => {
  const evil = { name: "web'; reboot #", namespace: 'ns1' };
  const labels = { 'kubernetes.io/service-name': evil.name };
  const raw = [...base, ...nodes(2), service({ spec: LOCAL, metadata: evil }), slice([webOn(1)], { metadata: { labels } })];
  const remedies = ask(raw, { service: `ns1/${evil.name}` }).notes.map((each) => each.remedy ?? '');
  expect(remedies.join('\n')).toContain(`kubectl patch svc 'web'\\''; reboot #' -n ns1 -p '{"spec":{"externalTrafficPolicy":"Cluster"}}'`);
});
