import { expect, test } from 'vitest';
import { SERVICE_FIELDS } from '../../src/complete/service-fields.ts';
import { withField } from '../../src/whatif/fields.ts';

const SPEC = { type: 'NodePort', ports: [{ port: 80 }] } as const;

test('whatif takes every field and value that is offered', () => {
  for (const [field, values] of Object.entries(SERVICE_FIELDS))
    for (const value of values ?? [])
      expect(withField(SPEC, field, value)).toMatchObject({ [field]: value === 'true' ? true : value === 'false' ? false : value });
});

test('every field that whatif takes is offered', () => {
  let said = '';
  try {
    withField(SPEC, 'qqqqqqqqqqqqqqqqqqqqqqqq', '');
  } catch (error) {
    said = String((error as { readonly hint?: string }).hint);
  }
  expect(
    said
      .replace(/^use /, '')
      .replace(/, or -f FILE$/, '')
      .split(', ')
      .sort(),
  ).toEqual(Object.keys(SERVICE_FIELDS).sort());
});
