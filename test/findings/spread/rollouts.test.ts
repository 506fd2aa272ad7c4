import { describe, expect, test } from 'vitest';
import { rolloutGapLocal } from '../../../src/findings/spread/SIP135-rollout-gap-local.ts';
import { daemonSetUpdateGap } from '../../../src/findings/spread/SIP136-daemonset-update-gap.ts';
import { nodeRemovalGap } from '../../../src/findings/spread/SIP137-node-removal-gap.ts';
import { balancer, flannel, kubeadm, node, nodes, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';
import { type WorkloadOptions, webPod, workload } from '../workloads.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const AZURE = { providerID: 'azure:///subscriptions/1' };
const PLANE = [...kubeadm(), ...flannel()];

/** A Local load balancer on Azure (5 s × 2) with one pod on each of two nodes. */
function update(options: WorkloadOptions = {}, more: Parameters<typeof balancer>[0] = {}) {
  const raw = [...nodes(3, AZURE), balancer({ ...more, spec: { ...LOCAL, ...more.spec } }), slice([webOn(1), webOn(2)])];
  return said(rolloutGapLocal, [...raw, workload(options), webPod(1), webPod(2)]);
}

describe('rollout-gap-local', () => {
  test('no preStop: the load balancer notices after the pod is gone', () => {
    const [finding] = update();
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Deployment web', 'Node node1', 'Node node2'] });
    expect(finding?.message).toBe('an update of deployment/web may drop outside traffic to ns1/web for about 12 seconds on node1, node2');
    expect(finding?.why).toContain('5 s × 2 (default of azure)');
    expect(finding?.remedy).toContain(`kubectl patch deployment web -n ns1 -p '{"spec":{"template":`);
    expect(finding?.remedy).toContain('"preStop":{"sleep":{"seconds":15}}');
  });

  test('a strategy that removes first makes it certain', () => {
    expect(update({ strategy: { type: 'Recreate' } })).toMatchObject([{ severity: 'error' }]);
    expect(update({ strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } })).toMatchObject([
      { severity: 'error' },
    ]);
  });

  test('a preStop that is long enough covers it; the grace period caps it; one of unknown length lasts as long as it may', () => {
    expect(update({ preStop: { sleep: { seconds: 20 } } })).toEqual([]);
    expect(update({ preStop: { exec: { command: ['sh', '-c', 'sleep 20'] } } })).toEqual([]);
    expect(update({ preStop: { exec: { command: ['/wait-shutdown'] } } })).toEqual([]);
    expect(update({ preStop: { sleep: { seconds: 20 } }, grace: 5 })[0]?.message).toContain('about 7 seconds');
  });

  test("the health check's own times count", () => {
    const slow = { 'service.beta.kubernetes.io/azure-load-balancer-health-probe-interval': '30' };
    expect(update({ preStop: { sleep: { seconds: 20 } } }, { metadata: { annotations: slow } })[0]?.message).toContain('about 42 seconds');
  });

  test.for([
    // provider's nodes, annotations, class, seconds of the check and two more
    ['azure:///subscriptions/1', {}, null, 12],
    ['gce://project/zone/node', {}, null, 26],
    ['gce://project/zone/node', { 'cloud.google.com/l4-rbs': 'enabled' }, null, 8],
    ['gce://project/zone/node', {}, 'networking.gke.io/l4-regional-internal', 8],
    ['digitalocean://1', {}, null, 11],
    [
      'hcloud://1',
      { 'load-balancer.hetzner.cloud/health-check-interval': '10s', 'load-balancer.hetzner.cloud/health-check-retries': '2' },
      null,
      22,
    ],
    ['scaleway://instance/fr-par-1/1', {}, null, 27],
    ['scaleway://instance/fr-par-1/1', { 'service.beta.kubernetes.io/scw-loadbalancer-health-check-delay': '1m' }, null, 302],
    ['linode://1', {}, null, 12],
    ['linode://1', { 'service.beta.kubernetes.io/linode-loadbalancer-check-attempts': '4' }, null, 22],
    ['openstack:///1', { 'loadbalancer.openstack.org/enable-health-monitor': 'true' }, null, 17],
    [
      'openstack:///1',
      {
        'loadbalancer.openstack.org/enable-health-monitor': 'true',
        'loadbalancer.openstack.org/health-monitor-delay': '20',
        'loadbalancer.openstack.org/health-monitor-max-retries-down': '2',
      },
      null,
      42,
    ],
  ] as const)('%s with %j, class %s: about %i seconds', ([providerID, annotations, loadBalancerClass, seconds]) => {
    const spec = { ...LOCAL, ...(loadBalancerClass === null ? {} : { loadBalancerClass }) };
    const raw = [...nodes(2, { providerID }), balancer({ spec, metadata: { annotations } }), slice([webOn(1), webOn(2)])];
    const [finding] = said(rolloutGapLocal, [...raw, workload({ grace: 0 }), webPod(1), webPod(2)]);
    expect(finding?.message).toContain(`about ${seconds} seconds`);
  });

  test('kube-proxy before 1.26 does not use what terminates, whatever preStop says', () => {
    const old = kubeadm('mode: iptables\nclusterCIDR: 10.244.0.0/16\n', 'registry.k8s.io/kube-proxy:v1.25.9');
    const raw = [...nodes(2, AZURE), ...old, ...flannel(), balancer({ spec: LOCAL }), slice([webOn(1), webOn(2)])];
    const [finding] = said(rolloutGapLocal, [...raw, workload({ preStop: { sleep: { seconds: 20 } } }), webPod(1), webPod(2)]);
    expect(finding?.why).toContain('kube-proxy before 1.26 does not use a pod that terminates');
  });

  test('silent: two pods per node, policy Cluster, a load balancer whose check is unknown, pods that nothing known replaces', () => {
    const twice = [webOn(1), webOn(1, { ip: '10.244.1.11', pod: 'web-9' })];
    expect(said(rolloutGapLocal, [...nodes(2, AZURE), balancer({ spec: LOCAL }), slice(twice), workload(), webPod(1)])).toEqual([]);
    expect(said(rolloutGapLocal, [...nodes(2, AZURE), balancer(), slice([webOn(1)]), workload(), webPod(1)])).toEqual([]);
    expect(said(rolloutGapLocal, [...nodes(2), balancer({ spec: LOCAL }), slice([webOn(1)]), workload(), webPod(1)])).toEqual([]);
    const bare = webPod(1, { kind: 'Rollout', name: 'web' });
    expect(said(rolloutGapLocal, [...nodes(2, AZURE), balancer({ spec: LOCAL }), slice([webOn(1)]), workload(), bare])).toEqual([]);
  });
});

describe('daemonset-update-gap', () => {
  const owner = { kind: 'DaemonSet', name: 'web' };
  const of = (options: WorkloadOptions, spec: Record<string, unknown> = LOCAL) =>
    said(daemonSetUpdateGap, [
      ...PLANE,
      service({ spec }),
      slice([webOn(1), webOn(2)]),
      workload({ kind: 'DaemonSet', ...options }),
      webPod(1, owner),
      webPod(2, owner),
    ]);

  test('the default update empties each node in turn', () => {
    const [finding] = of({});
    expect(finding).toMatchObject({ severity: 'warning', objects: ['DaemonSet web', 'Node node1', 'Node node2'] });
    expect(finding?.message).toBe(
      'each update of daemonset/web leaves 2 nodes without an endpoint of ns1/web for a while, one after the other',
    );
    expect(finding?.remedy).toContain('"maxSurge":1');
    expect(of({ strategy: { type: 'OnDelete' } })[0]?.why).toContain('OnDelete');
    expect(of({}, { internalTrafficPolicy: 'Local' })[0]?.why).toContain('internalTrafficPolicy is Local');
  });

  test('pods that hold ports of the node cannot run side by side', () => {
    expect(of({ pod: { hostNetwork: true } })[0]?.remedy).toContain('take each node out of the load balancer');
  });

  test('silent: maxSurge, policy Cluster, a second pod beside it', () => {
    expect(of({ strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } })).toEqual([]);
    expect(of({}, {})).toEqual([]);
    const twice = [webOn(1), webOn(1, { ip: '10.244.1.11', pod: 'web-9' })];
    expect(
      said(daemonSetUpdateGap, [...PLANE, service({ spec: LOCAL }), slice(twice), workload({ kind: 'DaemonSet' }), webPod(1, owner)]),
    ).toEqual([]);
  });
});

describe('node-removal-gap', () => {
  const KARPENTER = { 'karpenter.sh/nodepool': 'default' };

  test('Cluster policy behind a check of the node port, and an autoscaler', () => {
    const raw = [node(1, { ...AZURE, labels: KARPENTER }), node(2, AZURE), balancer(), slice([webOn(1)])];
    const [finding] = said(nodeRemovalGap, raw);
    expect(finding).toMatchObject({ severity: 'info', confidence: 'hint' });
    expect(finding?.message).toContain('when Karpenter removes a node');
  });

  test('silent: no autoscaler, policy Local, a check that asks kube-proxy', () => {
    expect(said(nodeRemovalGap, [node(1, AZURE), balancer(), slice([webOn(1)])])).toEqual([]);
    expect(said(nodeRemovalGap, [node(1, { ...AZURE, labels: KARPENTER }), balancer({ spec: LOCAL }), slice([webOn(1)])])).toEqual([]);
    expect(said(nodeRemovalGap, [node(1, { providerID: 'gce://p/z/n', labels: KARPENTER }), balancer(), slice([webOn(1)])])).toEqual([]);
  });
});
