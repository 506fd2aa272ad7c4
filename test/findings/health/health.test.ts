import { describe, expect, test } from 'vitest';
import { lbUnhealthyTargetsExpected } from '../../../src/findings/health/SIP115-lb-unhealthy-targets-expected.ts';
import { kubeProxyNodenameMismatch } from '../../../src/findings/health/SIP116-kube-proxy-nodename-mismatch.ts';
import { hcPortMissing } from '../../../src/findings/health/SIP117-hc-port-missing.ts';
import { hcPortBlocked } from '../../../src/findings/health/SIP118-hc-port-blocked.ts';
import { hcPortConflict } from '../../../src/findings/health/SIP119-hc-port-conflict.ts';
import { hcPortDrift } from '../../../src/findings/health/SIP120-hc-port-drift.ts';
import { hcOverrideDefeatsLocal } from '../../../src/findings/health/SIP121-hc-override-defeats-local.ts';
import { azureAppprotocolProbePath } from '../../../src/findings/health/SIP122-azure-appprotocol-probe-path.ts';
import { hcListensOnRestrictedAddresses } from '../../../src/findings/health/SIP123-hc-listens-on-restricted-addresses.ts';
import { newNodeBrieflyInRotation } from '../../../src/findings/health/SIP124-new-node-briefly-in-rotation.ts';
import { hostProbeOf } from '../../../src/findings/host-probe.ts';
import { createClusterScene } from '../../../src/findings/scene.ts';
import { balancer, daemonSet, evidenceOf, flannel, kubeadm, node, nodes, type Raw, service, slice, webOn } from '../../cluster/objects.ts';
import { objectsOf, READ, said } from '../scene.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const AWS = 'service.beta.kubernetes.io/aws-load-balancer-';
const NLB = [{ hostname: 'a-1.elb.eu-west-1.amazonaws.com' }];

function annotated(annotations: Readonly<Record<string, string>>, spec: Raw = LOCAL): Raw {
  return balancer({ spec, metadata: { annotations } });
}

function nlb(annotations: Readonly<Record<string, string>>): Raw {
  return balancer({ spec: LOCAL, metadata: { annotations }, ingress: NLB });
}

describe('lb-unhealthy-targets-expected', () => {
  test('some of the targets have an endpoint', () => {
    const [finding] = said(lbUnhealthyTargetsExpected, [balancer({ spec: LOCAL }), slice([webOn(1), webOn(3)])]);
    expect(finding?.message).toBe('2 of 4 load balancer targets of ns1/web are expected to be healthy: node1, node3');
    expect(finding?.remedy).toContain('http://NODE-IP:31000/healthz');
  });

  test('silent where all or none have, for Cluster policy, and for announced addresses, which have no targets', () => {
    expect(said(lbUnhealthyTargetsExpected, [node(1), balancer({ spec: LOCAL }), slice([webOn(1)])])).toEqual([]);
    expect(said(lbUnhealthyTargetsExpected, [balancer({ spec: LOCAL }), slice([])])).toEqual([]);
    expect(said(lbUnhealthyTargetsExpected, [balancer(), slice([webOn(1)])])).toEqual([]);
    expect(said(lbUnhealthyTargetsExpected, [annotated({ 'metallb.io/ip-allocated-from-pool': 'a' }), slice([webOn(1)])])).toEqual([]);
  });
});

describe('kube-proxy-nodename-mismatch', () => {
  const command = (...words: readonly string[]) =>
    daemonSet('kube-proxy', { containers: [{ name: 'kube-proxy', command: ['kube-proxy', ...words] }] });
  const strange = node(1, { labels: { 'kubernetes.io/hostname': 'ip-172-18-0-11' } });
  const around = [strange, balancer({ spec: LOCAL }), slice([webOn(1)])];

  test('no override, and a host name that is not the name of the Node: a hint', () => {
    expect(said(kubeProxyNodenameMismatch, [...around, command(), ...flannel()])).toMatchObject([
      { severity: 'warning', confidence: 'hint', objects: ['Node node1'] },
    ]);
  });

  test('silent with the override, and where both names agree', () => {
    expect(said(kubeProxyNodenameMismatch, [...around, command('--hostname-override=$(NODE_NAME)'), ...flannel()])).toEqual([]);
    expect(said(kubeProxyNodenameMismatch, [node(1), balancer({ spec: LOCAL }), slice([webOn(1)]), command(), ...flannel()])).toEqual([]);
  });
});

describe('hc-port-missing', () => {
  const without = balancer({ spec: { ...LOCAL, healthCheckNodePort: 0 } });

  test('a load balancer of Local policy without the port', () => {
    expect(said(hcPortMissing, [without, slice([webOn(1)])])).toMatchObject([{ severity: 'error' }]);
  });

  test('silent for NodePort, which never has one, with Cluster policy, and in a manifest', () => {
    expect(said(hcPortMissing, [service({ spec: LOCAL }), slice([webOn(1)])])).toEqual([]);
    expect(said(hcPortMissing, [balancer(), slice([webOn(1)])])).toEqual([]);
    expect(said(hcPortMissing, [without, slice([webOn(1)])], { unapplied: new Set(['ns1/web']) })).toEqual([]);
  });
});

describe('hc-port-conflict', () => {
  const taker = (differs: Raw): Raw => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'other', namespace: 'ns2' },
    spec: { nodeName: 'node1', containers: [{ name: 'c', ports: [{ containerPort: 31000 }] }], ...differs },
    status: { phase: 'Running' },
  });

  test('a pod on the host network listens there', () => {
    const raw = [balancer({ spec: LOCAL }), slice([webOn(1)]), taker({ hostNetwork: true })];
    expect(said(hcPortConflict, raw)).toMatchObject([{ severity: 'error', objects: ['Pod other'] }]);
  });

  test('silent for the same port inside a pod, and for another protocol', () => {
    expect(said(hcPortConflict, [balancer({ spec: LOCAL }), slice([webOn(1)]), taker({})])).toEqual([]);
    const udp = taker({ containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort: 31000, protocol: 'UDP' }] }] });
    expect(said(hcPortConflict, [balancer({ spec: LOCAL }), slice([webOn(1)]), udp])).toEqual([]);
  });
});

describe('hc-port-drift and hc-override-defeats-local', () => {
  test('a pinned port of before', () => {
    expect(said(hcPortDrift, [nlb({ [`${AWS}healthcheck-port`]: '31999' }), slice([webOn(1)])])).toMatchObject([
      { severity: 'warning', confidence: 'observed' },
    ]);
    expect(said(hcPortDrift, [nlb({ [`${AWS}healthcheck-port`]: '31000' }), slice([webOn(1)])])).toEqual([]);
    expect(said(hcPortDrift, [nlb({ [`${AWS}healthcheck-port`]: 'traffic-port' }), slice([webOn(1)])])).toEqual([]);
  });

  test('a check that succeeds on every node', () => {
    const of = (annotations: Readonly<Record<string, string>>) =>
      said(hcOverrideDefeatsLocal, [nlb(annotations), slice([webOn(1)])]).map(({ severity }) => severity);
    expect(of({ [`${AWS}healthcheck-protocol`]: 'TCP' })).toEqual(['error']);
    expect(of({ [`${AWS}healthcheck-port`]: '10256' })).toEqual(['error']);
    // A connection to the node port itself fails where there is no endpoint.
    expect(of({ [`${AWS}healthcheck-protocol`]: 'tcp', [`${AWS}healthcheck-port`]: 'traffic-port' })).toEqual(['info']);
    expect(of({ [`${AWS}healthcheck-port`]: '31000' })).toEqual([]);
    expect(of({})).toEqual([]);
  });

  test('an annotation of a provider that is not there is a hint; Hetzner checks the node port by default', () => {
    const raw = [annotated({ [`${AWS}healthcheck-protocol`]: 'tcp' }), slice([webOn(1)])];
    expect(said(hcOverrideDefeatsLocal, raw)).toMatchObject([{ severity: 'warning', confidence: 'hint' }]);
    expect(said(hcOverrideDefeatsLocal, [...nodes(2, { providerID: 'hcloud://1' }), balancer({ spec: LOCAL }), slice([webOn(1)])])).toEqual(
      [],
    );
  });

  test('OpenStack has no monitor by default', () => {
    const on = (annotations: Readonly<Record<string, string>>) =>
      said(hcOverrideDefeatsLocal, [...nodes(2, { providerID: 'openstack:///1' }), annotated(annotations), slice([webOn(1)])]);
    expect(on({})).toMatchObject([{ severity: 'warning' }]);
    expect(on({ 'loadbalancer.openstack.org/enable-health-monitor': 'true' })).toEqual([]);
  });
});

describe('azure-appprotocol-probe-path', () => {
  const azure = nodes(2, { providerID: 'azure:///subscriptions/1' });
  const ports = [{ name: 'http', port: 80, nodePort: 30080, appProtocol: 'http' }];
  const of = (spec: Raw, annotations: Readonly<Record<string, string>> = {}, labels: Readonly<Record<string, string>> = {}) =>
    said(azureAppprotocolProbePath, [
      ...azure,
      balancer({ spec: { ports, ...spec }, metadata: { annotations, labels } }),
      slice([webOn(1)]),
    ]);

  test('appProtocol makes the probe ask for "/"', () => {
    expect(of({})).toMatchObject([{ severity: 'warning' }]);
    expect(of({}, {}, { 'app.kubernetes.io/name': 'ingress-nginx' })).toMatchObject([{ severity: 'error' }]);
  });

  test('silent with Local policy, a path, another protocol of the probe, and elsewhere', () => {
    const key = 'service.beta.kubernetes.io/azure-load-balancer-health-probe-';
    expect(of(LOCAL)).toEqual([]);
    expect(of({}, { [`${key}request-path`]: '/healthz' })).toEqual([]);
    expect(of({}, { 'service.beta.kubernetes.io/port_80_health-probe_request-path': '/ok' })).toEqual([]);
    expect(of({}, { [`${key}protocol`]: 'tcp' })).toEqual([]);
    expect(said(azureAppprotocolProbePath, [balancer({ spec: { ports } }), slice([webOn(1)])])).toEqual([]);
  });
});

test('hc-listens-on-restricted-addresses: the node is outside nodePortAddresses', () => {
  const plane = (networks: string) => [
    ...kubeadm(`mode: iptables\nclusterCIDR: 10.244.0.0/16\nnodePortAddresses: ["${networks}"]\n`),
    ...flannel(),
  ];
  const of = (networks: string) =>
    said(hcListensOnRestrictedAddresses, [...plane(networks), node(1), balancer({ spec: LOCAL }), slice([webOn(1)])]);
  expect(of('192.168.7.0/24')).toMatchObject([{ severity: 'warning', objects: ['Node node1'] }]);
  expect(of('172.18.0.0/16')).toEqual([]);
});

test('new-node-briefly-in-rotation: an NLB, Local policy, and nodes that come by themselves', () => {
  const of = (label: string, annotations = {}) =>
    said(newNodeBrieflyInRotation, [node(1, { labels: { [label]: 'x' } }), nlb(annotations), slice([webOn(1)])]);
  expect(of('karpenter.sh/nodepool')).toMatchObject([{ severity: 'info', confidence: 'hint' }]);
  expect(of('other')).toEqual([]);
  expect(of('karpenter.sh/nodepool', { [`${AWS}target-node-labels`]: 'role=ingress' })).toEqual([]);
});

describe('hc-port-blocked', () => {
  const raw = (providerID: string) => [node(1, { providerID }), balancer({ spec: LOCAL }), slice([webOn(1)])];
  const dump = (rules: readonly string[]) =>
    [
      '*filter',
      ':INPUT ACCEPT [0:0]',
      ':FORWARD ACCEPT [0:0]',
      ':OUTPUT ACCEPT [0:0]',
      ...rules,
      'COMMIT',
      '*nat',
      ':PREROUTING ACCEPT [0:0]',
      ':KUBE-SERVICES - [0:0]',
      '-A PREROUTING -j KUBE-SERVICES',
      'COMMIT',
      '',
    ].join('\n');
  function of(providerID: string, rules: readonly string[]) {
    const evidence = {
      ...evidenceOf(objectsOf(raw(providerID)), READ),
      nodeFiles: [{ node: 'node1', format: 'iptables-save', path: 'node1', text: dump(rules) }],
    } as const;
    return said(hcPortBlocked, raw(providerID), { probeHost: hostProbeOf({ ...createClusterScene(evidence), evidence }) });
  }
  const CLOSED = '-A INPUT -p tcp -m tcp --dport 31000 -j DROP';

  test('a rule drops the check: seen, and with the line', () => {
    const [finding] = of('azure:///1', [CLOSED]);
    expect(finding).toMatchObject({ severity: 'error', confidence: 'observed', objects: ['Node node1'] });
    expect(finding?.why).toBe(`a packet from 168.63.129.16 to that port ends in INPUT: ${CLOSED}`);
  });

  test('where nobody knows whence checks come, a warning', () => {
    expect(of('other://1', [CLOSED])).toMatchObject([{ severity: 'warning' }]);
  });

  test('silent where the probe is let in first, and where nothing drops', () => {
    expect(of('azure:///1', ['-A INPUT -s 168.63.129.16/32 -j ACCEPT', CLOSED])).toEqual([]);
    expect(of('azure:///1', [])).toEqual([]);
  });
});
