import { describe, expect, test } from 'vitest';
import { ipFamilyMismatch } from '../../../src/findings/ports/SIP146-ip-family-mismatch.ts';
import { udpStaleConntrack } from '../../../src/findings/ports/SIP147-udp-stale-conntrack.ts';
import { udpHealthCheck } from '../../../src/findings/ports/SIP148-udp-health-check.ts';
import { sctpLimits } from '../../../src/findings/ports/SIP149-sctp-limits.ts';
import { mixedProtocolLb } from '../../../src/findings/ports/SIP150-mixed-protocol-lb.ts';
import { balancer, flannel, kubeadm, nodes, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const AZURE = { providerID: 'azure:///subscriptions/1' };
const port = (protocol: string, more: Record<string, unknown> = {}) => ({ port: 53, targetPort: 8080, nodePort: 30053, protocol, ...more });
const of = (protocol: string) => ({ top: { ports: [{ name: '', port: 8080, protocol }] } });

describe('ip-family-mismatch', () => {
  const DUAL = { clusterIPs: ['10.96.0.10', 'fd00:10:96::a'], ipFamilies: ['IPv4', 'IPv6'] };
  const v6 = slice([{ ip: 'fd00:10:244:1::a', node: 'node1', pod: 'web-1' }], { metadata: { name: 'web-v6' } });

  test('an address of a family that the Service does not serve', () => {
    const ingress = [{ ip: '203.0.113.80' }, { ip: '2001:db8::80' }];
    const [finding] = said(ipFamilyMismatch, [balancer({ ingress }), slice([webOn(1)])]);
    expect(finding).toMatchObject({ severity: 'error' });
    expect(finding?.message).toBe('nothing answers at 2001:db8::80 of ns1/web: the Service does not serve IPv6');
    expect(finding?.remedy).toContain('"ipFamilyPolicy":"PreferDualStack"');
  });

  test('a family that it serves and no endpoint has', () => {
    const [finding] = said(ipFamilyMismatch, [service({ spec: DUAL }), slice([webOn(1)])]);
    expect(finding?.message).toContain('ns1/web serves IPv6, and none of its endpoints has an IPv6 address');
    expect(finding?.remedy).toContain('"ipFamilies":["IPv4"]');
  });

  test('silent: both families have endpoints; one is only not ready; no endpoint at all; a single family', () => {
    expect(said(ipFamilyMismatch, [service({ spec: DUAL }), slice([webOn(1)]), v6])).toEqual([]);
    const unready = slice([{ ip: 'fd00:10:244:1::a', node: 'node1', conditions: { ready: false } }], { metadata: { name: 'web-v6' } });
    expect(said(ipFamilyMismatch, [service({ spec: DUAL }), slice([webOn(1)]), unready])).toEqual([]);
    expect(said(ipFamilyMismatch, [service({ spec: DUAL }), slice([])])).toEqual([]);
    expect(said(ipFamilyMismatch, [balancer(), slice([webOn(1)])])).toEqual([]);
  });
});

describe('udp-stale-conntrack', () => {
  const udp = { ...LOCAL, ports: [port('UDP')] };
  const old = [...kubeadm('mode: iptables\nclusterCIDR: 10.244.0.0/16\n', 'registry.k8s.io/kube-proxy:v1.31.9'), ...flannel()];

  test('one endpoint per node, and a kube-proxy that looks at whole Services only', () => {
    const [finding] = said(udpStaleConntrack, [...old, service({ spec: udp }), slice([webOn(1)], of('UDP'))]);
    expect(finding).toMatchObject({ severity: 'warning', objects: ['Node node1'] });
    expect(finding?.remedy).toContain('conntrack -D -p udp --dport 30053');
  });

  test('from 1.32 on it is worth knowing only', () => {
    expect(said(udpStaleConntrack, [service({ spec: udp }), slice([webOn(1)], of('UDP'))])).toMatchObject([{ severity: 'info' }]);
  });

  test('silent: TCP, policy Cluster, two endpoints on the node', () => {
    expect(said(udpStaleConntrack, [...old, service({ spec: LOCAL }), slice([webOn(1)])])).toEqual([]);
    expect(said(udpStaleConntrack, [...old, service({ spec: { ports: [port('UDP')] } }), slice([webOn(1)], of('UDP'))])).toEqual([]);
    const two = slice([webOn(1), webOn(1, { ip: '10.244.1.11' })], of('UDP'));
    expect(said(udpStaleConntrack, [...old, service({ spec: udp }), two])).toEqual([]);
  });
});

describe('udp-health-check', () => {
  test('Azure makes no probe where there is no TCP port', () => {
    const [finding] = said(udpHealthCheck, [...nodes(1, AZURE), balancer({ spec: { ports: [port('UDP')] } })]);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'hint' });
    expect(finding?.remedy).toContain('"externalTrafficPolicy":"Local"');
  });

  test('silent: a TCP port beside it, policy Local, an unknown provider, a check by annotation', () => {
    const udp = { ports: [port('UDP')] };
    const both = { ports: [port('UDP', { name: 'u' }), port('TCP', { name: 't', nodePort: 30054 })] };
    expect(said(udpHealthCheck, [...nodes(1, AZURE), balancer({ spec: both })])).toEqual([]);
    expect(said(udpHealthCheck, [...nodes(1, AZURE), balancer({ spec: { ...udp, ...LOCAL } })])).toEqual([]);
    expect(said(udpHealthCheck, [balancer({ spec: udp })])).toEqual([]);
    const told = { annotations: { 'service.beta.kubernetes.io/port_53_health-probe_port': '8080' } };
    expect(said(udpHealthCheck, [...nodes(1, AZURE), balancer({ spec: udp, metadata: told })])).toEqual([]);
  });
});

describe('sctp-limits', () => {
  test('a cloud load balancer does not carry it; a node port does, with one path', () => {
    const sctp = { ports: [port('SCTP')] };
    expect(said(sctpLimits, [...nodes(1, AZURE), balancer({ spec: sctp })])).toMatchObject([
      { severity: 'warning', message: 'the load balancer of ns1/web carries no SCTP: nothing arrives on port 53 from azure' },
    ]);
    expect(said(sctpLimits, [service({ spec: sctp })])).toMatchObject([{ severity: 'info' }]);
  });

  test('an internal load balancer of Azure carries it', () => {
    const internal = { annotations: { 'service.beta.kubernetes.io/azure-load-balancer-internal': 'true' } };
    expect(said(sctpLimits, [...nodes(1, AZURE), balancer({ spec: { ports: [port('SCTP')] }, metadata: internal })])).toMatchObject([
      { severity: 'info' },
    ]);
  });

  test('silent without SCTP, and inside the cluster', () => {
    expect(said(sctpLimits, [service()])).toEqual([]);
    expect(said(sctpLimits, [service({ spec: { type: 'ClusterIP', ports: [{ port: 53, protocol: 'SCTP' }] } })])).toEqual([]);
  });
});

describe('mixed-protocol-lb', () => {
  const both = { ports: [port('UDP', { name: 'u' }), port('TCP', { name: 't', nodePort: 30054 })] };

  test('worth knowing; without an address it may be the reason', () => {
    expect(said(mixedProtocolLb, [balancer({ spec: both })])).toMatchObject([
      { severity: 'info', message: 'ns1/web asks one load balancer for TCP and UDP' },
    ]);
    expect(said(mixedProtocolLb, [balancer({ spec: both, ingress: [] })])).toMatchObject([{ severity: 'warning' }]);
  });

  test('silent: one protocol, a node port Service, MetalLB', () => {
    expect(said(mixedProtocolLb, [balancer()])).toEqual([]);
    expect(said(mixedProtocolLb, [service({ spec: both })])).toEqual([]);
    const metallb = { annotations: { 'metallb.io/address-pool': 'a' } };
    expect(said(mixedProtocolLb, [balancer({ spec: both, metadata: metallb })])).toEqual([]);
  });
});
