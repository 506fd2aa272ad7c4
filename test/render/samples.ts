import type { Client, Flow, LoadBalancerNode, Note, ServiceReport } from '../../src/analysis/report.ts';
import {
  branchesTo,
  clusterIpFlows,
  ending,
  flow,
  healthFlows,
  loadBalancerFlows,
  masqueraded,
  nodeClient,
  nodePortFlows,
  outside,
  plane,
  podClient,
  podOn,
  report,
  type Sample,
  service,
  target,
} from './support.ts';

const FOUR = ['node1', 'node2', 'node3', 'node4'];

const LOCAL_NOTE: Note = {
  id: 'local-without-endpoint',
  severity: 'warning',
  text: "Local keeps the client's address by never leaving the node: a node without a ready pod drops outside traffic.",
  remedy:
    'Run a pod on every node that receives traffic (DaemonSet), let the load balancer check the health of the nodes, or use Cluster and accept that the client is hidden.',
};

/** A NodePort Service with Local, pods on two of four nodes: the picture that people draw. */
export function nodePortLocal(): ServiceReport {
  const sample: Sample = { nodes: FOUR, pods: [podOn('node1', 1), podOn('node3', 3)], policy: 'Local' };
  return report(sample, {
    answer: {
      mood: 'mixed',
      text: '2 of 4 nodes drop outside traffic to nodePort 30080 (node2, node4: no local endpoint). Where it is answered, the pods see the real client address.',
    },
    notes: [
      LOCAL_NOTE,
      {
        id: 'pods-are-exempt',
        severity: 'info',
        text: 'Pods and processes of a node reach its nodePort even where outside traffic is dropped.',
      },
    ],
  });
}

const IN_AND_OUT_OF_RANGE: readonly Client[] = [
  { ...outside(), name: 'inside the source ranges', address: '198.51.100.7' },
  { ...outside(), name: 'outside the source ranges', address: '192.0.2.7' },
];

/** A LoadBalancer Service with source ranges and unevenly spread pods. */
export function loadBalancerRanges(): ServiceReport {
  const sample: Sample = {
    nodes: FOUR,
    pods: [podOn('node1', 1), { ...podOn('node1', 1, 'web-2'), address: '10.244.1.11' }, podOn('node3', 3)],
    outsiders: IN_AND_OUT_OF_RANGE,
    policy: 'Local',
  };
  const nodes: LoadBalancerNode[] = FOUR.map((node, i) =>
    i % 2 === 0
      ? { node, inRotation: true, httpStatus: 200, why: 'has a ready endpoint' }
      : { node, inRotation: false, httpStatus: 503, why: 'no ready endpoint on the node' },
  );
  const shares = sample.pods.map((endpoint, i) => ({ endpoint, servicePort: '80', share: i === 2 ? 0.5 : 0.25 }));
  return report(sample, {
    service: service(sample, {
      type: 'LoadBalancer',
      healthCheckNodePort: 31000,
      loadBalancerIngress: [{ ip: '203.0.113.80', hostname: null, ipMode: null }],
      loadBalancerSourceRanges: ['198.51.100.0/24'],
    }),
    answer: {
      mood: 'good',
      text: 'Clients in 198.51.100.0/24 are answered through node1 and node3, and the pods see their real address; all others are dropped.',
    },
    flows: [...loadBalancerFlows(sample), ...nodePortFlows(sample), ...clusterIpFlows(sample), ...healthFlows(sample)],
    loadBalancer: {
      provider: 'metallb',
      providerEvidence: 'annotation metallb.universe.tf/ip-allocated-from-pool',
      target: 'loadBalancerIP',
      healthCheck: { what: 'healthCheckNodePort', port: 31000, path: '/healthz' },
      nodes,
      shares,
    },
    notes: [{ id: 'uneven', severity: 'warning', text: 'web-3 gets twice the traffic of the others, because it is alone on its node.' }],
  });
}

/** Cluster with three pods: everything is answered, and the client is hidden. */
export function clusterThreePods(): ServiceReport {
  const sample: Sample = { nodes: FOUR, pods: [1, 2, 3].map((i) => podOn(`node${i}`, i)), policy: 'Cluster' };
  return report(sample, {
    answer: {
      mood: 'good',
      text: 'All 4 nodes answer outside traffic to nodePort 30080, but the pods see an address of the entry node instead of the client.',
    },
  });
}

/** Nothing behind the Service: rejected, and for node processes left to ordinary routing. */
export function noEndpoints(): ServiceReport {
  const sample: Sample = { nodes: FOUR, pods: [], policy: 'Cluster' };
  const flows = [...nodePortFlows(sample), ...clusterIpFlows(sample)].map((each): Flow => {
    const unhandled = each.from.kind === 'node' && each.to.kind === 'clusterIP';
    return flow(each.from, each.to, [unhandled ? ending('unhandled', 'leaves-cluster') : ending('rejected')], each.via);
  });
  return report(sample, { answer: { mood: 'bad', text: 'Nothing answers: the Service has no ready endpoint (2 are not ready).' }, flows });
}

/** A data plane that is not modelled. */
export function undetermined(): ServiceReport {
  const sample: Sample = { nodes: FOUR, pods: [podOn('node1', 1)], policy: 'Cluster' };
  const flows = [...nodePortFlows(sample), ...clusterIpFlows(sample)].map((each) => flow(each.from, each.to, [], each.via));
  const cilium = plane(FOUR, {
    implementation: 'cilium',
    mode: null,
    version: '1.16.3',
    localDetection: null,
    masqueradeAll: null,
    cni: 'cilium',
    cniMasquerades: null,
  });
  return report(sample, {
    answer: {
      mood: 'unknown',
      text: 'Cilium serves this Service without kube-proxy: its behaviour is not modelled, so nothing is predicted.',
    },
    flows,
    dataplane: [cilium],
    gaps: [
      { what: 'behaviour of Cilium 1.16.3', why: 'not modelled' },
      { what: 'ConfigMap kube-system/cilium-config', why: 'forbidden for user "dev"' },
      { what: 'DaemonSet kube-system/cilium', why: 'forbidden for user "dev"' },
    ],
  });
}

/** 5,000 nodes in three groups; flows only for the representatives. */
export function bigCluster(): ServiceReport {
  const nodes = Array.from({ length: 5000 }, (_, i) => `worker-${i + 1}.fleet.example.internal`);
  const at = (i: number): string => nodes[i] ?? '';
  const representatives = [at(0), at(1), at(2)];
  const pods = [podOn(at(0), 1), podOn(at(1), 2), { ...podOn(at(1), 2, 'web-2b'), address: '10.244.2.11' }];
  const sample: Sample = { nodes, pods, policy: 'Local', reported: representatives };
  const shares = Array.from({ length: 42 }, (_, i) => ({
    endpoint: podOn(at(i), i + 1),
    servicePort: '80',
    share: i < 38 ? 1 / 40 : 1 / 80,
  }));
  return report(sample, {
    answer: {
      mood: 'mixed',
      text: '4,960 of 5,000 nodes drop outside traffic to nodePort 30080 (no local endpoint). Where it is answered, the pods see the real client address.',
    },
    flows: [...nodePortFlows(sample), ...clusterIpFlows(sample), ...healthFlows(sample)],
    nodeGroups: [
      { name: 'with 1 local endpoint', nodes: [at(0), ...nodes.slice(3, 40)], representatives: [at(0)] },
      { name: 'with 2 local endpoints', nodes: [at(1), at(40)], representatives: [at(1)] },
      { name: 'without local endpoints', nodes: [at(2), ...nodes.slice(41)], representatives: [at(2)] },
    ],
    loadBalancer: {
      provider: null,
      providerEvidence: null,
      target: 'nodePort',
      healthCheck: { what: 'healthCheckNodePort', port: 31000, path: '/healthz' },
      nodes: representatives.map((node, i) => ({
        node,
        inRotation: i < 2,
        httpStatus: i < 2 ? 200 : 503,
        why: i < 2 ? 'has a ready endpoint' : 'no ready endpoint on the node',
      })),
      shares,
    },
    notes: [LOCAL_NOTE],
  });
}

/** Cluster policy on twenty nodes without groups: the renderer folds them itself. */
export function twentyNodes(): ServiceReport {
  const nodes = Array.from({ length: 20 }, (_, i) => `node${i + 1}`);
  return report({ nodes, pods: [podOn('node2', 2), podOn('node5', 5), podOn('node7', 7)], policy: 'Cluster' });
}

/** Named clients and one ending that is not like the others: told one by one. */
export function namedClients(): ServiceReport {
  const sample: Sample = { nodes: FOUR, pods: [podOn('node1', 1), podOn('node3', 3)], policy: 'Cluster' };
  const [first, second] = sample.pods;
  const to = target(sample, 'nodePort', 'node2');
  const named = { ...podClient(sample, 'node2'), name: 'cli-2', namespace: 'default' };
  const host = { ...nodeClient(sample, 'node4'), kind: 'pod', name: 'agent-x7', namespace: 'kube-system', hostNetwork: true } as const;
  const half =
    first === undefined || second === undefined
      ? []
      : [
          ...branchesTo([first], (endpoint) => masqueraded(sample, 'node2', endpoint)).map((branch) => ({ ...branch, share: 0.5 })),
          {
            ...ending('no-reply', null, 0.5),
            endpoint: second,
            source: { kind: 'preserved', address: null, interface: null, by: null } as const,
          },
        ];
  return report(sample, {
    answer: { mood: 'mixed', text: 'Of 4 flows, 2 are answered, 1 only sometimes, 1 is not served.' },
    flows: [
      flow(
        { ...outside(), address: '198.51.100.7' },
        to,
        branchesTo(sample.pods, (endpoint) => masqueraded(sample, 'node2', endpoint)),
      ),
      flow(named, to, half),
      flow(
        host,
        to,
        branchesTo(sample.pods, (endpoint) => masqueraded(sample, 'node2', endpoint)),
      ),
      flow(named, { ...target(sample, 'clusterIP', null), port: 81, servicePort: null }, [ending('unhandled', 'leaves-cluster')]),
    ],
  });
}

const HOSTILE = 'web\x1b[2J\x1b]0;owned\x07\u202egpj.exe\u009b31m|`<b>@all';

/** Names that try to take over the terminal. */
export function hostileNames(): ServiceReport {
  const sample: Sample = {
    nodes: ['node1\x1b[31m', 'node2\r\nFAKE: all is well'],
    pods: [podOn('node1\x1b[31m', 1, HOSTILE)],
    policy: 'Local',
    name: HOSTILE,
  };
  return report(sample, {
    answer: { mood: 'mixed', text: `${HOSTILE} drops half` },
    notes: [{ id: 'x', severity: 'warning', text: `see \x1b]8;;http://evil\x07this\x1b]8;;\x07 and\nthat`, remedy: HOSTILE }],
    gaps: [{ what: HOSTILE, why: '\u2066reordered\u2069 \u200bhidden\u{e0041}' }],
  });
}

/** Wide characters, as annotations and file names may hold them. */
export function wideNames(): ServiceReport {
  const nodes = ['節点一', '節点二', 'ノード三番目'];
  return report({ nodes, pods: [podOn('節点一', 1, 'ウェブ-🚀'), podOn('節点二', 2, '웹서버')], policy: 'Local', name: 'ウェブ' });
}

export const SAMPLES: Readonly<Record<string, () => ServiceReport>> = {
  'node-port-local': nodePortLocal,
  'load-balancer-ranges': loadBalancerRanges,
  'cluster-three-pods': clusterThreePods,
  'no-endpoints': noEndpoints,
  undetermined,
  'big-cluster': bigCluster,
  'twenty-nodes': twentyNodes,
  'named-clients': namedClients,
  'hostile-names': hostileNames,
  'wide-names': wideNames,
};
