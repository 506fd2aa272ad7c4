import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { PUBLISHED, schemaOf, schemaPath } from '../../scripts/generate-schema.ts';
import { nodePortLocal, SAMPLES } from './samples.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const committed = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test.for(PUBLISHED)('the published schema of $type is the one of its types', (published) => {
  expect(schemaOf(published, ROOT), 'types changed: generate the schemas anew').toBe(committed(schemaPath(published)));
});

describe('reports', () => {
  const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(
    JSON.parse(committed('schemas/service-report.schema.json')),
  );

  test.for(Object.entries(SAMPLES))('%s is valid', ([, build]) => {
    validate(JSON.parse(JSON.stringify(build())));
    expect(validate.errors).toBeNull();
  });

  test.for([
    ['a verdict that does not exist', { flows: nodePortLocal().flows.map((flow) => ({ ...flow, verdict: 'lost' })) }],
    ['an unknown field', { extra: true }],
    ['another version', { apiVersion: 'srcip.io/v1' }],
    ['a missing answer', { answer: undefined }],
  ] as const)('%s is not', ([, change]) => {
    expect(validate(JSON.parse(JSON.stringify({ ...nodePortLocal(), ...change })))).toBe(false);
  });
});
