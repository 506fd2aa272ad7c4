import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { loadAll } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { readAssertions } from '../../src/assert/read.ts';
import { document, refusal } from './support.ts';

const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(JSON.parse(file('schemas/flow-assertions.schema.json')));
const GOOD = '  - {from: external, to: nodePort, expect: {verdict: delivered}}\n';

describe('what is wrong with a file, and where', () => {
  test.for([
    // text, file and line, message, hint; whether a schema can tell
    [
      document(GOOD.replace('delivered', 'deliverd')),
      'flows.yaml:5',
      'flows[0].expect.verdict cannot be "deliverd"',
      'did you mean "delivered"',
      true,
    ],
    [document(GOOD.replace('to:', 'too:')), 'flows.yaml:5', 'flows[0].too is no field here', 'did you mean "to"', true],
    [
      document(`${GOOD}  - from: extern\n    to: nodePort\n    expect: {verdict: delivered}\n`),
      'flows.yaml:6',
      'flows[1].from "extern" is no client',
      'external=IP',
      false,
    ],
    [
      document('  - from: external\n    to: somewhere\n    expect: {verdict: delivered}\n'),
      'flows.yaml:6',
      'flows[0].to "somewhere" is no target',
      'clusterIP',
      false,
    ],
    [document('  - from: external\n    to: nodePort\n'), 'flows.yaml:5', 'flows[0].expect is missing', 'verdict', true],
    [document('  - from: external\n    to: nodePort\n    expect: {}\n'), 'flows.yaml:7', 'flows[0].expect is empty', 'verdict', true],
    [
      document('  - from: external\n    to: nodePort\n    expect:\n      source: kept\n'),
      'flows.yaml:8',
      'source cannot be "kept"',
      'preserved',
      true,
    ],
    [
      document('  - from: external\n    to: nodePort\n    expect:\n      sourceAddress: nobody\n'),
      'flows.yaml:8',
      'sourceAddress cannot be "nobody"',
      'IP address',
      false,
    ],
    [
      document('  - from: external\n    to: nodePort\n    expect:\n      minShare:\n        node/node1: 50\n'),
      'flows.yaml:9',
      'has to be a number from 0 to 1, not 50',
      '',
      true,
    ],
    [
      document('  - from: external\n    to: nodePort\n    expect:\n      maxShare:\n        service/x: 0.5\n'),
      'flows.yaml:9',
      'names no endpoint',
      'node/NAME',
      false,
    ],
    [
      document('  - from: external\n    to: nodePort\n    via: "-x"\n    expect: {verdict: dropped}\n'),
      'flows.yaml:7',
      'via cannot be "-x"',
      'a node',
      false,
    ],
    [document('  - 17\n'), 'flows.yaml:5', 'flows[0] has to be a mapping, not 17', 'from, to', true],
    [document('  []\n'), 'flows.yaml:4', 'flows has to be a list', 'from, to', true],
    [document(GOOD, '[web]'), 'flows.yaml:3', 'service has to be a text, not a list', '', true],
    [document(GOOD, 'a/b/c'), 'flows.yaml:3', 'service cannot be "a/b/c"', 'NAMESPACE/NAME', true],
    [document(GOOD, '"web; rm -rf"'), 'flows.yaml:3', 'service cannot be', 'NAMESPACE/NAME', true],
    [document(GOOD).replace('v1alpha1', 'v2'), 'flows.yaml:1', 'apiVersion has to be srcip.io/v1alpha1', 'kind: FlowAssertions', true],
    [document(GOOD).replace('FlowAssertions', 'Service'), 'flows.yaml:2', 'kind has to be FlowAssertions', 'apiVersion', true],
    [`${document(GOOD)}---\nkind: FlowAssertions\n`, 'flows.yaml:', 'apiVersion has to be srcip.io/v1alpha1, not nothing', '', true],
  ] as const)('%#', ([text, where, message, hint, bySchema]) => {
    const said = refusal(text);
    expect(said).toContain(where);
    expect(said).toContain(message);
    expect(said).toContain(hint);
    if (bySchema) expect(loadAll(text).every((each) => validate(each))).toBe(false);
  });

  test('no YAML, with its line', () => {
    expect(refusal('apiVersion: srcip.io/v1alpha1\nkind: [\n')).toMatch(/^flows\.yaml:[23]: /);
    expect(refusal('a: 1\na: 2\n')).toContain('flows.yaml:2: duplicated mapping key');
    expect(refusal('')).toContain('holds no document');
    expect(refusal('just text')).toContain('has to be a mapping, not "just text"');
  });

  test('the line is that of the field, also behind comments, lists and other documents', () => {
    const text = `# a comment\n\n${document(GOOD)}---\n# another\n${document(`  # third\n  - name: x\n    from:\n      - external\n      - nobody\n    to: nodePort\n    expect: {verdict: dropped}\n`)}`;
    expect(refusal(text)).toContain(`flows.yaml:${text.split('\n').findIndex((line) => line === '    from:') + 1}: flows[0].from "nobody"`);
  });
});

describe('the examples', () => {
  const folder = new URL('../../examples/flows', import.meta.url).pathname;

  test.for(readdirSync(folder))('%s is as the schema says, and can be read', (name) => {
    const text = file(`examples/flows/${name}`);
    for (const each of loadAll(text)) {
      validate(each);
      expect(validate.errors).toBeNull();
    }
    expect(readAssertions(text, name).length).toBe(loadAll(text).length);
  });
});
