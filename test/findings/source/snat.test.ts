import { expect, test } from 'vitest';
import { snatHidesClientIp } from '../../../src/findings/source/SIP201-snat-hides-client-ip.ts';
import { configMap, daemonSet, nodes, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';

test('Cluster policy: pods see an address of the node that was asked', () => {
  const [finding] = said(snatHidesClientIp, [service(), slice([webOn(1)])]);
  expect(finding).toMatchObject({ severity: 'info', confidence: 'derived' });
  // cni0 of the node with the pod, flannel.1 of the others
  expect(finding?.message).toBe(
    "pods of ns1/web log 10.244.1.1, 10.244.2.0, 10.244.3.0, 10.244.4.0 for outside clients, never the client's own",
  );
});

test('of many nodes, examples', () => {
  const [finding] = said(snatHidesClientIp, [...nodes(20), service(), slice([webOn(1)])]);
  expect(finding?.message).toBe(
    "pods of ns1/web log addresses of nodes (such as 10.244.2.0, 10.244.3.0) for outside clients, never the client's own",
  );
});

test('endpoints on the host network see some clients after all', () => {
  const [finding] = said(snatHidesClientIp, [service(), slice([webOn(1, { ip: '172.18.0.11' })])]);
  expect(finding?.message).toContain("and the client's own only on the host network of the node that is asked");
});

test('silent with Local policy, for a Service that nobody outside reaches, and without endpoints', () => {
  expect(said(snatHidesClientIp, [service({ spec: { externalTrafficPolicy: 'Local' } }), slice([webOn(1)])])).toEqual([]);
  expect(said(snatHidesClientIp, [service({ spec: { type: 'ClusterIP', ports: [{ port: 80 }] } }), slice([webOn(1)])])).toEqual([]);
  expect(said(snatHidesClientIp, [service(), slice([])])).toEqual([]);
});

test('silent where Cilium answers clients directly, a hint where it rewrites', () => {
  const cilium = (mode: string) => [
    daemonSet('cilium'),
    configMap('cilium-config', { 'kube-proxy-replacement': 'true', 'bpf-lb-mode': mode }),
  ];
  expect(said(snatHidesClientIp, [...cilium('dsr'), service(), slice([webOn(1)])])).toEqual([]);
  expect(said(snatHidesClientIp, [...cilium('snat'), service(), slice([webOn(1)])])).toMatchObject([{ confidence: 'hint' }]);
});
