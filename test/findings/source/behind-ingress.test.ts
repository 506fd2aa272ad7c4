import { describe, expect, test } from 'vitest';
import { localOnWrongService } from '../../../src/findings/source/SIP202-local-on-wrong-service.ts';
import { lbIsAProxy } from '../../../src/findings/source/SIP203-lb-is-a-proxy.ts';
import { proxyProtocolMismatch } from '../../../src/findings/source/SIP204-proxy-protocol-mismatch.ts';
import { forwardedHeadersUntrustedOrOpen } from '../../../src/findings/source/SIP205-forwarded-headers-untrusted-or-open.ts';
import { allowlistSeesTranslatedIp } from '../../../src/findings/source/SIP206-allowlist-sees-translated-ip.ts';
import { balancer, nodes, type Raw, service, slice, webOn } from '../../cluster/objects.ts';
import { ingress, ingressNginx, podOf } from '../hairpin/objects.ts';
import { said } from '../scene.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const HETZNER = nodes(4, { providerID: 'hcloud://1' });
const GCE = nodes(4, { providerID: 'gce://p/z/n' });
const PROXY = { 'load-balancer.hetzner.cloud/uses-proxyprotocol': 'true' };
const HTTP = { 'load-balancer.hetzner.cloud/protocol': 'http' };
const web = (annotations: Raw = {}, spec: Raw = {}) => [balancer({ metadata: { annotations }, spec }), slice([webOn(1)])];

describe('local-on-wrong-service', () => {
  // ns1/web is the application here; the controller is ingress-nginx/controller.
  const controller = (spec: Raw = {}, annotations: Raw = {}) => [
    balancer({
      metadata: { name: 'controller', namespace: 'ingress-nginx', annotations },
      spec: {
        clusterIP: '10.96.0.20',
        clusterIPs: ['10.96.0.20'],
        selector: { app: 'nginx' },
        ports: [{ port: 80, targetPort: 80, nodePort: 30081, protocol: 'TCP' }],
        ...spec,
      },
    }),
    slice([{ ip: '10.244.3.20', node: 'node3' }], {
      metadata: { name: 'controller-x', namespace: 'ingress-nginx', labels: { 'kubernetes.io/service-name': 'controller' } },
    }),
  ];
  const front = ingress('app.example.com', { backend: 'web' });
  const app = [service({ spec: LOCAL }), slice([webOn(1)])];

  test('the policy of the application, while its client is the ingress controller', () => {
    const [finding] = said(localOnWrongService, [...app, front, ...controller()]);
    expect(finding).toMatchObject({
      severity: 'warning',
      confidence: 'derived',
      objects: ['Service controller', 'Ingress for-app-example-com'],
    });
    expect(finding?.remedy).toContain(
      `kubectl patch svc controller -n ingress-nginx --type merge -p '{"spec":{"externalTrafficPolicy":"Local"}}'`,
    );
  });

  test('who also comes by an address of its own is seen: worth knowing', () => {
    const own = balancer({ spec: LOCAL, ingress: [{ ip: '203.0.113.99' }] });
    expect(said(localOnWrongService, [own, slice([webOn(1)]), front, ...controller()])).toMatchObject([{ severity: 'info' }]);
  });

  test.for([
    ["the controller's Service is Local", controller(LOCAL)],
    ['a PROXY header brings the address back', controller({}, PROXY)],
    ['the Ingress belongs to nobody known', []],
  ] as const)('silent: %s', ([, raw]) => {
    expect(said(localOnWrongService, [...HETZNER, ...app, front, ...raw])).toEqual([]);
  });

  test('silent: the load balancer hides clients before the controller, Cluster policy, no Ingress in front', () => {
    expect(said(localOnWrongService, [...HETZNER, ...app, front, ...controller()])).toEqual([]);
    expect(said(localOnWrongService, [service(), slice([webOn(1)]), front, ...controller()])).toEqual([]);
    expect(said(localOnWrongService, [...app, ingress('app.example.com', { backend: 'other' }), ...controller()])).toEqual([]);
  });
});

describe('lb-is-a-proxy', () => {
  test('Local policy, and the load balancer opens connections of its own', () => {
    const [finding] = said(lbIsAProxy, [...HETZNER, ...web({}, LOCAL)]);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'derived' });
    expect(finding?.message).toContain('in spite of externalTrafficPolicy Local');
    expect(finding?.remedy).toContain('kubectl annotate svc web -n ns1 --overwrite load-balancer.hetzner.cloud/uses-proxyprotocol=true');
  });
  test('nobody asked for the address: worth knowing', () => {
    expect(said(lbIsAProxy, [...HETZNER, ...web()])).toMatchObject([{ severity: 'info' }]);
  });
  test('a load balancer that connects to pods', () => {
    const raw = [
      balancer({
        spec: { ...LOCAL, loadBalancerClass: 'service.k8s.aws/nlb' },
        metadata: { annotations: { 'service.beta.kubernetes.io/aws-load-balancer-nlb-target-type': 'ip' } },
      }),
      slice([webOn(1)]),
    ];
    expect(said(lbIsAProxy, raw)[0]?.why).toContain('unless preserve_client_ip is enabled');
  });
  test.for([
    ['PROXY header', [...HETZNER, ...web(PROXY, LOCAL)]],
    ['HTTP: it names the client in X-Forwarded-For', [...HETZNER, ...web(HTTP, LOCAL)]],
    ['passes packets through', [...GCE, ...web({}, LOCAL)]],
    ['nobody known', web({}, LOCAL)],
    [
      'the controller expects the header already: another finding',
      [...HETZNER, ...web({}, LOCAL), ...ingressNginx(1, { 'use-proxy-protocol': 'true' })],
    ],
    [
      'pods that see the client',
      [
        balancer({
          spec: { ...LOCAL, loadBalancerClass: 'service.k8s.aws/nlb' },
          metadata: {
            annotations: {
              'service.beta.kubernetes.io/aws-load-balancer-nlb-target-type': 'ip',
              'service.beta.kubernetes.io/aws-load-balancer-target-group-attributes': 'preserve_client_ip.enabled=true',
            },
          },
        }),
        slice([webOn(1)]),
      ],
    ],
  ] as const)('silent: %s', ([, raw]) => expect(said(lbIsAProxy, raw)).toEqual([]));
});

describe('proxy-protocol-mismatch', () => {
  test('sent and not read', () => {
    const [finding] = said(proxyProtocolMismatch, [...HETZNER, ...web(PROXY), ...ingressNginx(1)]);
    expect(finding).toMatchObject({ severity: 'error', confidence: 'derived', objects: ['ConfigMap ingress-nginx-controller'] });
    expect(finding?.message).toContain('the load balancer adds a PROXY header that ingress-nginx does not expect');
    expect(finding?.remedy).toContain(
      `kubectl patch configmap ingress-nginx-controller -n ns1 --type merge -p '{"data":{"use-proxy-protocol":"true"}}'`,
    );
  });
  test('expected and not sent', () => {
    const [finding] = said(proxyProtocolMismatch, [...HETZNER, ...web(), ...ingressNginx(1, { 'use-proxy-protocol': 'true' })]);
    expect(finding?.message).toContain('ingress-nginx expects a PROXY header that nobody adds');
  });
  test('a load balancer that passes packets through never sends it', () => {
    const [finding] = said(proxyProtocolMismatch, [...GCE, ...web(), ...ingressNginx(1, { 'use-proxy-protocol': 'true' })]);
    expect(finding?.why).toContain('passes packets through');
    expect(finding?.remedy).toContain('"use-proxy-protocol":"false"');
  });
  test('Envoy Gateway: a ClientTrafficPolicy decides', () => {
    const labels = { 'gateway.envoyproxy.io/owning-gateway-name': 'eg', 'gateway.envoyproxy.io/owning-gateway-namespace': 'ns1' };
    const policy = (spec: Raw) => ({
      apiVersion: 'gateway.envoyproxy.io/v1alpha1',
      kind: 'ClientTrafficPolicy',
      metadata: { name: 'proxy', namespace: 'ns1' },
      spec: { targetRefs: [{ kind: 'Gateway', name: 'eg' }], ...spec },
    });
    const raw = (annotations: Raw) => [...HETZNER, balancer({ metadata: { labels, annotations } }), slice([webOn(1)])];
    expect(said(proxyProtocolMismatch, [...raw(PROXY)])).toMatchObject([
      { message: expect.stringContaining('Envoy Gateway does not expect') },
    ]);
    expect(said(proxyProtocolMismatch, [...raw({}), policy({ enableProxyProtocol: true })])).toHaveLength(1);
    expect(said(proxyProtocolMismatch, [...raw(PROXY), policy({ enableProxyProtocol: true })])).toEqual([]);
    expect(said(proxyProtocolMismatch, [...raw({}), policy({ proxyProtocol: { optional: true } })])).toEqual([]);
  });
  test('on one of two ports', () => {
    const scaleway = nodes(2, { providerID: 'scaleway://1' });
    const ports = [
      { name: 'http', port: 80, targetPort: 8080, nodePort: 30080 },
      { name: 'https', port: 443, targetPort: 8443, nodePort: 30443 },
    ];
    const some = (value: string) => [
      ...scaleway,
      balancer({ metadata: { annotations: { 'service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v2': value } }, spec: { ports } }),
      slice([webOn(1)]),
      ...ingressNginx(1, { 'use-proxy-protocol': 'true' }),
    ];
    expect(said(proxyProtocolMismatch, some('443'))[0]?.message).toContain('on port http break');
    expect(said(proxyProtocolMismatch, some('80,443'))).toEqual([]);
    expect(said(proxyProtocolMismatch, some('true'))).toEqual([]);
  });
  test.for([
    ['both', [...HETZNER, ...web(PROXY), ...ingressNginx(1, { 'use-proxy-protocol': 'true' })]],
    ['neither', [...HETZNER, ...web(), ...ingressNginx(1)]],
    ['something of one’s own may add it', [...web(), ...ingressNginx(1, { 'use-proxy-protocol': 'true' })]],
    ['no controller that is known', [...HETZNER, ...web(PROXY)]],
    ['its ConfigMap was not read', [...HETZNER, ...web(PROXY), ...ingressNginx(1).slice(0, 1)]],
    [
      'a TCP service of the controller has a setting of its own',
      [...HETZNER, ...web(PROXY, { ports: [{ name: 'db', port: 5432, targetPort: 5432, nodePort: 30432 }] }), ...ingressNginx(1)],
    ],
    [
      'traefik takes both',
      [
        ...HETZNER,
        ...web(),
        podOf('web-1', 1, {
          namespace: 'ns1',
          labels: { app: 'web' },
          image: 'traefik:v3',
          args: ['--entrypoints.web.proxyprotocol.trustedips=10.0.0.0/8'],
        }),
      ],
    ],
  ] as const)('silent: %s', ([, raw]) => expect(said(proxyProtocolMismatch, raw)).toEqual([]));
});

describe('forwarded-headers-untrusted-or-open', () => {
  const traefik = (...args: readonly string[]) =>
    podOf('web-1', 1, { namespace: 'ns1', labels: { app: 'web' }, image: 'docker.io/library/traefik:v3.5', args });
  test('anybody is believed', () => {
    const [finding] = said(forwardedHeadersUntrustedOrOpen, [...GCE, ...web(), ...ingressNginx(1, { 'use-forwarded-headers': 'true' })]);
    expect(finding).toMatchObject({ severity: 'warning', message: expect.stringContaining('can give themselves any address') });
    expect(finding?.remedy).toContain('"proxy-real-ip-cidr":"LB-CIDR"');
    const [other] = said(forwardedHeadersUntrustedOrOpen, [...GCE, ...web(), traefik('--entryPoints.web.forwardedHeaders.insecure=true')]);
    expect(other?.remedy).toContain('--entryPoints.web.forwardedHeaders.trustedIPs=LB-CIDR');
  });
  test('the load balancer is not believed', () => {
    expect(said(forwardedHeadersUntrustedOrOpen, [...HETZNER, ...web(HTTP), ...ingressNginx(1)])[0]?.message).toContain(
      "throws the client's address away",
    );
    expect(said(forwardedHeadersUntrustedOrOpen, [...HETZNER, ...web(HTTP), traefik()])[0]?.message).toContain(
      "throws the client's address away",
    );
  });
  test.for([
    ['trusted networks are named', [...ingressNginx(1, { 'use-forwarded-headers': 'true', 'proxy-real-ip-cidr': '10.0.0.0/8' })], {}],
    ['the load balancer writes it anew', [...ingressNginx(1, { 'use-forwarded-headers': 'true' })], HTTP],
    ['not used', [...ingressNginx(1)], {}],
    [
      'the address comes from the PROXY header',
      [...ingressNginx(1, { 'use-forwarded-headers': 'true', 'use-proxy-protocol': 'true' })],
      PROXY,
    ],
    ['the ConfigMap was not read', ingressNginx(1).slice(0, 1), HTTP],
    ['traefik trusts the load balancer', [traefik('--entrypoints.web.forwardedheaders.trustedips=10.0.0.0/8')], HTTP],
  ] as const)('silent: %s', ([, raw, annotations]) => {
    expect(said(forwardedHeadersUntrustedOrOpen, [...HETZNER, ...web(annotations), ...raw])).toEqual([]);
  });
});

describe('allowlist-sees-translated-ip', () => {
  const NGINX = 'nginx.ingress.kubernetes.io/';
  const front = (annotations: Raw) => ingress('app.example.com', { annotations });
  const seen = (annotations: Raw, ...raw: readonly Raw[]) => said(allowlistSeesTranslatedIp, [...web(), front(annotations), ...raw]);

  test('an allow list of client addresses locks everybody out', () => {
    const [finding] = seen({ [`${NGINX}whitelist-source-range`]: '198.51.100.0/24, 192.0.2.7' });
    expect(finding).toMatchObject({ severity: 'error', confidence: 'derived', objects: ['Ingress for-app-example-com'] });
    expect(finding?.message).toBe(
      'nginx.ingress.kubernetes.io/whitelist-source-range of Ingress ns1/for-app-example-com locks every outside client out',
    );
    expect(finding?.why).toContain('10.244.2.0, 10.244.3.0');
  });
  test('one that holds the nodes lets everybody in', () => {
    expect(seen({ [`${NGINX}allowlist-source-range`]: '10.0.0.0/8' })[0]?.message).toContain('lets every outside client in');
  });
  test('block lists and limits', () => {
    expect(seen({ [`${NGINX}denylist-source-range`]: '198.51.100.0/24' })).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('stops no outside client') },
    ]);
    expect(seen({ [`${NGINX}limit-rps`]: '5' })).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('counts all outside clients as one') },
    ]);
    expect(seen({}, ...ingressNginx(1, { 'whitelist-source-range': '198.51.100.0/24' }))).toMatchObject([
      { severity: 'error', objects: ['ConfigMap ingress-nginx-controller'] },
    ]);
  });
  test('a load balancer that is a proxy, with Local policy', () => {
    const raw = [...HETZNER, ...web({}, LOCAL), front({ [`${NGINX}whitelist-source-range`]: '198.51.100.0/24' })];
    expect(said(allowlistSeesTranslatedIp, raw)[0]).toMatchObject({
      severity: 'error',
      why: expect.stringContaining('addresses of the load balancer'),
    });
  });
  test('Traefik and Envoy Gateway', () => {
    const middleware = (spec: Raw) => ({
      apiVersion: 'traefik.io/v1alpha1',
      kind: 'Middleware',
      metadata: { name: 'office', namespace: 'ns1' },
      spec,
    });
    const uses = { 'traefik.ingress.kubernetes.io/router.middlewares': 'ns1-office@kubernetescrd' };
    expect(seen(uses, middleware({ ipAllowList: { sourceRange: ['198.51.100.0/24'] } }))).toMatchObject([
      { severity: 'error', objects: ['Middleware office'] },
    ]);
    expect(seen(uses, middleware({ ipAllowList: { sourceRange: ['198.51.100.0/24'], ipStrategy: { depth: 1 } } }))).toEqual([]);
    expect(seen({}, middleware({ ipAllowList: { sourceRange: ['198.51.100.0/24'] } }))).toEqual([]);
    const policy = {
      apiVersion: 'gateway.envoyproxy.io/v1alpha1',
      kind: 'SecurityPolicy',
      metadata: { name: 'office', namespace: 'ns1' },
      spec: {
        targetRef: { kind: 'Gateway', name: 'eg' },
        authorization: { defaultAction: 'Deny', rules: [{ action: 'Allow', principal: { clientCIDRs: ['198.51.100.0/24'] } }] },
      },
    };
    const gateway = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'eg', namespace: 'ns1' },
      spec: { listeners: [{ port: 80 }] },
      status: { addresses: [{ type: 'IPAddress', value: '203.0.113.80' }] },
    };
    expect(said(allowlistSeesTranslatedIp, [...web(), policy, gateway])).toMatchObject([
      { severity: 'error', objects: ['SecurityPolicy office'] },
    ]);
  });
  test.for([
    ['Local policy', [...web({}, LOCAL)], { [`${NGINX}whitelist-source-range`]: '198.51.100.0/24' }],
    ['a PROXY header', [...HETZNER, ...web(PROXY)], { [`${NGINX}whitelist-source-range`]: '198.51.100.0/24' }],
    ['X-Forwarded-For', [...HETZNER, ...web(HTTP)], { [`${NGINX}whitelist-source-range`]: '198.51.100.0/24' }],
    ['an old prefix that nobody reads', web(), { 'ingress.kubernetes.io/whitelist-source-range': '198.51.100.0/24' }],
    ['a list that holds everybody', web(), { [`${NGINX}whitelist-source-range`]: '0.0.0.0/0' }],
    ['no limit', web(), { [`${NGINX}limit-rps`]: '0' }],
    [
      "another controller than the annotation's",
      [...web(), podOf('web-1', 1, { namespace: 'ns1', labels: { app: 'web' }, image: 'traefik:v3' })],
      { [`${NGINX}limit-rps`]: '5' },
    ],
  ] as const)('silent: %s', ([, raw, annotations]) => expect(said(allowlistSeesTranslatedIp, [...raw, front(annotations)])).toEqual([]));
});
