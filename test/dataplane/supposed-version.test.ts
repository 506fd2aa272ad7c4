import { expect, test } from 'vitest';
import { parseSupposed, shownVersion } from '../../src/dataplane/version.ts';

test.each([
  ['1.36', 36, 99, 'v1.36'],
  ['v1.29', 29, 99, 'v1.29'],
  ['1.33.5', 33, 5, 'v1.33.5'],
  ['v1.33.0', 33, 0, 'v1.33.0'],
])('%s: a minor version alone is its last patch, and is shown without one', (text, minor, patch, shown) => {
  const found = parseSupposed(text);
  expect(found).toMatchObject({ minor, patch });
  expect(shownVersion(found?.text ?? '')).toBe(shown);
});

test.each(['', '2.1', '1', 'nftables'])('%j is none', (text) => expect(parseSupposed(text)).toBeNull());
