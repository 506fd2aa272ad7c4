import { describe, expect, test } from 'vitest';
import { balancer, configMap, daemonSet, flannel, kubeadm, node, nodes, type Raw, service, slice, webOn } from '../cluster/objects.ts';
import { type Asked, ask } from './ask.ts';

const base = [...kubeadm(), ...flannel()];
const LOCAL = { externalTrafficPolicy: 'Local' };
const inside = { type: 'ClusterIP', ports: [{ port: 80, targetPort: 8080 }] };

interface Case extends Asked {
  readonly raw: readonly Raw[];
  readonly mood: string;
  readonly says: string;
}

function check({ raw, mood, says, ...asked }: Case): void {
  const { answer } = ask([...base, ...raw], asked);
  expect(`${answer.mood}: ${answer.text}`).toBe(`${mood}: ${says}`);
}

const cases = (all: Record<string, Case>): [string, Case][] => Object.entries(all);

describe('node ports', () => {
  test.for(
    cases({
      'Local, pods on two of four nodes': {
        raw: [...nodes(4), service({ spec: LOCAL }), slice([webOn(1), webOn(3)])],
        mood: 'mixed',
        says: '2 of 4 nodes drop outside traffic to nodePort 30080/TCP (node2, node4): no local endpoint. Where it is answered, the pods see the real client address.',
      },
      'Local, one node without': {
        raw: [...nodes(2), service({ spec: LOCAL }), slice([webOn(1)])],
        mood: 'mixed',
        says: '1 of 2 nodes drops outside traffic to nodePort 30080/TCP (node2): no local endpoint. Where it is answered, the pods see the real client address.',
      },
      'Local, a pod on every node': {
        raw: [...nodes(2), service({ spec: LOCAL }), slice([webOn(1), webOn(2)])],
        mood: 'good',
        says: 'All 2 nodes answer outside traffic to nodePort 30080/TCP; the pods see the real client address.',
      },
      'Local, endpoints of no known node': {
        raw: [...nodes(2), service({ spec: LOCAL }), slice([{ ip: '10.244.1.10' }])],
        mood: 'bad',
        says: 'All 2 nodes drop outside traffic to nodePort 30080/TCP: no local endpoint.',
      },
      Cluster: {
        raw: [...nodes(3), service(), slice([webOn(1)])],
        mood: 'good',
        says: "All 3 nodes answer outside traffic to nodePort 30080/TCP; the pods see an address of the node that was asked, not the client's.",
      },
      'Cluster, a hostNetwork pod': {
        raw: [...nodes(2), service(), slice([{ ip: '172.18.0.11', node: 'node1', pod: 'web-1' }])],
        mood: 'good',
        says: 'All 2 nodes answer outside traffic to nodePort 30080/TCP; some pods see the real client address, others an address of the node that was asked.',
      },
      'no endpoints': {
        raw: [...nodes(2), service(), slice([])],
        mood: 'bad',
        says: 'All 2 nodes reject outside traffic to nodePort 30080/TCP: no usable endpoint anywhere.',
      },
      'no endpoints, one node': {
        raw: [...nodes(1), service(), slice([])],
        mood: 'bad',
        says: 'node1 rejects outside traffic to nodePort 30080/TCP: no usable endpoint anywhere.',
      },
      'one node': {
        raw: [...nodes(1), service(), slice([webOn(1)])],
        mood: 'good',
        says: "node1 answers outside traffic to nodePort 30080/TCP; the pods see an address of the node that was asked, not the client's.",
      },
      'one node was asked': {
        raw: [...nodes(3), service({ spec: LOCAL }), slice([webOn(1)])],
        from: ['external'],
        to: ['node/node2'],
        mood: 'bad',
        says: 'node2 drops outside traffic to nodePort 30080/TCP: no local endpoint.',
      },
      'one of two ports has no endpoint on a node': {
        raw: [
          ...nodes(2),
          service({
            spec: {
              ...LOCAL,
              ports: [
                { name: 'a', port: 80, nodePort: 30080 },
                { name: 'b', port: 81, nodePort: 30081 },
              ],
            },
          }),
          slice([webOn(1), webOn(2)], { top: { ports: [{ name: 'a', port: 8080 }] } }),
          slice([webOn(1)], { metadata: { name: 'web-b' }, top: { ports: [{ name: 'b', port: 8081 }] } }),
        ],
        mood: 'mixed',
        says: '1 of 2 nodes answers only part of outside traffic to nodePort 30080/TCP, 30081/TCP (node2): no local endpoint. Where it is answered, the pods see the real client address.',
      },
      'Windows beside Linux': {
        raw: [node(1), node(2, { os: 'windows' }), service(), slice([webOn(1)])],
        mood: 'mixed',
        says: "1 of 2 nodes is undetermined for outside traffic to nodePort 30080/TCP (node2): data plane of node node2: Windows nodes use kube-proxy kernelspace mode. Where it is answered, the pods see an address of the node that was asked, not the client's.",
      },
      'a client and a node that exclude each other': {
        raw: [...nodes(2), service(), slice([webOn(1)])],
        from: ['external=2001:db8::1'],
        to: ['nodePort'],
        mood: 'unknown',
        says: "Undetermined: the client's address: it is of another IP family than 172.18.0.11.",
      },
    }),
  )('%s', ([, each]) => check(each));
});

describe('load balancers', () => {
  const kind = { spec: LOCAL };

  test.for(
    cases({
      'Local, provider not known': {
        raw: [...nodes(4), balancer(kind), slice([webOn(1), webOn(3)])],
        mood: 'mixed',
        says: '2 of 4 nodes drop outside traffic to nodePort 30080/TCP (node2, node4): no local endpoint. Where it is answered, the pods see the real client address. The load balancer uses 2 of 4 nodes (node1, node3).',
      },
      'Local, a proxy in front': {
        raw: [...nodes(2, { providerID: 'hcloud://1' }), balancer(kind), slice([webOn(1)])],
        mood: 'mixed',
        says: "1 of 2 nodes drops outside traffic to nodePort 30080/TCP (node2): no local endpoint. Where it is answered, the pods see the real client address. The load balancer (hetzner) uses 1 of 2 nodes (node1). Behind it the pods see its address, not the client's.",
      },
      'Local, announced': {
        raw: [...nodes(2), balancer({ ...kind, metadata: { annotations: { 'metallb.io/x': 'y' } } }), slice([webOn(1)])],
        mood: 'mixed',
        says: '1 of 2 nodes drops outside traffic to nodePort 30080/TCP (node2): no local endpoint. Where it is answered, the pods see the real client address. Traffic for the LB IP (metallb) may enter at 1 of 2 nodes (node1).',
      },
      'Cluster, all nodes used': {
        raw: [...nodes(2), balancer(), slice([webOn(1)])],
        mood: 'good',
        says: "All 2 nodes answer outside traffic to nodePort 30080/TCP; the pods see an address of the node that was asked, not the client's.",
      },
      'straight to the pods': {
        raw: [
          ...nodes(2),
          balancer({
            spec: { loadBalancerClass: 'service.k8s.aws/nlb' },
            metadata: { annotations: { 'service.beta.kubernetes.io/aws-load-balancer-nlb-target-type': 'ip' } },
            ingress: [{ hostname: 'a.elb.eu-west-1.amazonaws.com' }],
          }),
          slice([webOn(1)]),
        ],
        mood: 'good',
        says: "All 2 nodes answer outside traffic to nodePort 30080/TCP; the pods see an address of the node that was asked, not the client's. The load balancer (aws-nlb) sends to the pods themselves and passes all this by.",
      },
      'one node of unknown health': {
        raw: [node(1), node(2, { ready: 'Unknown' }), balancer(), slice([webOn(1)])],
        mood: 'good',
        says: "All 2 nodes answer outside traffic to nodePort 30080/TCP; the pods see an address of the node that was asked, not the client's. The load balancer uses 1 of 2 nodes (node1); of 1 node that is not known.",
      },
      'klipper sends to a node that drops': {
        raw: [
          ...nodes(3),
          daemonSet('svclb-web-0a1b2c3d'),
          balancer({ ...kind, ingress: [{ ip: '172.18.0.11' }, { ip: '172.18.0.13' }] }),
          slice([webOn(1)]),
        ],
        mood: 'mixed',
        says: '2 of 3 nodes drop outside traffic to nodePort 30080/TCP (node2, node3): no local endpoint. Where it is answered, the pods see the real client address. The load balancer (klipper) uses 2 of 3 nodes (node1, node3), and node3 does not answer all of it.',
      },
      'endpoints only where it must not send': {
        raw: [
          node(1, { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } }),
          node(2),
          balancer(kind),
          slice([webOn(1)]),
        ],
        mood: 'mixed',
        says: '1 of 2 nodes drops outside traffic to nodePort 30080/TCP (node2): no local endpoint. Where it is answered, the pods see the real client address. The load balancer has no node to send to.',
      },
      'without node ports, by its address': {
        raw: [
          ...nodes(2),
          balancer({ spec: { ...LOCAL, allocateLoadBalancerNodePorts: false, ports: [{ port: 80, targetPort: 8080 }] } }),
          slice([webOn(1)]),
        ],
        mood: 'mixed',
        says: '1 of 2 nodes drops outside traffic to LB IP 203.0.113.80 (80/TCP) (node2): no local endpoint. Where it is answered, the pods see the real client address. The load balancer uses 1 of 2 nodes (node1).',
      },
      'outside the source ranges': {
        raw: [...nodes(1), balancer({ spec: { loadBalancerSourceRanges: ['198.51.100.0/24'] } }), slice([webOn(1)])],
        from: ['external=192.0.2.1'],
        to: ['loadBalancer'],
        mood: 'bad',
        says: 'node1 drops outside traffic to LB IP 203.0.113.80 (80/TCP): the client is in none of loadBalancerSourceRanges.',
      },
    }),
  )('%s', ([, each]) => check(each));
});

describe('external IPs', () => {
  test('through every node', () => {
    check({
      raw: [...nodes(2), service({ spec: { ...inside, externalIPs: ['198.51.100.9'], ...LOCAL } }), slice([webOn(1)])],
      mood: 'mixed',
      says: '1 of 2 nodes drops outside traffic to external IP 198.51.100.9 (80/TCP) (node2): no local endpoint. Where it is answered, the pods see the real client address.',
    });
  });
});

describe('inside the cluster', () => {
  test.for(
    cases({
      'a clusterIP': {
        raw: [...nodes(2), service({ spec: inside }), slice([webOn(1), webOn(2)])],
        mood: 'good',
        says: 'Clients in the cluster reach 10.96.0.10:80: 2 endpoints answer.',
      },
      'no endpoints': {
        raw: [...nodes(2), service({ spec: inside }), slice([])],
        from: ['pod@node1'],
        mood: 'bad',
        says: 'Any pod on node1 is rejected at 10.96.0.10:80: no usable endpoint anywhere.',
      },
      'internalTrafficPolicy Local': {
        raw: [...nodes(3), service({ spec: { ...inside, internalTrafficPolicy: 'Local' } }), slice([webOn(1)])],
        mood: 'mixed',
        says: 'Clients on 2 of 3 nodes (node2, node3) get no answer from 10.96.0.10:80: no local endpoint.',
      },
      'one client': {
        raw: [...nodes(2), service({ spec: inside }), slice([webOn(1)])],
        from: ['node/node2'],
        mood: 'good',
        says: 'Node node2 reaches 10.96.0.10:80: 1 endpoint answers.',
      },
      'a named pod': {
        raw: [
          ...nodes(2),
          service({ spec: { ...inside, internalTrafficPolicy: 'Local' } }),
          slice([webOn(1)]),
          {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'cli', namespace: 'ns1' },
            spec: { nodeName: 'node2' },
            status: { phase: 'Running', podIP: '10.244.2.9', podIPs: [{ ip: '10.244.2.9' }] },
          },
        ],
        from: ['pod/cli'],
        mood: 'bad',
        says: 'Pod ns1/cli gets no answer from 10.96.0.10:80: no local endpoint.',
      },
      'a named pod at several addresses': {
        raw: [...nodes(2), service({ spec: LOCAL }), slice([webOn(1)])],
        from: ['pod@node2'],
        to: ['clusterIP', 'node/node1', 'node/node2', '10.96.0.10:81'],
        mood: 'mixed',
        says: 'Any pod on node2 is not served at 10.96.0.10:81: no Service has 10.96.0.10:81/TCP; the packet leaves node node2 by the ordinary route; reaches 10.96.0.10:80, 172.18.0.11:30080, 172.18.0.12:30080.',
      },
      'an outside client at the clusterIP': {
        raw: [...nodes(2), service({ spec: inside }), slice([webOn(1)])],
        from: ['external=198.51.100.7'],
        to: ['clusterIP'],
        mood: 'good',
        says: "Client 198.51.100.7 reaches 10.96.0.10:80: 1 endpoint answers; the pods see an address of the node that was asked, not the client's.",
      },
      'a wrong port': {
        raw: [...nodes(1), service({ spec: inside }), slice([webOn(1)])],
        from: ['pod@node1'],
        to: ['10.96.0.10:81'],
        mood: 'bad',
        says: 'Any pod on node1 is not served at 10.96.0.10:81: no Service has 10.96.0.10:81/TCP; the packet leaves node node1 by the ordinary route.',
      },
      'both families': {
        raw: [
          node(1, {
            addresses: [
              ['InternalIP', '172.18.0.11'],
              ['InternalIP', 'fd00::11'],
            ],
            podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'],
          }),
          service({ spec: { ...inside, clusterIPs: ['10.96.0.10', 'fd00:96::10'], ipFamilies: ['IPv4', 'IPv6'] } }),
          slice([webOn(1)]),
          slice([{ ip: 'fd00:10:244:1::10', node: 'node1', pod: 'web-1' }], { metadata: { name: 'web-6' } }),
        ],
        from: ['node/node1'],
        mood: 'good',
        says: 'Node node1 reaches 10.96.0.10:80, [fd00:96::10]:80: 2 endpoints answer.',
      },
    }),
  )('%s', ([, each]) => check(each));
});

describe('the health check alone', () => {
  const asked = { from: ['external'], to: ['healthCheck'] };

  test.for(
    cases({
      'some nodes pass': {
        ...asked,
        raw: [...nodes(3), balancer({ spec: LOCAL }), slice([webOn(2)])],
        mood: 'mixed',
        says: 'The health check on port 31000 answers, of 3 nodes: 503 on 2 (node1, node3), 200 on 1 (node2).',
      },
      'none does': {
        ...asked,
        raw: [...nodes(1), balancer({ spec: LOCAL }), slice([])],
        mood: 'bad',
        says: 'The health check on port 31000 answers, of 1 node: 503 on 1 (node1).',
      },
      'all do': {
        ...asked,
        raw: [...nodes(2), balancer({ spec: LOCAL }), slice([webOn(1), webOn(2)])],
        mood: 'good',
        says: 'The health check on port 31000 answers, of 2 nodes: 200 on 2 (node1, node2).',
      },
    }),
  )('%s', ([, each]) => check(each));
});

describe('what cannot be answered', () => {
  test('a data plane that is not modelled is named', () => {
    const cilium = [daemonSet('cilium'), configMap('cilium-config', { 'kube-proxy-replacement': 'true' })];
    expect(ask([...nodes(2), ...cilium, service(), slice([webOn(1)])]).answer).toEqual({
      mood: 'unknown',
      text: 'Undetermined: data plane of node node1: Cilium replaces kube-proxy with eBPF programs.',
    });
  });
});
