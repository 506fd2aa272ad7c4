import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { SCHEMA_PATH, serviceReportSchema } from '../../scripts/generate-schema.ts';
import { nodePortLocal, SAMPLES } from './samples.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const committed = readFileSync(new URL(`../../${SCHEMA_PATH}`, import.meta.url), 'utf8');

test('the published schema is the one of the types', () => {
  expect(serviceReportSchema(ROOT), 'types changed: generate the schema anew').toBe(committed);
});

describe('reports', () => {
  const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(JSON.parse(committed));

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
