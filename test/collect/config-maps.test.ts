import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Evidence } from '../../src/cluster/evidence.ts';
import type { ConfigHostsObject } from '../../src/cluster/objects.ts';
import { type CollectOptions, collectAround, collectEverything } from '../../src/collect/everything.ts';
import { connect } from '../../src/collect/live/client.ts';
import { layOver } from '../../src/collect/manifests/overlay.ts';
import { readManifests } from '../../src/collect/manifests/read.ts';
import { readSnapshot } from '../../src/collect/snapshot/read-snapshot.ts';
import { writeSnapshot } from '../../src/collect/write/write-snapshot.ts';
import { loadDemoCluster } from '../../src/demo/load.ts';
import type { ApiServerOptions } from '../../src/demo/server.ts';
import { listOf, makeFolder, startWorld } from '../e2e/support/world.ts';
import { filesBelow } from './write/support/folder.ts';
import { chainHash } from './write/support/hash.ts';

const folder = makeFolder();
afterAll(() => folder.remove());

const PRIVATE = 'hunter2';
const configMap = (name: string, data: object, namespace = 'shop') => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});
const MAPS = [
  ...Array.from({ length: 1100 }, (_, i) => configMap(`many-${i}`, { 'kube.crt': PRIVATE })),
  configMap('api', { 'app.yaml': `password: ${PRIVATE}\nurl: https://app.example.com/x\n`, other: PRIVATE }),
  configMap('elsewhere', { url: 'http://app.example.com' }, 'default'),
];
const OBJECTS: readonly unknown[] = [...loadDemoCluster(), ...MAPS];

const namesOf = (evidence: Evidence) =>
  hostsOf(evidence)
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    .sort();

function hostsOf({ objects }: Evidence): ConfigHostsObject[] {
  return objects.filter((object) => object.kind === 'ConfigHosts');
}

async function collected(options: CollectOptions, namespace: string | null = null, more: Partial<ApiServerOptions> = {}) {
  const world = await startWorld({ objects: OBJECTS, ...more });
  const api = await connect({ kubeconfig: world.kubeconfig }, { version: '0' });
  try {
    const evidence = await (namespace === null ? collectEverything(api, options) : collectAround(api, { namespace, names: [] }, options));
    return { evidence, lists: world.asked.map(({ url }) => url).filter((url) => /\/configmaps(\?|$)/.test(url)) };
  } finally {
    api.close();
    await world.end();
  }
}

describe('live', () => {
  test('in pages; only hosts are kept, and those of data planes stay whole', async () => {
    const { evidence, lists } = await collected({ configHosts: true });
    expect(lists.length).toBeGreaterThanOrEqual(3);
    expect(lists.every((url) => url.startsWith('/api/v1/configmaps?') && url.includes('limit=500'))).toBe(true);
    expect(hostsOf(evidence).find(({ metadata }) => metadata.name === 'api')?.hosts).toEqual({ 'app.yaml': ['app.example.com:443'] });
    expect(namesOf(evidence)).toEqual(['default/elsewhere', 'shop/api']);
    expect(JSON.stringify(evidence.objects)).not.toContain(PRIVATE);
    const plain = await collected({});
    expect(plain.lists).toEqual([]);
    const whole = (found: Evidence) =>
      found.objects
        .filter(({ kind }) => kind === 'ConfigMap')
        .map(({ metadata }) => metadata.name)
        .sort();
    expect(whole(evidence)).toEqual(whole(plain.evidence));
    expect([...evidence.complete].sort()).toEqual([...plain.evidence.complete].sort());
  });

  test('of one namespace where one is asked about', async () => {
    const { evidence, lists } = await collected({ configHosts: true }, 'shop');
    expect(lists.filter((url) => !url.startsWith('/api/v1/namespaces/shop/configmaps?'))).toEqual([]);
    expect(namesOf(evidence)).toEqual(['shop/api']);
  });

  test.for([null, 'shop'] as const)('refused (namespace %s): a gap, and everything else is there', async (namespace) => {
    const intercept: NonNullable<ApiServerOptions['intercept']> = ({ url = '' }, response) => {
      if (!/\/configmaps(\?|$)/.test(url)) return false;
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Forbidden', code: 403, message: 'no' }));
      return true;
    };
    const [refused, allowed] = [
      await collected({ configHosts: true }, namespace, { intercept }),
      await collected({ configHosts: true }, namespace),
    ];
    expect(refused.evidence.gaps).toEqual([{ what: 'hosts that ConfigMaps name', why: 'Forbidden: no' }]);
    expect(refused.evidence.objects).toEqual(allowed.evidence.objects.filter(({ kind }) => kind !== 'ConfigHosts'));
  });
});

describe('from files', () => {
  const yaml = `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  data:\n    app.yaml: |\n      password: ${PRIVATE}\n      url: https://app.example.com/x\n  kind: ConfigMap\n  metadata:\n    name: api\n    namespace: shop\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: shop}\n`;

  test.for([
    ['JSON', () => folder.write('a.json', listOf(OBJECTS)), ['default/elsewhere', 'shop/api']],
    ['YAML', () => folder.write('a.yaml', yaml), ['shop/api']],
  ] as const)('a snapshot in %s, where it is asked for', async ([, path, names]) => {
    const { evidence } = await readSnapshot(path(), { configHosts: true });
    expect(namesOf(evidence)).toEqual(names);
    expect(hostsOf(evidence).find(({ metadata }) => metadata.name === 'api')?.hosts).toEqual({ 'app.yaml': ['app.example.com:443'] });
    expect(JSON.stringify(evidence.objects)).not.toContain(PRIVATE);
    const plain = await readSnapshot(path());
    expect(hostsOf(plain.evidence)).toEqual([]);
    expect(plain.passedOver.kinds['ConfigMap']).toBeGreaterThan(0);
  });

  test('a manifest takes the place of what was read', async () => {
    const { evidence } = await readSnapshot(folder.write('b.json', listOf(OBJECTS)), { configHosts: true });
    const manifest = folder.write(
      'cm.yaml',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: api}\ndata: {url: "http://new.example.com"}\n',
    );
    const { manifests } = await readManifests([manifest], { namespace: 'shop' });
    const over = hostsOf(layOver(evidence, manifests).evidence).filter(({ metadata }) => metadata.name === 'api');
    expect(over.map(({ hosts }) => hosts)).toEqual([{ url: ['new.example.com:80'] }]);
  });
});

describe('a written snapshot', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'api-0', namespace: 'shop' },
    spec: {
      nodeName: 'worker-1',
      containers: [
        {
          name: 'main',
          envFrom: [{ configMapRef: { name: 'api' } }],
          env: [{ name: 'URL', valueFrom: { configMapKeyRef: { name: 'api', key: 'url' } } }],
        },
      ],
      volumes: [{ name: 'a', projected: { sources: [{ configMap: { name: 'api' } }] } }],
    },
  };
  let evidence: Evidence;
  beforeAll(async () => {
    const path = folder.write('c.json', listOf([...OBJECTS, pod]));
    ({ evidence } = await readSnapshot(path, { configHosts: true }));
  });

  test.for([
    ['plain', undefined],
    ['redacted', { chainHash }],
  ] as const)('%s: neither hosts of ConfigMaps nor what pods take from them', async ([name, redact]) => {
    expect(hostsOf(evidence)).toHaveLength(2);
    const path = `${folder.path}/out-${name}`;
    await writeSnapshot(evidence, path, { redact });
    const text = [...filesBelow(path).values()].join('\n');
    expect(text.match(/app\.example\.com|ConfigHosts|envFrom|configMapKeyRef|hunter2/g)).toBeNull();
    const again = await readSnapshot(path, { configHosts: true });
    expect(hostsOf(again.evidence)).toEqual([]);
    expect(again.evidence.objects).toHaveLength(evidence.objects.length - 2);
  });
});
