import { describe, expect, test } from 'vitest';
import { hairpinLocalDropped } from '../../../src/findings/hairpin/SIP125-hairpin-local-dropped.ts';
import { balancer, configMap, daemonSet, flannel, kubeadm, type Raw, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';
import { certManager, challenge, ingress, podOf } from './objects.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const proxy = (config: string, version = 'v1.33.4') => [...kubeadm(config, `registry.k8s.io/kube-proxy:${version}`), ...flannel()];
const WITHOUT_CIDR = proxy('mode: iptables\n');
const WITH_CIDR = proxy('mode: iptables\nclusterCIDR: 10.244.0.0/16\n');
const NFTABLES = 'mode: nftables\nclusterCIDR: 10.244.0.0/16\n';
const WEB = [balancer({ spec: LOCAL }), slice([webOn(1), webOn(3)])];

describe('hairpin-local-dropped: what the data plane does', () => {
  test('kube-proxy without clusterCIDR takes pods for outside clients: those on nodes without an endpoint hang', () => {
    const [finding] = said(hairpinLocalDropped, [...WITHOUT_CIDR, ...WEB]);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'derived', objects: ['Node node2', 'Node node4'] });
    expect(finding?.message).toBe('pods on 2 of 4 nodes (node2, node4) get no answer from 203.0.113.80 of ns1/web');
    expect(finding?.why).toContain('kube-proxy has no clusterCIDR');
    expect(finding?.remedy).toContain('web.ns1.svc');
  });

  test('an externalIP is no better', () => {
    const raw = [...WITHOUT_CIDR, service({ spec: { ...LOCAL, externalIPs: ['198.51.100.9'] } }), slice([webOn(1)])];
    expect(said(hairpinLocalDropped, raw)[0]?.message).toContain('pods on 3 of 4 nodes');
  });

  test('every pod hangs: an error', () => {
    const raw = [...WITHOUT_CIDR, balancer({ spec: LOCAL }), slice([{ ip: '10.244.9.9', pod: 'lost' }])];
    expect(said(hairpinLocalDropped, raw)[0]).toMatchObject({ severity: 'error', message: expect.stringContaining('pods on every node') });
  });

  test('nftables mode before 1.33.6: processes of the node hang, pods do not', () => {
    const [finding] = said(hairpinLocalDropped, [...proxy(NFTABLES, 'v1.33.5'), ...WEB]);
    expect(finding?.message).toContain('processes and hostNetwork pods on 2 of 4 nodes (node2, node4)');
    expect(finding?.message).not.toMatch(/^pods on/);
    expect(finding?.why).toContain('#131765');
    expect(finding?.remedy).toContain('1.33.6');
  });

  test('ipvs mode: a hint about the node itself', () => {
    const [finding] = said(hairpinLocalDropped, [...proxy('mode: ipvs\nclusterCIDR: 10.244.0.0/16\n'), ...WEB]);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'hint' });
    expect(finding?.message).toContain('processes and hostNetwork pods on 2 of 4 nodes');
  });

  test('Cilium 1.19: a hint; other versions: nothing', () => {
    const cilium = (version: string) => [
      daemonSet('cilium', { containers: [{ name: 'cilium-agent', image: `quay.io/cilium/cilium:${version}` }] }),
      configMap('cilium-config', { 'kube-proxy-replacement': 'true' }),
    ];
    expect(said(hairpinLocalDropped, [...cilium('v1.19.1'), ...WEB])).toMatchObject([{ severity: 'warning', confidence: 'hint' }]);
    expect(said(hairpinLocalDropped, [...cilium('v1.18.2'), ...WEB])).toEqual([]);
  });
});

describe('hairpin-local-dropped: who would call', () => {
  const calling = (...raw: readonly Raw[]) => said(hairpinLocalDropped, [...WITHOUT_CIDR, ...WEB, ingress('app.example.com'), ...raw])[0];

  test('a pod on such a node names the host of an Ingress that this Service serves', () => {
    const finding = calling(podOf('api-0', 2, { env: { AUTH_URL: 'https://app.example.com/login', NOTHING: 'x.y' } }));
    // The Service has port 80 only, and the URL is for 443.
    expect(finding?.severity).toBe('warning');
    const asked = calling(podOf('api-0', 2, { env: { AUTH_URL: 'http://app.example.com/login' } }));
    expect(asked).toMatchObject({ severity: 'error', objects: ['Pod api-0', 'Node node2', 'Node node4'] });
    expect(asked?.message).toContain('; among them pod shop/api-0 (env AUTH_URL names app.example.com:80)');
  });

  test('in its arguments, the address itself, and a wildcard host', () => {
    expect(calling(podOf('a', 2, { args: ['--issuer=app.example.com'] }))?.severity).toBe('error');
    expect(calling(podOf('a', 2, { args: ['--addr', '203.0.113.80:80'] }))?.severity).toBe('error');
    const wild = [...WITHOUT_CIDR, ...WEB, ingress('*.example.com'), podOf('a', 2, { args: ['--issuer=shop.example.com'] })];
    expect(said(hairpinLocalDropped, wild)[0]?.severity).toBe('error');
  });

  test("cert-manager checks the host; its pod's node decides", () => {
    expect(calling(certManager(2), challenge('app.example.com'))).toMatchObject({
      severity: 'error',
      message: expect.stringContaining('cert-manager (pod cert-manager/cert-manager-0) (checks http://app.example.com/'),
    });
    expect(calling(certManager(1), challenge('app.example.com'))?.severity).toBe('warning');
    expect(calling(certManager(2), challenge('app.example.com', { type: 'DNS-01' }))?.severity).toBe('warning');
    expect(calling(certManager(2), challenge('app.example.com', { state: 'valid' }))?.severity).toBe('warning');
  });

  test('a caller beside an endpoint is answered', () => {
    expect(calling(podOf('a', 1, { args: ['--issuer=app.example.com'] }))?.severity).toBe('warning');
  });

  test('silent about pods that have finished, know their own name, or get another address from the DNS', () => {
    expect(calling(podOf('a', 2, { args: ['app.example.com'], phase: 'Succeeded' }))?.severity).toBe('warning');
    const app = service({
      metadata: { name: 'app' },
      spec: { type: 'ClusterIP', clusterIP: '10.96.0.11', clusterIPs: ['10.96.0.11'], selector: { app: 'app' }, ports: [{ port: 80 }] },
    });
    expect(
      calling(app, podOf('app-0', 2, { namespace: 'ns1', labels: { app: 'app' }, env: { ROOT_URL: 'http://app.example.com' } }))?.severity,
    ).toBe('warning');
    const dns = configMap('coredns', { Corefile: '.:53 {\n  rewrite name app.example.com web.ns1.svc.cluster.local\n}\n' });
    expect(calling(dns, podOf('a', 2, { args: ['app.example.com'] }))?.severity).toBe('warning');
    const solver = podOf('cm-acme-http-solver-x', 2, {
      labels: { 'acme.cert-manager.io/http01-solver': 'true' },
      args: ['--listen-port=8089', '--domain', 'app.example.com'],
    });
    expect(calling(solver)?.severity).toBe('warning');
    expect(calling(podOf('external-dns', 2, { args: ['--domain-filter=app.example.com'] }))?.severity).toBe('warning');
    expect(calling(podOf('a', 2, { args: ['other.example.com', 'app.example.com.evil.org'] }))?.severity).toBe('warning');
  });
});

describe('hairpin-local-dropped: silent', () => {
  test.for([
    ['iptables mode with clusterCIDR', WITH_CIDR, WEB],
    ['nftables mode from 1.33.6', proxy(NFTABLES, 'v1.33.6'), WEB],
    ['Cluster policy', WITHOUT_CIDR, [balancer(), slice([webOn(1)])]],
    ['an endpoint on every node', WITHOUT_CIDR, [balancer({ spec: LOCAL }), slice([1, 2, 3, 4].map((n) => webOn(n)))]],
    ['no endpoint at all: another finding', WITHOUT_CIDR, [balancer({ spec: LOCAL }), slice([])]],
    [
      'a host name only: traffic goes out and comes back',
      WITHOUT_CIDR,
      [balancer({ spec: LOCAL, ingress: [{ hostname: 'lb.example.net' }] }), slice([webOn(1)])],
    ],
    [
      'ipMode Proxy: so does it',
      WITHOUT_CIDR,
      [balancer({ spec: LOCAL, ingress: [{ ip: '203.0.113.80', ipMode: 'Proxy' }] }), slice([webOn(1)])],
    ],
    ['no outside address', WITHOUT_CIDR, [service({ spec: LOCAL }), slice([webOn(1)])]],
    [
      'source ranges: another finding',
      WITH_CIDR,
      [balancer({ spec: { ...LOCAL, loadBalancerSourceRanges: ['192.0.2.0/24'] } }), slice([webOn(1)])],
    ],
  ] as const)('%s', ([, plane, raw]) => {
    expect(said(hairpinLocalDropped, [...plane, ...raw])).toEqual([]);
  });

  test('the mode of an old kube-proxy without ipMode still captures the address', () => {
    const raw = [
      ...proxy('mode: iptables\n', 'v1.29.4'),
      balancer({ spec: LOCAL, ingress: [{ ip: '203.0.113.80', ipMode: 'Proxy' }] }),
      slice([webOn(1)]),
    ];
    expect(said(hairpinLocalDropped, raw)).toMatchObject([{ severity: 'warning' }]);
  });
});
