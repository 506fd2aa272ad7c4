import { describe, expect, test } from 'vitest';
import { configHosts } from '../../../src/cluster/config-hosts.ts';
import type { KubeObject } from '../../../src/cluster/objects.ts';
import { hairpinLocalDropped } from '../../../src/findings/hairpin/SIP125-hairpin-local-dropped.ts';
import { podToRemoteNodeport } from '../../../src/findings/hairpin/SIP131-pod-to-remote-nodeport.ts';
import { createClusterScene } from '../../../src/findings/scene.ts';
import { balancer, configMap, evidenceOf, flannel, kubeadm, nodes, type Raw, service, slice, webOn } from '../../cluster/objects.ts';
import { READ } from '../scene.ts';
import { ingress, podOf } from './objects.ts';

const WITHOUT_CIDR = [...nodes(4), ...kubeadm('mode: iptables\n'), ...flannel()];
const WEB = [balancer({ spec: { externalTrafficPolicy: 'Local' } }), slice([webOn(1), webOn(3)])];

/** What the rule says of ns1/web, with ConfigMaps as they are read from a cluster: only the hosts of them. */
function told(raw: readonly Raw[], rule: typeof hairpinLocalDropped | typeof podToRemoteNodeport = hairpinLocalDropped) {
  const evidence = evidenceOf([...WITHOUT_CIDR, ...raw], READ);
  const hosts = raw.map((object) => configHosts(object)).filter((object) => object !== null);
  const scene = createClusterScene({ ...evidence, objects: [...evidence.objects, ...(hosts as readonly KubeObject[])] });
  const web = scene.cluster.services.find(({ name }) => name === 'web');
  if (web === undefined) throw new Error('no Service web');
  return rule.run(scene.scene(web)).map(({ fact, telling }) => ({ severity: fact.severity ?? rule.severity, ...telling }));
}

const calling = (...raw: readonly Raw[]) => told([...WEB, ingress('app.example.com'), ...raw])[0];

/** A pod of namespace shop on node2, where ns1/web has no endpoint. */
function given(spec: Raw, container: Raw = {}, change: Parameters<typeof podOf>[2] = {}): Raw {
  const pod = podOf('api-0', 2, change);
  const own = pod['spec'] as { readonly containers: readonly Raw[] };
  return { ...pod, spec: { ...own, ...spec, containers: own.containers.map((one) => ({ ...one, ...container })) } };
}

const settings = (data: Record<string, string>, namespace = 'shop') => configMap('api-config', data, namespace);
const FROM_ALL = { envFrom: [{ configMapRef: { name: 'api-config' } }] };
const MOUNT = { volumes: [{ name: 'c', configMap: { name: 'api-config' } }] };

describe('a pod whose ConfigMap names the host is a caller, and it is said where', () => {
  const URL = { AUTH_URL: 'http://app.example.com/login' };

  test('envFrom', () => {
    expect(calling(settings(URL), given({}, FROM_ALL))).toMatchObject({
      severity: 'error',
      message: expect.stringContaining(
        '; among them pod shop/api-0 (env AUTH_URL (ConfigMap api-config, key AUTH_URL) names app.example.com:80)',
      ),
    });
  });

  test('env valueFrom: that key alone', () => {
    const env = (key: string) => ({ env: [{ name: 'ISSUER', valueFrom: { configMapKeyRef: { name: 'api-config', key } } }] });
    expect(calling(settings(URL), given({}, env('AUTH_URL')))?.message).toContain(
      'env ISSUER (ConfigMap api-config, key AUTH_URL) names app.example.com:80',
    );
    expect(calling(settings({ ...URL, other: 'x' }), given({}, env('other')))?.severity).toBe('warning');
  });

  test.for([
    ['a volume', MOUNT],
    ['some keys of it', { volumes: [{ name: 'c', configMap: { name: 'api-config', items: [{ key: 'app.yaml', path: 'a' }] } }] }],
    [
      'a projected one',
      { volumes: [{ name: 'c', projected: { sources: [{ secret: { name: 's' } }, { configMap: { name: 'api-config' } }] } }] },
    ],
  ] as const)('%s', ([, spec]) => {
    const file = settings({ 'app.yaml': 'auth:\n  # where tokens come from\n  issuer: "http://app.example.com/realms/x"\n' });
    expect(calling(file, given(spec))?.message).toContain('a file (ConfigMap api-config, key app.yaml) names app.example.com:80');
  });

  test('a wildcard host, and an address', () => {
    const wild = (text: string) => told([...WEB, ingress('*.example.com'), settings({ a: text }), given(MOUNT)])[0]?.severity;
    expect(wild('http://shop.example.com')).toBe('error');
    expect(wild('http://deep.shop.example.com')).toBe('warning');
    expect(calling(settings({ a: '203.0.113.80:80' }), given(MOUNT))?.severity).toBe('error');
  });

  test('the environment counts more than a ConfigMap that says the same', () => {
    const both = given({}, FROM_ALL, { env: { OWN: 'http://app.example.com' } });
    const [pod] = [{ ...both, spec: { ...(both['spec'] as Raw), ...MOUNT } }];
    expect(calling(settings(URL), pod)?.message).toContain('(env OWN names app.example.com:80)');
  });

  test('a node port of another node', () => {
    const web = [
      service({ spec: { type: 'NodePort', externalTrafficPolicy: 'Local', ports: [{ port: 80, nodePort: 30080 }] } }),
      slice([webOn(1)]),
    ];
    const raw = [...web, settings({ target: 'http://172.18.0.13:30080/' }), given(MOUNT)];
    expect(told(raw, podToRemoteNodeport)[0]?.message).toContain('ConfigMap api-config, key target');
  });
});

describe('silent', () => {
  test.for([
    ['nobody uses it', settings({ a: 'http://app.example.com' }), given({})],
    ['that of another namespace', settings({ a: 'http://app.example.com' }, 'other'), given(MOUNT)],
    [
      'another key is mounted',
      settings({ a: 'http://app.example.com', b: 'x' }),
      given({ volumes: [{ configMap: { name: 'api-config', items: [{ key: 'b', path: 'b' }] } }] }),
    ],
    ['a comment', settings({ a: '# see http://app.example.com\nx: 1' }), given(MOUNT)],
    ['what a server is called', settings({ 'site.conf': 'server {\n  server_name app.example.com;\n}\n' }), given(MOUNT)],
    ['whom it lets in', settings({ ALLOWED_ORIGINS: 'http://app.example.com' }), given({}, FROM_ALL)],
    ['another host that looks alike', settings({ a: 'http://app.example.com.evil.org my-app.example.com' }), given(MOUNT)],
    ['a port that the Service does not have', settings({ a: 'https://app.example.com' }), given(MOUNT)],
    ['a pod that has finished', settings({ a: 'http://app.example.com' }), given(MOUNT, {}, { phase: 'Succeeded' })],
  ] as const)('%s', ([, map, pod]) => {
    expect(calling(map, pod)?.severity).toBe('warning');
  });

  test('the front itself, whose files name what it serves', () => {
    const own = given(MOUNT, {}, { namespace: 'ns1', labels: { app: 'web' } });
    expect(calling(settings({ a: 'http://app.example.com' }, 'ns1'), own)?.severity).toBe('warning');
  });

  test('a pod that serves the host', () => {
    const app = service({
      metadata: { name: 'app' },
      spec: { type: 'ClusterIP', clusterIP: '10.96.0.11', clusterIPs: ['10.96.0.11'], selector: { app: 'app' }, ports: [{ port: 80 }] },
    });
    const own = given(MOUNT, {}, { namespace: 'ns1', labels: { app: 'app' } });
    expect(calling(app, settings({ ROOT_URL: 'http://app.example.com' }, 'ns1'), own)?.severity).toBe('warning');
  });
});
