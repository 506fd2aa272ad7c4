import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { loopbackCertificate } from '../../scripts/bench/certificate.ts';
import { loadDemoCluster } from '../../src/demo/load.ts';
import type { ApiServerOptions } from '../../src/demo/server.ts';
import { faultsOf, srcip } from './support/cli.ts';
import { isUsedBy, nameOf, onlyAllowed, type PolicyRule, permissionsIn } from './support/rbac.ts';
import { demoWith, is, startWorld, type World } from './support/world.ts';

const INGRESS = ['explain', 'svc/ingress-nginx-controller', '-n', 'ingress-nginx', '-o', 'json'];

/** Runs one question on a server of its own. */
async function askOf(
  options: Partial<ApiServerOptions>,
  args: readonly string[],
): Promise<Awaited<ReturnType<typeof srcip>> & { asked: World['asked'] }> {
  const world = await startWorld(options);
  const ran = await srcip(args, { env: world.env });
  await world.end();
  return { ...ran, asked: world.asked };
}

/** What was asked for, without the query. */
function paths(asked: World['asked']): string[] {
  return asked.map(({ url }) => url.split('?')[0] ?? '').sort();
}

describe('what is read', () => {
  let ran: Awaited<ReturnType<typeof askOf>>;
  let connections = 0;

  beforeAll(async () => {
    const seen = new Set<unknown>();
    const note = (request: { readonly socket: unknown }): boolean => {
      seen.add(request.socket);
      connections = seen.size;
      return false;
    };
    ran = await askOf({ tls: await loopbackCertificate(), intercept: note }, INGRESS);
  });

  test('the Service, its EndpointSlices, the Nodes, and what reveals the data plane', () => {
    expect(paths(ran.asked)).toEqual([
      '/api/v1/namespaces/ingress-nginx/services/ingress-nginx-controller',
      '/api/v1/namespaces/kube-flannel/configmaps/kube-flannel-cfg',
      '/api/v1/namespaces/kube-system/configmaps/kube-proxy',
      '/api/v1/nodes',
      '/apis/apps/v1/daemonsets',
      '/apis/discovery.k8s.io/v1/namespaces/ingress-nginx/endpointslices',
      '/apis/networking.k8s.io/v1/servicecidrs',
    ]);
  });

  test('EndpointSlices by label, lists in pages', () => {
    const query = (part: string): URLSearchParams =>
      new URL(`http://x${ran.asked.find(({ url }) => url.includes(part))?.url}`).searchParams;
    expect(query('endpointslices').get('labelSelector')).toBe('kubernetes.io/service-name=ingress-nginx-controller');
    for (const list of ['endpointslices', '/nodes', 'daemonsets', 'servicecidrs']) expect(query(list).get('limit')).toBe('500');
  });

  test('only GET, each thing once, under its own name', () => {
    expect(new Set(ran.asked.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(new Set(ran.asked.map(({ url }) => url)).size).toBe(ran.asked.length);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(new Set(ran.asked.map(({ userAgent }) => userAgent))).toEqual(new Set([`kubectl-srcip/${version}`]));
  });

  test('no more connections than questions asked at once', () => {
    // The first four at once; what follows uses their connections again.
    expect(connections).toBeLessThanOrEqual(4);
    expect(ran.asked.length).toBeGreaterThan(connections);
  });
});

describe('what a question adds', () => {
  const SERVICES = '/api/v1/services';

  test.for([
    ['--to', '10.96.142.17:80', false],
    ['--to', '192.168.10.11:31080', false],
    ['--to', '10.96.0.10:53', true],
  ] as const)('%s %s: every Service %s', async ([flag, target, reads]) => {
    const ran = await askOf({}, [...INGRESS, flag, target]);
    expect(ran.code).toBe(0);
    expect(paths(ran.asked).includes(SERVICES)).toBe(reads);
  });

  test('--from pod/NAME reads this pod, and no other', async () => {
    const pod = (loadDemoCluster() as { kind: string; metadata: { name: string; namespace: string } }[]).find(
      ({ kind, metadata }) => kind === 'Pod' && metadata.namespace === 'shop',
    )?.metadata.name;
    const ran = await askOf({}, [...INGRESS, '--from', `pod/shop/${pod}`]);
    expect(ran.code).toBe(0);
    expect(paths(ran.asked).filter((path) => path.includes('/pods'))).toEqual([`/api/v1/namespaces/shop/pods/${pod}`]);
  });

  test('pods of kube-proxy only where its DaemonSet does not tell', async () => {
    const rolling = demoWith((object) => (is(object, 'DaemonSet', 'kube-proxy') ? { status: { updatedNumberScheduled: 1 } } : undefined));
    const ran = await askOf({ objects: rolling }, INGRESS);
    const pods = ran.asked.filter(({ url }) => url.includes('/pods')).map(({ url }) => url);
    expect(pods).toEqual(['/api/v1/namespaces/kube-system/pods?limit=500&labelSelector=k8s-app%3Dkube-proxy']);
  });

  test('every ConfigMap that kube-proxy mounts: the first need not hold its configuration', async () => {
    const [proxy] = demoWith((object) => (is(object, 'ConfigMap', 'kube-proxy') ? undefined : null)) as [
      { readonly data: Readonly<Record<string, string>> },
    ];
    const mounts = demoWith((object) => {
      if (is(object, 'ConfigMap', 'kube-proxy')) return { data: { 'config.conf': null, kubeconfig: 'apiVersion: v1' } };
      const volumes = ['kube-proxy', 'kube-proxy-config'].map((name) => ({ name, configMap: { name } }));
      return is(object, 'DaemonSet', 'kube-proxy') ? { spec: { template: { spec: { volumes } } } } : undefined;
    });
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-proxy-config', namespace: 'kube-system' },
      data: { config: proxy.data['config.conf'] },
    };
    const ran = await askOf({ objects: [...mounts, config] }, INGRESS);
    expect(paths(ran.asked).filter((path) => path.includes('kube-system/configmaps'))).toEqual([
      '/api/v1/namespaces/kube-system/configmaps/kube-proxy',
      '/api/v1/namespaces/kube-system/configmaps/kube-proxy-config',
    ]);
    const { dataplane } = JSON.parse(ran.stdout) as { dataplane: readonly { evidence: readonly string[]; localDetection: unknown }[] };
    expect(dataplane[0]?.evidence).toContain('ConfigMap kube-system/kube-proxy-config');
    expect(dataplane[0]?.localDetection).toMatchObject({ mode: 'ClusterCIDR' });
  });

  test('thousands of nodes come page by page, each page once', async () => {
    const nodes = Array.from({ length: 1200 }, (_, i) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `extra-${i}` },
      spec: {},
      status: {},
    }));
    const ran = await askOf({ objects: [...loadDemoCluster(), ...nodes] }, [...INGRESS, '--from', 'external', '--to', 'node/worker-1']);
    expect(ran.code).toBe(0);
    const pages = ran.asked.filter(({ url }) => url.startsWith('/api/v1/nodes'));
    expect(pages.map(({ url }) => new URL(`http://x${url}`).searchParams.has('continue'))).toEqual([false, true, true]);
  });

  test('Secrets are never read', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key', namespace: 'ingress-nginx' }, data: {} };
    for (const more of [[], ['--to', '10.96.0.10:53'], ['--from', 'pod/shop/nope']]) {
      const ran = await askOf({ objects: [...loadDemoCluster(), secret] }, [...INGRESS, ...more]);
      expect(paths(ran.asked).filter((path) => path.includes('secret'))).toEqual([]);
    }
  });
});

describe('examples/rbac/clusterrole.yaml', () => {
  const permissions = permissionsIn(readFileSync('examples/rbac/clusterrole.yaml', 'utf8'));
  const NEEDED = ['get services', 'list endpointslices.discovery.k8s.io', 'list nodes'];
  const shopPod = (loadDemoCluster() as { kind: string; metadata: { name: string; namespace: string } }[]).find(
    ({ kind, metadata }) => kind === 'Pod' && metadata.namespace === 'shop',
  )?.metadata.name;
  const EVERYTHING = [...INGRESS, '--from', `pod/shop/${shopPod}`, '--from', 'external', '--to', '10.96.0.10:53', '--to', 'nodePort'];
  let unrestricted: string;

  /** A cluster that makes explain read all that it reads: Calico and others beside flannel, a roll-out of kube-proxy. */
  const busy = [
    ...demoWith((object) => (is(object, 'DaemonSet', 'kube-proxy') ? { status: { updatedNumberScheduled: 1 } } : undefined)),
    ...['calico-node', 'cilium', 'antrea-agent', 'sdn'].map((name) => ({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name, namespace: 'kube-system' },
      spec: { template: { spec: { containers: [] } } },
      status: {},
    })),
  ];

  async function askWith(
    rules: readonly PolicyRule[],
    args: readonly string[],
    objects: Iterable<unknown> = loadDemoCluster(),
  ): ReturnType<typeof askOf> {
    return askOf({ objects, intercept: onlyAllowed(rules) }, args);
  }

  beforeAll(async () => {
    unrestricted = (await askOf({}, EVERYTHING)).stdout;
    expect(unrestricted).not.toBe('');
  });
  test('is enough: the answer is the same, without a gap', async () => {
    const ran = await askWith(permissions, EVERYTHING);
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(ran.stdout)).toEqual(JSON.parse(unrestricted));
    expect((JSON.parse(ran.stdout) as { gaps: unknown[] }).gaps).toEqual([]);
  });

  test('is enough where there is more to read, and for near matches', async () => {
    const [free, restricted] = [await askOf({ objects: busy }, EVERYTHING), await askWith(permissions, EVERYTHING, busy)];
    expect(restricted.code).toBe(0);
    expect(JSON.parse(restricted.stdout)).toEqual(JSON.parse(free.stdout));
    const nope = ['explain', 'svc/wbe', '-n', 'shop'];
    expect((await askWith(permissions, nope)).stderr).toBe((await askOf({}, nope)).stderr);
  });

  test('grants nothing but get and list, and no Secrets', () => {
    expect(new Set(permissions.flatMap(({ verbs }) => verbs))).toEqual(new Set(['get', 'list']));
    expect(permissions.filter(({ resources }) => resources.some((name) => /secret|\*|\//.test(name)))).toEqual([]);
  });

  test('has no permission that is never used', async () => {
    const used = new Set<PolicyRule>();
    const watch = (objects: Iterable<unknown>, args: readonly string[], absent: readonly string[] = []): ReturnType<typeof askOf> => {
      const intercept: ApiServerOptions['intercept'] = ({ url = '' }) => {
        for (const rule of permissions) if (isUsedBy(rule, url)) used.add(rule);
        return false;
      };
      return askOf({ objects, absent, intercept }, args);
    };
    const openShift = demoWith((object) =>
      object.kind === 'Node' ? { metadata: { labels: { 'node.openshift.io/os_id': 'rhcos' } } } : undefined,
    );
    await watch(busy, EVERYTHING);
    await watch(openShift, INGRESS);
    await watch(loadDemoCluster(), ['explain', 'svc/wbe', '-n', 'shop']);
    await watch(loadDemoCluster(), INGRESS, ['endpointslices.discovery.k8s.io']);
    expect(permissions.filter((rule) => !used.has(rule)).map(nameOf)).toEqual([]);
  });

  test.for(NEEDED)('without %s: exit code 2, one clear line', async (needed) => {
    const ran = await askWith(
      permissions.filter((rule) => nameOf(rule) !== needed),
      INGRESS,
    );
    expect(faultsOf(ran)).toEqual([]);
    expect(ran.stderr).toMatch(/^error: you may not read (Service ingress-nginx\/ingress-nginx-controller|EndpointSlices|Nodes): /);
    expect(ran.stderr).toContain('examples/rbac/clusterrole.yaml');
  });

  const OPTIONAL: readonly (readonly [string, string])[] = [
    ['list daemonsets.apps', 'DaemonSets'],
    ['get configmaps', 'ConfigMap kube-proxy'],
    ['list servicecidrs.networking.k8s.io', 'ServiceCIDRs'],
  ];
  test.for(OPTIONAL)('without %s: an answer, and a gap that names %s', async ([missing, gap]) => {
    const ran = await askWith(
      permissions.filter((rule) => nameOf(rule) !== missing),
      INGRESS,
    );
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
    const { flows, gaps } = JSON.parse(ran.stdout) as { flows: unknown[]; gaps: { what: string; why: string }[] };
    expect(flows.length).toBeGreaterThan(0);
    expect(gaps.find(({ what }) => what === gap)?.why).toMatch(/^Forbidden: .*cannot (get|list)/);
  });

  test('without any of the optional ones: still an answer, in the table too', async () => {
    const ran = await askWith(
      permissions.filter((rule) => NEEDED.includes(nameOf(rule))),
      INGRESS.slice(0, -2),
    );
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('DaemonSets');
  });

  test('without list services, a wrong name is still said in two lines', async () => {
    const ran = await askWith(
      permissions.filter((rule) => !/list (services|namespaces)/.test(nameOf(rule))),
      ['explain', 'svc/wbe', '-n', 'shop'],
    );
    expect(faultsOf(ran)).toEqual([]);
    expect(ran.stderr).toContain('"wbe" not found in namespace "shop"');
  });
});
