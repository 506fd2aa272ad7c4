import { describe, expect, test } from 'vitest';
import { hairpinProxyProtocolBypass } from '../../../src/findings/hairpin/SIP126-hairpin-proxy-protocol-bypass.ts';
import { hairpinTlsTerminatedAtLb } from '../../../src/findings/hairpin/SIP127-hairpin-tls-terminated-at-lb.ts';
import { balancer, configMap, daemonSet, flannel, kubeadm, nodes, type Raw, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';
import { certManager, challenge, ingress, ingressNginx, podOf } from './objects.ts';

const HETZNER = nodes(4, { providerID: 'hcloud://1' });
const PROXY = { 'load-balancer.hetzner.cloud/uses-proxyprotocol': 'true' };
const REQUIRED = { 'use-proxy-protocol': 'true' };
const web = (change: { annotations?: Raw; spec?: Raw; ingress?: readonly Raw[] } = {}) => [
  balancer({
    metadata: { annotations: change.annotations ?? PROXY },
    ...(change.spec ? { spec: change.spec } : {}),
    ...(change.ingress ? { ingress: change.ingress } : {}),
  }),
  slice([webOn(1)]),
];

describe('hairpin-proxy-protocol-bypass', () => {
  test('the load balancer adds the header, the controller insists on it, and kube-proxy leads pods past the load balancer', () => {
    const [finding] = said(hairpinProxyProtocolBypass, [...HETZNER, ...web(), ...ingressNginx(1, REQUIRED)]);
    expect(finding).toMatchObject({ severity: 'error', confidence: 'derived' });
    expect(finding?.message).toBe('clients in the cluster that ask 203.0.113.80 of ns1/web come without the PROXY header and fail');
    expect(finding?.why).toContain('use-proxy-protocol of ConfigMap ns1/ingress-nginx-controller');
    expect(finding?.remedy).toContain(
      `kubectl patch svc web -n ns1 --subresource=status --type=json -p '[{"op":"add","path":"/status/loadBalancer/ingress/0/ipMode","value":"Proxy"}]'`,
    );
    expect(finding?.remedy).toContain('load-balancer.hetzner.cloud/hostname');
  });

  test('whatever the policy', () => {
    const local = web({ spec: { externalTrafficPolicy: 'Local' } });
    expect(said(hairpinProxyProtocolBypass, [...HETZNER, ...local, ...ingressNginx(1, REQUIRED)])).toMatchObject([{ severity: 'error' }]);
  });

  test('names who is hit: the self check of cert-manager', () => {
    const raw = [
      ...HETZNER,
      ...web(),
      ...ingressNginx(1, REQUIRED),
      ingress('app.example.com'),
      certManager(3),
      challenge('app.example.com'),
    ];
    expect(said(hairpinProxyProtocolBypass, raw)[0]?.message).toContain('such as cert-manager (pod cert-manager/cert-manager-0)');
  });

  test('the auth-url of an Ingress is asked by the controller itself', () => {
    const auth = ingress('app.example.com', {
      annotations: { 'nginx.ingress.kubernetes.io/auth-url': 'http://auth.example.com/oauth2/auth' },
    });
    const raw = [...HETZNER, ...web(), ...ingressNginx(2, REQUIRED), auth, ingress('auth.example.com')];
    expect(said(hairpinProxyProtocolBypass, raw)[0]?.message).toContain(
      'such as pod ns1/web-2 (nginx.ingress.kubernetes.io/auth-url of Ingress ns1/for-app-example-com names auth.example.com)',
    );
    const signin = ingress('app.example.com', {
      annotations: { 'nginx.ingress.kubernetes.io/auth-signin': 'http://auth.example.com/start' },
    });
    expect(
      said(hairpinProxyProtocolBypass, [...HETZNER, ...web(), ...ingressNginx(2, REQUIRED), signin, ingress('auth.example.com')])[0]
        ?.message,
    ).not.toContain('such as');
  });

  test('an application of which nothing is known: a warning', () => {
    expect(said(hairpinProxyProtocolBypass, [...HETZNER, ...web()])).toMatchObject([{ severity: 'warning' }]);
  });

  test('traefik reads the header where it comes and does not insist', () => {
    const traefik = podOf('web-1', 1, {
      namespace: 'ns1',
      labels: { app: 'web' },
      image: 'docker.io/traefik:v3.5',
      args: ['--entryPoints.web.proxyProtocol.trustedIPs=10.0.0.0/8'],
    });
    expect(said(hairpinProxyProtocolBypass, [...HETZNER, ...web(), traefik])).toMatchObject([{ severity: 'info' }]);
  });

  test('a kube-proxy that knows no ipMode captures the address all the same', () => {
    const raw = [
      ...HETZNER,
      ...kubeadm(undefined, 'registry.k8s.io/kube-proxy:v1.29.1'),
      ...flannel(),
      ...web({ ingress: [{ ip: '203.0.113.80', ipMode: 'Proxy' }] }),
      ...ingressNginx(1, REQUIRED),
    ];
    expect(said(hairpinProxyProtocolBypass, raw)).toMatchObject([{ severity: 'error' }]);
  });

  test('Cilium in place of kube-proxy: a hint', () => {
    const cilium = [daemonSet('cilium'), configMap('cilium-config', { 'kube-proxy-replacement': 'true' })];
    expect(said(hairpinProxyProtocolBypass, [...HETZNER, ...cilium, ...web(), ...ingressNginx(1, REQUIRED)])).toMatchObject([
      { confidence: 'hint' },
    ]);
  });

  test.for([
    ['ipMode Proxy', [...web({ ingress: [{ ip: '203.0.113.80', ipMode: 'Proxy' }] }), ...ingressNginx(1, REQUIRED)]],
    ['a host name only', [...web({ ingress: [{ hostname: 'lb.example.com' }] }), ...ingressNginx(1, REQUIRED)]],
    ['no header anywhere', [...web({ annotations: {} }), ...ingressNginx(1)]],
    [
      'switched off by the annotation',
      [...web({ annotations: { 'load-balancer.hetzner.cloud/uses-proxyprotocol': 'false' } }), ...ingressNginx(1)],
    ],
    [
      'hairpin-proxy adds the header inside',
      [
        ...web(),
        ...ingressNginx(1, REQUIRED),
        service({
          metadata: { name: 'hairpin-proxy', namespace: 'hairpin-proxy' },
          spec: { type: 'ClusterIP', clusterIP: '10.96.0.77', clusterIPs: ['10.96.0.77'], ports: [{ port: 80 }] },
        }),
      ],
    ],
    ['the controller does not read it: another finding', [...web(), ...ingressNginx(1)]],
    ['no endpoint: another finding', [balancer({ metadata: { annotations: PROXY } }), slice([])]],
  ] as const)('silent: %s', ([, raw]) => {
    expect(said(hairpinProxyProtocolBypass, [...HETZNER, ...raw])).toEqual([]);
  });
});

describe('hairpin-tls-terminated-at-lb', () => {
  const TLS = { 'load-balancer.hetzner.cloud/protocol': 'https' };
  const https = { ports: [{ name: 'https', port: 443, targetPort: 8080, nodePort: 30443, protocol: 'TCP' }] };
  const named = slice([webOn(1)], { top: { ports: [{ name: 'https', port: 8080, protocol: 'TCP' }] } });

  test('clients inside speak TLS to a plain port', () => {
    const [finding] = said(hairpinTlsTerminatedAtLb, [...HETZNER, balancer({ metadata: { annotations: TLS }, spec: https }), named]);
    expect(finding).toMatchObject({ severity: 'error', confidence: 'derived' });
    expect(finding?.message).toBe(
      "clients in the cluster that ask 203.0.113.80 of ns1/web meet the pods' plain port and not the load balancer's TLS",
    );
  });

  test("an annotation of another provider than the nodes' is a hint", () => {
    const raw = [balancer({ metadata: { annotations: TLS }, spec: https }), named];
    expect(said(hairpinTlsTerminatedAtLb, raw)).toMatchObject([{ severity: 'warning', confidence: 'hint' }]);
  });

  test('silent: port 80 alone, ipMode Proxy, a host name, ports without TLS', () => {
    expect(said(hairpinTlsTerminatedAtLb, [...HETZNER, ...web({ annotations: TLS })])).toEqual([]);
    const proxied = balancer({ metadata: { annotations: TLS }, spec: https, ingress: [{ ip: '203.0.113.80', ipMode: 'Proxy' }] });
    expect(said(hairpinTlsTerminatedAtLb, [...HETZNER, proxied, named])).toEqual([]);
    const aws = balancer({
      metadata: { annotations: { 'service.beta.kubernetes.io/aws-load-balancer-ssl-cert': 'arn:aws:acm:x' } },
      spec: https,
      ingress: [{ hostname: 'a-1.elb.eu-west-1.amazonaws.com' }],
    });
    expect(said(hairpinTlsTerminatedAtLb, [aws, named])).toEqual([]);
    const otherPorts = {
      'service.beta.kubernetes.io/do-loadbalancer-certificate-id': 'x',
      'service.beta.kubernetes.io/do-loadbalancer-tls-ports': '8443',
    };
    expect(said(hairpinTlsTerminatedAtLb, [balancer({ metadata: { annotations: otherPorts }, spec: https }), named])).toEqual([]);
  });
});
