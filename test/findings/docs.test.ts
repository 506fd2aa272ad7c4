import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bodyOf, findingsDocs, strayDocs } from '../../scripts/generate-findings-docs.ts';

const docs = findingsDocs(process.cwd());

test.each(docs.map(({ path, text }) => [path, text]))(
  '%s is what the rules say (node scripts/run-ts.mjs scripts/generate-findings-docs.ts --write)',
  (path, text) => {
    expect(readFileSync(path, 'utf8')).toBe(text);
  },
);

test('every finding is explained by hand', () => {
  const bare = docs.filter(({ path, text }) => !path.endsWith('README.md') && bodyOf(text).length < 100);
  expect(bare.map(({ path }) => path)).toEqual([]);
});

test('no document of a finding that does not exist', () => {
  expect(strayDocs(process.cwd())).toEqual([]);
});
