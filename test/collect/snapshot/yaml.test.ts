import fc from 'fast-check';
import yaml from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { expand, type Found } from '../../../src/collect/snapshot/found.ts';
import { wantsOf } from '../../../src/collect/snapshot/kinds.ts';
import { readJson } from '../../../src/collect/snapshot/read-json.ts';
import { readYaml } from '../../../src/collect/snapshot/read-yaml.ts';
import { loadYamlParser } from '../../../src/collect/snapshot/yaml-load.ts';

const wants = wantsOf(undefined);
const parse = await loadYamlParser();

/** What a plain parse of every document finds, without any shortcut. */
function fullParse(text: string): readonly Found[] {
  const documents: unknown[] = [];
  yaml.loadAll(text, (document) => documents.push(document), { schema: yaml.CORE_SCHEMA, json: true });
  return documents.flatMap((document) => [...expand(document, wants)]);
}

const objectsOf = (found: Iterable<Found>): readonly unknown[] => [...found].filter((one) => one.what === 'object');

/** Texts that look like structure when only lines are seen. */
const trap = fc.constantFrom(
  'kind: Service\nmetadata:\n  name: trap\n',
  '- kind: Node\n- x',
  '---\nkind: Pod',
  '# no comment',
  '\n\n  items:\n  - a\n',
  '...',
  'managedFields:\n- x',
  ' leading',
  'a: b',
  '{kind: Pod}',
  'x'.repeat(200),
  'word '.repeat(60),
  'it\'s "quoted"',
  '&anchor *alias',
  '\ttab',
  'yes',
  '1e3',
  '',
  '2024-01-01',
  'images:\n  - a\nimages:',
  '\\ \n\n\n end',
);
const kind = fc.constantFrom('Service', 'Node', 'Pod', 'EndpointSlice', 'ConfigMap', 'Deployment', 'Secret', 'Namespace');
const labels = fc.dictionary(fc.constantFrom('kind', 'items', 'app', 'managedFields', 'a.b/c'), trap, { maxKeys: 3 });
const managedFields = fc.array(fc.record({ manager: trap, fieldsV1: fc.record({ 'f:metadata': labels }) }), { maxLength: 2 });
const object = fc
  .record({
    kind,
    name: fc.constantFrom('web', 'kube-proxy', 'db-0'),
    annotations: labels,
    labels,
    managedFields,
    data: labels,
    script: trap,
  })
  .map((o) => ({
    apiVersion: o.kind === 'EndpointSlice' ? 'discovery.k8s.io/v1' : 'v1',
    data: o.data,
    kind: o.kind,
    metadata: {
      annotations: o.annotations,
      labels: o.labels,
      managedFields: o.managedFields,
      name: o.name,
      ownerReferences: [{ kind: 'Node', name: 'n' }],
    },
    spec: {
      containers: [{ name: o.script, args: [o.script] }],
      initContainers: [{ args: [o.script] }],
      nodeName: o.script,
      selector: o.labels,
    },
    status: {
      images: [{ names: [o.script] }],
      addresses: [{ type: o.script, address: o.script }],
      containerStatuses: [{ a: o.script }],
      podIP: o.script,
    },
  }));
const dumping = fc.record({
  indent: fc.constantFrom(2, 4),
  noArrayIndent: fc.boolean(),
  lineWidth: fc.constantFrom(-1, 40, 80),
  flowLevel: fc.constantFrom(-1, -1, 1, 3, 4),
  forceQuotes: fc.boolean(),
  sortKeys: fc.boolean(),
});
const shaped = fc.oneof(
  object,
  fc.array(object, { maxLength: 4 }),
  fc.array(object, { maxLength: 4 }).map((items) => ({ apiVersion: 'v1', items, kind: 'List', metadata: {} })),
  fc.tuple(kind, fc.array(object, { maxLength: 3 })).map(([of, items]) => ({
    kind: `${of}List`,
    apiVersion: of === 'EndpointSlice' ? 'discovery.k8s.io/v1' : 'v1',
    items: items.map(({ kind: _kind, apiVersion: _version, ...rest }) => rest),
  })),
);

describe('reading by outline', () => {
  test('finds in any YAML the same objects as a full parse', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(shaped, dumping), { minLength: 1, maxLength: 3 }), (documents) => {
        const text = documents.map(([value, options]) => `---\n${yaml.dump(value, { schema: yaml.CORE_SCHEMA, ...options })}`).join('');
        expect(objectsOf(readYaml(text, parse, wants))).toEqual(objectsOf(fullParse(text)));
      }),
      { numRuns: 500 },
    );
  });

  test('finds in any JSON the same objects, in one piece and item by item', () => {
    fc.assert(
      fc.property(fc.array(shaped, { minLength: 1, maxLength: 3 }), fc.constantFrom(undefined, 2, 4), (values, indent) => {
        const text = values.map((value) => JSON.stringify(value, null, indent)).join('\n');
        const expected = objectsOf(values.flatMap((value) => [...expand(value, wants)]));
        expect(objectsOf(readJson(text, wants))).toEqual(expected);
        expect(objectsOf(readJson(text, wants, 0))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});

const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\n';
/** A kind whose spec is kept as it is. */
const CUSTOM = 'apiVersion: projectcalico.org/v3\nkind: FelixConfiguration\nmetadata: {name: default}\n';

test.for([
  ['an unknown tag', 'spec:\n  a: !vault |-\n    secret\n', { a: 'secret' }],
  ['a tag that would build something', 'spec: {a: !!js/function "return 1"}\n', { a: 'return 1' }],
  ['an empty unknown tag', 'spec: {a: !x }\n', { a: null }],
  ['a date', 'spec: {a: 2024-01-01T00:00:00Z}\n', { a: '2024-01-01T00:00:00Z' }],
  ['a key given twice', 'spec: {a: 1}\nspec: {a: 2}\n', { a: 2 }],
  ['a merge key', 'x: &x {a: 1, b: 1}\nspec: {<<: *x, b: 2}\n', { a: 1, b: 2 }],
  ['a prototype key', 'spec: {__proto__: {a: 1}}\n', JSON.parse('{"__proto__":{"a":1}}')],
] as const)('%s does no harm', ([, text, spec]) => {
  expect(objectsOf(readYaml(CUSTOM + text, parse, wants))).toEqual([
    expect.objectContaining({ object: expect.objectContaining({ spec }) }),
  ]);
  expect(({} as Record<string, unknown>)['a']).toBeUndefined();
});

const levels = (line: (i: number) => string): string => Array.from({ length: 40 }, (_, i) => line(i)).join('');

test.for([
  [
    'aliases of aliases',
    `a0: &a0 [x, x, x]\n${levels((i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]\n`)}spec: {a: *a40}\n`,
    /expand to far more/,
  ],
  ['an alias of itself', 'spec: &a {b: *a}\n', /expand to far more|malformed/],
  ['merges without end', `a: &a {${levels((i) => `k${i}: 1, `)}}\n${'b: {<<: *a}\n'.repeat(3000)}spec: {}\n`, /too many merge keys/],
  ['brackets without end', `spec: ${'['.repeat(200_000)}\n`, /nested too deeply/],
] as const)('a bomb of %s is a broken document', ([, text, why]) => {
  const found = [...readYaml(SERVICE + text, parse, wants)];
  expect(found).toEqual([expect.objectContaining({ what: 'broken', why: expect.stringMatching(why), kinds: ['Service'] })]);
});

test('JSON nested without end is not kept', () => {
  const text = `{"apiVersion":"projectcalico.org/v3","kind":"FelixConfiguration","metadata":{"name":"default"},"spec":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`;
  expect([...readJson(text, wants)]).toEqual([{ what: 'passed', kind: 'FelixConfiguration', count: 1 }]);
});
