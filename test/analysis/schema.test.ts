import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { explain } from '../../src/analysis/explain.ts';
import type { ServiceReport } from '../../src/analysis/report.ts';
import { evidenceOf, nodes, service, slice, webOn } from '../cluster/objects.ts';
import { caseFolders, loadCase } from '../support/cases.ts';
import { ask } from './ask.ts';

const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(
  JSON.parse(file('schemas/service-report.schema.json')),
);

function expectSound(report: ServiceReport): void {
  validate(JSON.parse(JSON.stringify(report)));
  expect(validate.errors).toBeNull();
  for (const flow of report.flows) {
    const sum = flow.branches.reduce((total, branch) => total + branch.share, 0);
    if (flow.verdict === 'undetermined') expect(flow.branches).toEqual([]);
    else expect(sum).toBeCloseTo(1, 9);
    for (const branch of flow.branches)
      expect(branch.endpoint === null).toBe(branch.outcome !== 'delivered' && branch.outcome !== 'no-reply');
    expect(flow.to.address).not.toBe('');
  }
  expect(report.answer.text).toMatch(/^[A-Z0-9].*\.$/);
}

interface Named {
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
}

describe('the demo cluster', () => {
  const items: Named[] = JSON.parse(file('demo/cluster.json')).items;
  const proxied = items.filter((item) => item.kind === 'Service' && !['db', 'mail'].includes(item.metadata.name));

  test.for(proxied.map(({ metadata }) => [`${metadata.namespace}/${metadata.name}`] as const))('%s', ([name]) => {
    expectSound(ask(items, { service: name }));
  });
});

describe('recorded clusters', () => {
  const folders = caseFolders(new URL('../corpus', import.meta.url).pathname).filter((_, index) => index % 8 === 0);

  test.for(folders.map((folder) => [folder.slice(folder.lastIndexOf('/') + 1), folder] as const))('%s', ([, folder]) => {
    const { evidence, services } = loadCase(folder);
    for (const { metadata } of services) expectSound(explain(evidence, { ...metadata, from: [], to: [], via: [], port: null }));
  });
});

test('a report that knows little is as sound', () => {
  expectSound(ask([...nodes(2), service({ spec: { externalTrafficPolicy: 'Local' } }), slice([webOn(1)])]));
  expectSound(ask([...nodes(30), service(), slice([])]));
  expect(evidenceOf([]).objects).toEqual([]);
});
