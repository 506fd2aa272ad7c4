import { describe, expect, test } from 'vitest';
import { balancer, service, slice, webOn } from '../cluster/objects.ts';
import { ask, cluster, line, lines, seen, webPod } from './ask.ts';

const FROM_OUTSIDE = { from: ['external'], to: ['nodePort'] };

describe('externalTrafficPolicy', () => {
  test('Local drops outside clients of nodes without an endpoint, and shows the others to the pods', () => {
    const report = ask(cluster(service()), ['set:externalTrafficPolicy=Local'], FROM_OUTSIDE);
    expect(report.flows.map((flow) => `${line(flow)} (${seen(flow)})`)).toEqual([
      'changed: outside → nodePort node1: delivered → delivered (masqueraded → preserved)',
      'introduced: outside → nodePort node2: delivered → dropped (masqueraded → -)',
      'changed: outside → nodePort node3: delivered → delivered (masqueraded → preserved)',
      'introduced: outside → nodePort node4: delivered → dropped (masqueraded → -)',
    ]);
    expect(report.answer).toEqual({
      mood: 'mixed',
      text: 'After externalTrafficPolicy=Local, outside clients of 2 of 4 nodes (node2, node4) are dropped; the pods see the real client address instead of node addresses.',
    });
  });

  test('back to Cluster everything is answered, masqueraded', () => {
    const local = service({ spec: { externalTrafficPolicy: 'Local' } });
    const report = ask(cluster(local), ['set:externalTrafficPolicy=Cluster'], FROM_OUTSIDE);
    expect(report.counts).toMatchObject({ fixed: 2, changed: 2, introduced: 0 });
    expect(report.answer.mood).toBe('good');
    expect(report.answer.text).toContain('are answered, which were dropped before');
    expect(report.answer.text).toContain('node addresses instead of the real client address');
  });

  test('of a load balancer, Local needs a health-check port whose number nobody knows', () => {
    const report = ask(cluster(balancer({ spec: { externalTrafficPolicy: 'Cluster' } })), ['set:externalTrafficPolicy=Local'], {
      from: ['external'],
      to: [],
    });
    const check = report.flows.filter(({ to }) => to.kind === 'healthCheckNodePort');
    expect(check.map(({ to, change, after }) => [to.node, to.port, change, after?.branches[0]?.httpStatus])).toEqual([
      ['node1', null, 'new', 200],
      ['node2', null, 'new', 503],
      ['node3', null, 'new', 200],
      ['node4', null, 'new', 503],
    ]);
    expect(report.after.service.healthCheckNodePort).toBeNull();
    expect(report.gaps.map(({ what }) => what)).toContain('healthCheckNodePort of web');
    expect(report.loadBalancer.map(({ node, before, after }) => [node, before?.inRotation, after?.inRotation])).toEqual([
      ['node2', true, false],
      ['node4', true, false],
    ]);
    expect(JSON.stringify(report)).not.toContain('32767');
  });
});

describe('type', () => {
  const clusterIp = service({ spec: { type: 'ClusterIP', ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }] } });

  test('NodePort brings a port that is not given yet', () => {
    const report = ask(cluster(clusterIp), ['set:type=NodePort'], { from: ['external', 'pod@node2'], to: [] });
    const fresh = report.flows.filter(({ change }) => change === 'new');
    expect(new Set(fresh.map(({ to }) => `${to.kind} ${to.port}`))).toEqual(new Set(['nodePort null']));
    expect(fresh.every(({ after }) => after?.verdict === 'delivered')).toBe(true);
    expect(report.answer.text).toBe(
      'After type=NodePort, node ports (of numbers not given yet) come with it: outside clients are answered there.',
    );
    expect(JSON.stringify(report)).not.toContain('32767');
  });

  test('NodePort of a given number has it', () => {
    const report = ask(
      cluster(clusterIp),
      ['set:type=NodePort', 'set:nodePort=30123', 'set:externalTrafficPolicy=Local'],
      FROM_OUTSIDE_TO_ALL,
    );
    const fresh = report.flows.filter(({ change }) => change === 'new');
    expect(fresh.map((flow) => `${line(flow)} ${flow.to.port}`)).toEqual([
      'new: outside → nodePort node1: - → delivered 30123',
      'new: outside → nodePort node2: - → dropped 30123',
      'new: outside → nodePort node3: - → delivered 30123',
      'new: outside → nodePort node4: - → dropped 30123',
    ]);
    expect(report.gaps).toEqual([]);
  });

  test('ClusterIP takes node ports and load balancer away, and what only they had', () => {
    const report = ask(cluster(balancer({ spec: { externalTrafficPolicy: 'Local' } })), ['set:type=ClusterIP'], FROM_OUTSIDE_TO_ALL);
    expect(report.after.service).toMatchObject({
      type: 'ClusterIP',
      externalTrafficPolicy: null,
      healthCheckNodePort: null,
      loadBalancerIngress: [],
    });
    expect(new Set(report.flows.filter(({ change }) => change === 'gone').map(({ to }) => to.kind))).toEqual(
      new Set(['nodePort', 'loadBalancerIP', 'healthCheckNodePort']),
    );
    expect(report.answer).toEqual({ mood: 'mixed', text: 'After type=ClusterIP, node ports and the load-balancer address go away.' });
  });
});

const FROM_OUTSIDE_TO_ALL = { from: ['external'], to: [] };

test('internalTrafficPolicy Local rejects or drops pods on nodes without an endpoint', () => {
  const report = ask(cluster(service()), ['set:internalTrafficPolicy=Local'], { from: ['pod@node1', 'pod@node2'], to: ['clusterIP'] });
  expect(lines(report)).toEqual([
    'changed: pod@node1 → clusterIP: delivered → delivered',
    'introduced: pod@node2 → clusterIP: delivered → dropped',
  ]);
  expect(report.answer.text).toContain('pods on 1 of 2 nodes (node2) are dropped at the clusterIP');
});

describe('nodes and pods', () => {
  const local = service({ spec: { externalTrafficPolicy: 'Local' } });
  const pods = [webPod(1), webPod(3)];

  test('drain: the pods of a ReplicaSet are gone, and nobody knows where they come up', () => {
    const report = ask(cluster(local, pods), ['drain:node1'], FROM_OUTSIDE);
    expect(lines(report)).toEqual(['introduced: outside → nodePort node1: delivered → dropped']);
    expect(report.gaps.map(({ what }) => what)).toEqual(['where ns1/web-1 will run']);
  });

  test('drain: those of a DaemonSet, and static pods, stay', () => {
    expect(lines(ask(cluster(local, [webPod(1, 'DaemonSet'), webPod(3)]), ['drain:node1'], FROM_OUTSIDE))).toEqual([]);
    expect(lines(ask(cluster(local, [webPod(1, 'Node'), webPod(3)]), ['drain:node1'], FROM_OUTSIDE))).toEqual([]);
  });

  test('drain: a pod that was not read is taken for evicted, and that is said', () => {
    const report = ask(cluster(local), ['drain:node1'], FROM_OUTSIDE);
    expect(lines(report)).toHaveLength(1);
    expect(report.gaps.map(({ why }) => why).join()).toContain('the pods were not read');
  });

  test('cordon changes nothing', () => {
    const report = ask(cluster(local, pods), ['cordon:node1']);
    expect(report.counts.unchanged).toBe(report.flows.length);
    expect(report.answer.text).toBe("After cordon node1, nothing changes for this Service's traffic.");
  });

  test('delete-pod', () => {
    const report = ask(cluster(local, pods), ['delete-pod:web-3'], FROM_OUTSIDE);
    expect(lines(report)).toEqual(['introduced: outside → nodePort node3: delivered → dropped']);
  });

  test('move: the endpoint is on the other node, with an address that is not known', () => {
    const report = ask(cluster(local, pods), ['move:web-1=node2'], FROM_OUTSIDE);
    expect(lines(report)).toEqual([
      'introduced: outside → nodePort node1: delivered → dropped',
      'fixed: outside → nodePort node2: dropped → delivered',
    ]);
    const [there] = report.flows.filter(({ to }) => to.node === 'node2');
    expect(there?.after?.branches.map(({ endpoint }) => endpoint)).toEqual([
      { address: null, port: 8080, node: 'node2', pod: 'web-1', namespace: 'ns1' },
    ]);
  });

  test('move: a pod on the host network has the address of its new node', () => {
    const host = { ...webPod(1), spec: { nodeName: 'node1', hostNetwork: true } };
    const raw = cluster(local, [host, webPod(3)], slice([webOn(1, { ip: '172.18.0.11' }), webOn(3)]));
    const report = ask(raw, ['move:web-1=node2'], { from: ['external'], to: ['node/node2'] });
    expect(report.flows.map(({ after }) => after?.branches[0]?.endpoint?.address)).toEqual(['172.18.0.12']);
    expect(report.gaps).toEqual([]);
  });
});

describe('scale', () => {
  const local = service({ spec: { externalTrafficPolicy: 'Local' } });
  const pods = [webPod(1), webPod(3)];

  test('to none: everything is rejected', () => {
    const report = ask(cluster(service(), pods), ['scale:0'], FROM_OUTSIDE);
    expect(new Set(report.flows.map(({ after }) => after?.verdict))).toEqual(new Set(['rejected']));
    expect(report.answer.mood).toBe('bad');
  });

  test('down: which pod stays is open, and decides with Local only where there is one', () => {
    const report = ask(cluster(local, pods), ['scale:1'], FROM_OUTSIDE);
    expect(lines(report)).toEqual([
      'unknown: outside → nodePort node1: delivered → undetermined',
      'unknown: outside → nodePort node3: delivered → undetermined',
    ]);
    expect(report.answer.mood).toBe('unknown');
  });

  test('down with Cluster: answered, whichever stays', () => {
    const report = ask(cluster(service(), pods), ['scale:1'], FROM_OUTSIDE);
    expect(report.flows.map(({ after }) => [after?.verdict, after?.branches[0]?.endpoint])).toEqual(Array(4).fill(['delivered', null]));
    expect(report.answer.mood).toBe('good');
  });

  test('down: of a StatefulSet the highest ordinal goes', () => {
    const report = ask(cluster(local, [webPod(1, 'StatefulSet'), webPod(3, 'StatefulSet')]), ['scale:1'], FROM_OUTSIDE);
    expect(lines(report)).toEqual(['introduced: outside → nodePort node3: delivered → dropped']);
  });

  test('down: a pod that is not ready goes first', () => {
    const endpoints = slice([webOn(1), webOn(3, { conditions: { ready: false, serving: false, terminating: false } })]);
    expect(lines(ask(cluster(local, pods, endpoints), ['scale:1'], FROM_OUTSIDE))).toEqual([]);
  });

  test('up: where the new pods run is open; nodes that are cordoned get none', () => {
    const report = ask(cluster(local, pods), ['scale:3', 'cordon:node2'], FROM_OUTSIDE);
    expect(lines(report).filter((text) => text.includes('undetermined'))).toEqual([
      'unknown: outside → nodePort node4: dropped → undetermined',
    ]);
    expect(report.flows.find(({ to }) => to.node === 'node2')?.after?.verdict).toBe('dropped');
  });

  test('from none: answered with Cluster, wherever they run', () => {
    const report = ask(cluster(service(), [], slice([])), ['scale:2'], FROM_OUTSIDE);
    expect(report.flows.map(({ change, after }) => [change, after?.verdict])).toEqual(Array(4).fill(['fixed', 'delivered']));
  });
});

describe('kube-proxy', () => {
  const raw = cluster(balancer({ spec: { externalTrafficPolicy: 'Local' } }));

  test('nftables mode drops a node without an endpoint at a Local address, where 1.33.4 iptables mode does not', () => {
    const report = ask(raw, ['proxy-mode:nftables'], { from: ['node/node2'], to: ['loadBalancer'] });
    expect(lines(report)).toEqual(['introduced: node2 → loadBalancerIP: delivered → dropped']);
    expect(report.after.dataplane.map(({ mode }) => mode)).toEqual(['nftables']);
  });

  test('and no longer with 1.34', () => {
    expect(lines(ask(raw, ['proxy-mode:nftables', 'kube-version:1.34'], { from: ['node/node2'], to: ['loadBalancer'] }))).toEqual([]);
  });

  test('ipvs is not modelled: nothing is claimed', () => {
    const report = ask(raw, ['proxy-mode:ipvs'], FROM_OUTSIDE);
    expect(new Set(report.flows.map(({ change }) => change))).toEqual(new Set(['unknown']));
  });

  test('without local detection pods are masqueraded at a clusterIP', () => {
    const report = ask(cluster(service()), ['detect-local:ClusterCIDR=10.99.0.0/16'], { from: ['pod@node1'], to: ['clusterIP'] });
    expect(report.flows.map(seen)).toEqual(['preserved → masqueraded']);
  });
});
