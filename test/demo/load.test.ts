import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isRecord, type Json, records, text, texts, valueAt } from '../../src/demo/json.ts';
import { demoClusterNames, loadDemoCluster, loadObjects } from '../../src/demo/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'srcip-load-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string): string {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, content);
  return path;
}

test('items of a typed list take its kind', () => {
  const path = file('{"kind":"ServiceList","apiVersion":"v1","items":[{"metadata":{"name":"a"}}]}');
  expect(loadObjects(path)).toEqual([{ kind: 'Service', apiVersion: 'v1', metadata: { name: 'a' } }]);
});

test('a single object is a cluster of one', () => {
  expect(loadObjects(file('{"kind":"Node","apiVersion":"v1","metadata":{"name":"n"}}'))).toHaveLength(1);
});

test.for([
  ['not JSON', '{"kind": \u001b[31m', /^cannot read cluster file [^\u001b]*$/],
  ['no object', '[1,2]', /holds no Kubernetes object$/],
] as const)('%s is a failure in one clean line', ([, content, message]) => {
  expect(() => loadObjects(file(content))).toThrow(message);
});

test.for(['nope', '../package', ''])('there is no demo cluster %j', (name) => {
  expect(() => loadDemoCluster(name)).toThrow('no demo cluster');
});

test.for(demoClusterNames())('the demo cluster %s is consistent', (name) => {
  const objects = loadDemoCluster(name);
  const of = (kind: string): Json[] => objects.filter((object) => object['kind'] === kind);
  const byKey = new Map(objects.map((object) => [keyOf(object), object]));
  const nodes = new Set(of('Node').map((node) => valueAt(node, 'metadata.name')));
  expect(byKey.size).toBe(objects.length);
  expect(new Set(objects.map((object) => valueAt(object, 'metadata.uid'))).size).toBe(objects.length);
  for (const pod of of('Pod')) expect(nodes).toContain(valueAt(pod, 'spec.nodeName'));
  const addresses = of('Pod')
    .filter((pod) => valueAt(pod, 'spec.hostNetwork') !== true)
    .map((pod) => valueAt(pod, 'status.podIP'));
  expect(new Set(addresses).size).toBe(addresses.length);
  for (const slice of of('EndpointSlice')) {
    for (const endpoint of records(slice['endpoints']).filter((candidate) => isRecord(candidate['targetRef']))) {
      const pod = byKey.get(`Pod ${text(valueAt(endpoint, 'targetRef.namespace'))}/${text(valueAt(endpoint, 'targetRef.name'))}`) ?? {};
      expect([valueAt(pod, 'status.podIP')]).toEqual(texts(endpoint['addresses']));
      expect(valueAt(pod, 'spec.nodeName')).toBe(endpoint['nodeName']);
      expect(valueAt(pod, 'metadata.uid')).toBe(valueAt(endpoint, 'targetRef.uid'));
    }
  }
});

function keyOf(object: Json): string {
  return `${text(object['kind'])} ${text(valueAt(object, 'metadata.namespace'))}/${text(valueAt(object, 'metadata.name'))}`;
}

test('the demo trap: policy Local, and workers without an endpoint', () => {
  const objects = loadDemoCluster();
  const service =
    objects.find((object) => object['kind'] === 'Service' && valueAt(object, 'metadata.name') === 'ingress-nginx-controller') ?? {};
  const slice =
    objects.find((object) => object['kind'] === 'EndpointSlice' && valueAt(object, 'metadata.namespace') === 'ingress-nginx') ?? {};
  expect(valueAt(service, 'spec.externalTrafficPolicy')).toBe('Local');
  expect(records(slice['endpoints']).map((endpoint) => endpoint['nodeName'])).toEqual(['worker-1', 'worker-3']);
});
