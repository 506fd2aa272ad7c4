import { expect, test } from 'vitest';
import { readSnapshot, type SnapshotOptions } from '../../../src/collect/snapshot/read-snapshot.ts';
import { fileOf, folderOf, namesIn, SERVICE_YAML, service } from './fixtures.ts';

async function read(name: string, content: string, options: SnapshotOptions = {}) {
  const { evidence, passedOver } = await readSnapshot(fileOf(name, content), options);
  return { evidence, passedOver, names: namesIn(evidence), gaps: evidence.gaps };
}

const ONE_TWO = ['Service shop/one', 'Service shop/two'];
const [one, two] = [JSON.stringify(service('one')), JSON.stringify(service('two'))];
const [ONE, TWO] = [SERVICE_YAML.replace('web', 'one'), SERVICE_YAML.replace('web', 'two')];
const indented = (yaml: string): string => `- ${yaml.trimEnd().replaceAll('\n', '\n  ')}\n`;
const bare = (name: string): string => JSON.stringify({ metadata: { name, namespace: 'shop' } });

test.for([
  ['multi-document YAML', `# two\n---\n${ONE}---\n${TWO}...\n`],
  ['YAML with a directive and inline document starts', `%YAML 1.2\n--- # first\n${ONE}---\n# second\n${TWO}`],
  ['a List in YAML', `apiVersion: v1\nitems:\n${indented(ONE)}${indented(TWO)}kind: List\nmetadata: {}\n`],
  [
    'a List in YAML with indented items',
    `kind: List\napiVersion: v1\nitems:\n    - ${ONE.trim().replaceAll('\n', '\n      ')}\n    # and\n\n    - ${TWO.trim().replaceAll('\n', '\n      ')}\n`,
  ],
  [
    'a typed list in YAML',
    'apiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: one, namespace: shop}\n- metadata:\n    name: two\n    namespace: shop\n',
  ],
  ['a YAML array', `${indented(ONE)}${indented(TWO)}`],
  [
    'YAML in flow style',
    '{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Service, metadata: {name: one, namespace: shop}},\n{apiVersion: v1, kind: Service, metadata: {name: two, namespace: shop}}]}',
  ],
  ['a JSON document and a YAML document', `${one}\n---\n${TWO}`],
  [
    'quoted keys and kinds',
    `"apiVersion": "v1"\n"kind": "Service" # here\nmetadata: {name: one, namespace: shop}\n---\n'kind': 'Service'\n'apiVersion': v1\nmetadata: {name: two, namespace: shop}\n`,
  ],
  [
    'an alias into another item',
    'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: &m {name: one, namespace: shop}\n- apiVersion: v1\n  kind: Service\n  metadata: {<<: *m, name: two}\n',
  ],
  [
    'an anchor in a part that is not read',
    `apiVersion: v1\nkind: Service\nmetadata:\n  managedFields:\n  - &x shop\n  name: one\n  namespace: *x\n---\n${TWO}`,
  ],
  ['a List in JSON', `{"kind":"List","apiVersion":"v1","items":[${one},${two}]}`],
  ['a typed list in JSON', `{"kind":"ServiceList","apiVersion":"v1","items":[${bare('one')},${bare('two')}]}`],
  ['a list without a kind', `{"items":[${one},${two}]}`],
  ['a JSON array', `[${one},${two}]`],
  ['JSON documents one after the other', `${one}\n${JSON.stringify(service('two'), null, 2)}\n`],
] as const)('%s gives its objects', async ([, content]) => {
  const { names, gaps } = await read('file.yaml', content);
  expect(names).toEqual(ONE_TWO);
  expect(gaps).toEqual([]);
});

test('the output of cluster-info dump is read around its logs, whatever they hold', async () => {
  const log = `==== START logs for container c of pod kube-system/p ====\n${two}\n{"kind": broken\nno line feed==== END logs for container c of pod kube-system/p ====\n`;
  const typed = `{"kind":"ServiceList","apiVersion":"v1","items":[${bare('one')}]}`;
  const { names, gaps } = await read(
    'dump',
    `${typed}\n${log}{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"n"}}]}\n${log}{"kind":"Pod"\n`,
  );
  expect(names).toEqual(['Node -/n', 'Service shop/one']);
  expect(gaps).toEqual([{ what: 'dump line 11', why: 'the JSON value that begins here has no end' }]);
});

test('a broken document is a gap with its line, the others are read, and its kind is not complete', async () => {
  const node = 'apiVersion: v1\nkind: Node\nmetadata:\n  name: n\n';
  const { names, gaps, evidence } = await read('all.yaml', `${ONE}---\n${node}---\n${ONE}bad: [1\n---\n${TWO}`);
  expect(names).toEqual(['Node -/n', ...ONE_TWO]);
  expect(gaps).toHaveLength(1);
  expect(gaps[0]?.what).toMatch(/^all\.yaml line 2[12]$/);
  expect(gaps[0]?.why).toMatch(/^malformed YAML: /);
  expect([...evidence.complete]).toEqual(['Node']);
});

test('a broken item of a list is a gap, the other items are read', async () => {
  const yaml = await read(
    'a.yaml',
    `apiVersion: v1\nkind: List\nitems:\n${indented(ONE)}- kind: Service\n  apiVersion: v1\n  spec: {a\n${indented(TWO)}`,
  );
  expect(yaml.names).toEqual(ONE_TWO);
  expect(yaml.gaps.map((gap) => gap.what)).toEqual([expect.stringMatching(/^a\.yaml line 1[3-6]$/)]);
  const json = await read('a.json', `{"kind":"List","apiVersion":"v1","items":[\n${one},\n{"kind":"Service" "apiVersion":"v1"},\n${two}]}`);
  expect(json.names).toEqual(ONE_TWO);
  expect(json.gaps).toEqual([{ what: 'a.json line 3', why: expect.stringMatching(/^malformed JSON: /) }]);
});

test('a list that is cut short gives what it holds and a gap', async () => {
  const { names, gaps, evidence } = await read(
    'cut.json',
    `{"apiVersion":"v1","kind":"ServiceList","items":[${bare('one')},${bare('two')},{"metadata":{"na`,
  );
  expect(names).toEqual(ONE_TWO);
  expect(gaps).toEqual([{ what: 'cut.json line 1', why: 'the JSON value that begins here has no end' }]);
  expect([...evidence.complete]).toEqual([]);
});

test('after very many broken parts the rest is given up, and the kinds in it are not complete', async () => {
  const node = 'apiVersion: v1\nkind: Node\nmetadata: {name: n}\n';
  const yaml = await read('a.yaml', `${node}---\nkind: List\nitems:\n${'- kind: Service\n  spec: [\n'.repeat(30)}- kind: Node\n`);
  const json = await read(
    'a.json',
    `[{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}}]\n${'{"kind":"Service"\n'.repeat(30)}{"kind":"Node"}`,
  );
  for (const { gaps, evidence } of [yaml, json]) {
    expect(gaps).toHaveLength(21);
    expect(gaps.at(-1)?.why).toBe('too much before this is broken, the rest is not read');
    expect([...evidence.complete]).toEqual([]);
  }
});

test('what is broken and speaks of no known kind is passed over without a gap', async () => {
  const root = folderOf({
    'web.yaml': SERVICE_YAML,
    'chart.yaml': 'kind: Job\n{{ x }}\n',
    'err.json': 'error: forbidden',
    'x.json': '{"a":',
  });
  const { evidence, passedOver } = await readSnapshot(root);
  expect(evidence.gaps).toEqual([]);
  expect(passedOver.files).toBe(3);
});

test.for([
  ['9', '10', '10'],
  ['10', '9', '10'],
  ['abc', '10', 'abc'],
  [undefined, '10', ''],
] as const)('of two copies with versions %s and %s the one with %s is kept', async ([first, second, kept]) => {
  const copy = (resourceVersion: string | undefined): Record<string, unknown> =>
    service('web', { resourceVersion, uid: resourceVersion ?? '' });
  const { evidence } = await read('a.json', JSON.stringify([copy(first), copy(second)]));
  expect(evidence.objects.map((object) => object.metadata.uid)).toEqual([kept]);
});

test('an EndpointSlice of v1 is kept before one of v1beta1, whatever their versions', async () => {
  const slice = (version: string, resourceVersion: string): unknown => ({
    apiVersion: `discovery.k8s.io/${version}`,
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'shop', resourceVersion },
  });
  for (const pair of [
    [slice('v1', '5'), slice('v1beta1', '6')],
    [slice('v1beta1', '6'), slice('v1', '5')],
  ]) {
    const { evidence } = await read('a.json', JSON.stringify(pair));
    expect(evidence.objects.map((object) => object.apiVersion)).toEqual(['discovery.k8s.io/v1']);
  }
});

test('objects of one name in different groups are different objects', async () => {
  const network = (group: string): unknown => ({ apiVersion: `${group}/v1`, kind: 'Network', metadata: { name: 'cluster' } });
  const { evidence } = await read('a.json', JSON.stringify([network('config.openshift.io'), network('operator.openshift.io')]));
  expect(evidence.objects).toHaveLength(2);
});

test('complete names the kinds that were found, and only wanted kinds are read', async () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop' } };
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [service('web'), pod] });
  const all = await read('a.json', list);
  expect([...all.evidence.complete].sort()).toEqual(['Pod', 'Service']);
  const wanted = await read('a.json', list, { wanted: new Set(['Service']) });
  expect(wanted.names).toEqual(['Service shop/web']);
  expect(wanted.passedOver.kinds).toEqual({ Pod: 1 });
});

test('only ConfigMaps that describe a data plane are kept, written in any order', async () => {
  const map = (name: string): string =>
    `- apiVersion: v1\n  data:\n    config.yaml: |\n      name: kube-proxy\n      mode: ipvs\n  kind: ConfigMap\n  metadata:\n    name: ${name}\n    namespace: kube-system\n`;
  const yaml = await read('a.yaml', `apiVersion: v1\nkind: List\nitems:\n${map('kube-proxy')}${map('other')}${map('"kubeadm-config"')}`);
  expect(yaml.names).toEqual(['ConfigMap kube-system/kube-proxy', 'ConfigMap kube-system/kubeadm-config']);
  expect(yaml.passedOver.kinds).toEqual({ ConfigMap: 1 });
});

test('kinds that are names of built-in properties are only counted', async () => {
  const { passedOver } = await read(
    'a.json',
    JSON.stringify([service('web'), { apiVersion: 'v1', kind: '__proto__' }, { apiVersion: 'v1', kind: 'constructor' }]),
  );
  expect(passedOver.objects).toBe(2);
  expect(Object.keys(passedOver.kinds).sort()).toEqual(['__proto__', 'constructor']);
});
