import { expect, test } from 'vitest';
import { check } from '../../../src/findings/check.ts';
import { createClusterScene } from '../../../src/findings/scene.ts';
import { balancer, evidenceOf, flannel, kubeadm, nodes, type Raw, slice, webOn } from '../../cluster/objects.ts';
import { objectsOf, READ } from '../scene.ts';
import { certManager, challenge, ingress, ingressNginx } from './objects.ts';

const HETZNER = nodes(4, { providerID: 'hcloud://1' });
const PROXY = { 'load-balancer.hetzner.cloud/uses-proxyprotocol': 'true' };

function found(...raw: readonly Raw[]) {
  const scene = createClusterScene(evidenceOf(objectsOf(raw), READ));
  return check(scene, { services: scene.cluster.services }).findings;
}

const STUCK = [ingress('app.example.com'), certManager(3), challenge('app.example.com')];

test('the self check of cert-manager hangs: one finding with the cause, and the Challenge under it', () => {
  const web = [balancer({ metadata: { annotations: PROXY } }), slice([webOn(1)])];
  const findings = found(...HETZNER, ...kubeadm(), ...flannel(), ...web, ...ingressNginx(1, { 'use-proxy-protocol': 'true' }), ...STUCK);
  const cause = findings.find(({ id }) => id === 'hairpin-proxy-protocol-bypass');
  expect(cause).toMatchObject({ severity: 'error', message: expect.stringContaining('cert-manager') });
  expect(cause?.folded.map(({ id }) => id)).toContain('cert-manager-selfcheck-stuck');
  expect(findings.map(({ id }) => id)).not.toContain('cert-manager-selfcheck-stuck');
});

test('the same for kube-proxy without clusterCIDR and Local policy', () => {
  const web = [balancer({ spec: { externalTrafficPolicy: 'Local' } }), slice([webOn(1)])];
  const findings = found(...kubeadm('mode: iptables\n'), ...flannel(), ...web, ...STUCK);
  const all = findings.flatMap((finding) => [finding, ...finding.folded]);
  expect(all.map(({ id }) => id)).toContain('hairpin-local-dropped');
  expect(findings.map(({ id }) => id)).not.toContain('cert-manager-selfcheck-stuck');
});

test('nothing in the objects explains it: the Challenge stands by itself', () => {
  const findings = found(balancer(), slice([webOn(1)]), ...STUCK);
  expect(findings.find(({ id }) => id === 'cert-manager-selfcheck-stuck')).toMatchObject({ severity: 'warning', confidence: 'observed' });
});

test('a proxying load balancer is the cause: that nodes masquerade as well goes without saying', () => {
  const ids = found(...HETZNER, balancer(), slice([webOn(1)])).map(({ id }) => id);
  expect(ids).toContain('lb-is-a-proxy');
  expect(ids).not.toContain('snat-hides-client-ip');
});

test('a sound cluster has no finding of these kinds', () => {
  const ids = found(
    balancer({ spec: { externalTrafficPolicy: 'Local' } }),
    slice([1, 2, 3, 4].map((n) => webOn(n))),
    ingress('app.example.com'),
  );
  expect(ids.map((finding) => finding.code).filter((code) => /^SIP(12[5-9]|13[0-4]|167|2\d\d)$/.test(code))).toEqual([]);
});
