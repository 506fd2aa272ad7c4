import { describe, expect, test } from 'vitest';
import { dataplaneNotModelled } from '../../../src/findings/gap/SIP901-dataplane-not-modelled.ts';
import { selfTestMisleads } from '../../../src/findings/gap/SIP902-self-test-misleads.ts';
import { notExternallyReachable } from '../../../src/findings/gap/SIP903-not-externally-reachable.ts';
import { externalNameService } from '../../../src/findings/gap/SIP904-externalname-service.ts';
import { headlessService } from '../../../src/findings/gap/SIP905-headless-service.ts';
import { lbBypassesNodeports } from '../../../src/findings/gap/SIP906-lb-bypasses-nodeports.ts';
import { balancer, configMap, daemonSet, flannel, kubeadm, node, nodes, type Raw, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const INNER = { type: 'ClusterIP', ports: [{ port: 80, targetPort: 8080 }] };

describe('dataplane-not-modelled', () => {
  test('Cilium, and a Windows node beside kube-proxy', () => {
    const cilium = [daemonSet('cilium'), configMap('cilium-config', { 'kube-proxy-replacement': 'true' })];
    expect(said(dataplaneNotModelled, [...nodes(2), ...cilium])).toMatchObject([
      { severity: 'info', message: 'no verdict on any node: Cilium replaces kube-proxy with eBPF programs' },
    ]);
    const [finding] = said(dataplaneNotModelled, [node(1), node(2, { os: 'windows' })]);
    expect(finding?.message).toContain('no verdict on 1 node of 2 (node2): Windows nodes use kube-proxy kernelspace mode');
  });

  test('silent for kube-proxy in iptables mode', () => {
    expect(said(dataplaneNotModelled, [])).toEqual([]);
  });
});

describe('self-test-misleads', () => {
  test('the node itself gets through where outside clients are dropped', () => {
    const [finding] = said(selfTestMisleads, [service({ spec: LOCAL }), slice([webOn(1)])]);
    expect(finding).toMatchObject({ severity: 'info', objects: ['Node node2'] });
    expect(finding?.message).toBe('curl from node2 to its own node port of ns1/web succeeds, while outside clients of that node time out');
    expect(finding?.remedy).toContain('172.18.0.12:30080');
  });

  test('silent: policy Cluster, an endpoint on every node', () => {
    expect(said(selfTestMisleads, [service(), slice([webOn(1)])])).toEqual([]);
    expect(said(selfTestMisleads, [node(1), service({ spec: LOCAL }), slice([webOn(1)])])).toEqual([]);
  });
});

describe('not-externally-reachable', () => {
  test('a ClusterIP Service that speaks of outside clients', () => {
    const annotations = { 'service.beta.kubernetes.io/aws-load-balancer-type': 'nlb' };
    const [finding] = said(notExternallyReachable, [service({ spec: INNER, metadata: { annotations } })]);
    expect(finding).toMatchObject({ severity: 'info' });
    expect(finding?.why).toContain('annotation service.beta.kubernetes.io/aws-load-balancer-type has no effect');
  });

  test('silent: inward on purpose, an externalIP, a node port', () => {
    expect(said(notExternallyReachable, [service({ spec: INNER })])).toEqual([]);
    const annotations = { 'metallb.io/address-pool': 'a' };
    expect(
      said(notExternallyReachable, [service({ spec: { ...INNER, externalIPs: ['172.18.0.11'] }, metadata: { annotations } })]),
    ).toEqual([]);
    expect(said(notExternallyReachable, [service({ metadata: { annotations } })])).toEqual([]);
  });
});

test('externalname-service: an alias; its targetPort does nothing', () => {
  const alias = {
    type: 'ExternalName',
    externalName: 'db.example.com',
    clusterIP: '',
    clusterIPs: [],
    ports: [{ port: 80, targetPort: 8080 }],
  };
  const [finding] = said(externalNameService, [service({ spec: alias })]);
  expect(finding?.message).toBe('ns1/web is only a DNS name for "db.example.com": no service proxy handles its traffic');
  expect(finding?.why).toContain('its targetPort is not applied');
  expect(said(externalNameService, [service()])).toEqual([]);
});

describe('headless-service', () => {
  const headless = (spec: Raw) =>
    said(headlessService, [service({ spec: { ...INNER, clusterIP: 'None', clusterIPs: ['None'], ...spec } })]);

  test('fields that only a proxy would act on', () => {
    const [finding] = headless({ internalTrafficPolicy: 'Local', sessionAffinity: 'ClientIP' });
    expect(finding?.message).toContain('internalTrafficPolicy Local, sessionAffinity ClientIP');
    expect(finding?.message).toContain('have no effect: the Service is headless');
  });

  test('silent for an ordinary headless Service, and one with a clusterIP', () => {
    expect(headless({ ports: [{ port: 80 }] })).toEqual([]);
    expect(said(headlessService, [service({ spec: { internalTrafficPolicy: 'Local' } })])).toEqual([]);
  });
});

describe('lb-bypasses-nodeports', () => {
  const ingress = (annotations: Raw): Raw => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'front', namespace: 'ns1', annotations },
    spec: {
      rules: [{ host: 'a.example.com', http: { paths: [{ path: '/', backend: { service: { name: 'web', port: { number: 80 } } } }] } }],
    },
  });

  test('AWS with pods as targets, and an Ingress of the ALB in ip mode', () => {
    const annotations = { 'service.beta.kubernetes.io/aws-load-balancer-type': 'nlb-ip' };
    const hostname = [{ hostname: 'a.elb.eu-west-1.amazonaws.com' }];
    expect(said(lbBypassesNodeports, [balancer({ metadata: { annotations }, ingress: hostname })])).toMatchObject([{ severity: 'info' }]);
    const [finding] = said(lbBypassesNodeports, [service(), ingress({ 'alb.ingress.kubernetes.io/target-type': 'ip' })]);
    expect(finding?.why).toContain('Ingress ns1/front has its load balancer send to pods');
  });

  test("silent: instance targets, GKE's default annotation without an Ingress of its own, an Ingress that goes through node ports", () => {
    const hostname = [{ hostname: 'a.elb.eu-west-1.amazonaws.com' }];
    const annotations = { 'service.beta.kubernetes.io/aws-load-balancer-nlb-target-type': 'instance' };
    expect(said(lbBypassesNodeports, [balancer({ metadata: { annotations }, ingress: hostname })])).toEqual([]);
    const neg = { annotations: { 'cloud.google.com/neg': '{"ingress":true}' } };
    expect(said(lbBypassesNodeports, [service({ metadata: neg })])).toEqual([]);
    expect(said(lbBypassesNodeports, [balancer({ metadata: neg })])).toEqual([]);
    expect(said(lbBypassesNodeports, [service(), ingress({})])).toEqual([]);
    expect(said(lbBypassesNodeports, [service({ metadata: neg }), ingress({})])).toHaveLength(1);
  });
});

test('self-test-misleads is silent where the data plane is not modelled', () => {
  const ipvs = [...kubeadm('mode: ipvs\nclusterCIDR: 10.244.0.0/16\n'), ...flannel()];
  expect(said(selfTestMisleads, [...ipvs, service({ spec: LOCAL }), slice([webOn(1)])])).toEqual([]);
});
