import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Verdict } from '../../src/analysis/report.ts';
import { flowsOfCases } from './support/reasons-of-cases.ts';

const root = process.cwd();
const FOLDER = join('docs', 'verdicts');
const VERDICTS = [
  'delivered',
  'no-reply',
  'rejected',
  'dropped',
  'unhandled',
  'partial',
  'undetermined',
] as const satisfies readonly Verdict[];

/** Files that give flows their reasons. */
const SOURCES = [
  ...readdirSync(join(root, 'src', 'kubeproxy')).map((name) => join('src', 'kubeproxy', name)),
  'src/analysis/flows.ts',
  'src/analysis/traced-flow.ts',
  'src/whatif/agree.ts',
];
const WORD = /'(?<word>[a-z][a-z0-9-]+)'/g;

/** The codes of a source text: what stands behind `code:` and as the first argument of `plain(`. */
function codesIn(text: string): string[] {
  const places = [...text.matchAll(/\bcode: (?<where>[^`,\n]*),|\bplain\(\s*(?<first>[^,]*),/g)];
  return places.flatMap(({ groups }) =>
    [...(groups?.['where'] ?? groups?.['first'] ?? '').matchAll(WORD)].map((match) => match.groups?.['word'] ?? ''),
  );
}

function codesOfSource(): Set<string> {
  const found = SOURCES.flatMap((path) => codesIn(readFileSync(join(root, path), 'utf8')));
  // Built from two parts there; kube-proxy's refusals have no policy.
  expect(readFileSync(join(root, 'src', 'analysis', 'traced-flow.ts'), 'utf8')).toContain('-by-$');
  return new Set([...found, 'dropped-by-rule', 'dropped-by-policy', 'rejected-by-rule']);
}

function codesOfPages(): { readonly code: string; readonly page: string }[] {
  return readdirSync(join(root, FOLDER)).flatMap((page) =>
    [...readFileSync(join(root, FOLDER, page), 'utf8').matchAll(/^\| `(?<code>[a-z][a-z0-9-]+)` \|/gm)]
      .map((match) => match.groups?.['code'] ?? '')
      .filter((code) => code !== 'null')
      .map((code) => ({ code, page })),
  );
}

test('each verdict has a page, and the overview leads to each', () => {
  expect(readdirSync(join(root, FOLDER)).sort()).toEqual(VERDICTS.map((verdict) => `${verdict}.md`).sort());
  const overview = readFileSync(join(root, 'docs', 'verdicts.md'), 'utf8');
  expect(VERDICTS.filter((verdict) => !overview.includes(`(verdicts/${verdict}.md)`))).toEqual([]);
});

test('each page has the condition, what the client sees and what to do', () => {
  const bare = VERDICTS.filter((verdict) => {
    const text = readFileSync(join(root, FOLDER, `${verdict}.md`), 'utf8');
    return !text.includes('## Condition') || !text.includes('## What to do') || !text.includes('## See it');
  });
  expect(bare).toEqual([]);
});

test('the pages name every reason that the program gives, and no other', () => {
  const documented = new Set(codesOfPages().map(({ code }) => code));
  expect([...documented].sort()).toEqual([...codesOfSource()].sort());
});

test('no reason stands in two pages', () => {
  const codes = codesOfPages().map(({ code }) => code);
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
});

test('in recorded clusters a reason of a page comes with the verdict of that page', () => {
  const pageOf = new Map(codesOfPages().map(({ code, page }) => [code, page.replace(/\.md$/, '')]));
  // What happened on the way there stands beside the end that it led to.
  const passing = new Set([...pageOf].filter(([, page]) => page === 'delivered').map(([code]) => code));
  const flows = flowsOfCases();
  expect(flows.length).toBeGreaterThan(1000);
  const wrong = flows.flatMap(({ verdict, codes }) =>
    verdict === 'partial'
      ? []
      : codes.filter((code) => pageOf.get(code) !== verdict && !passing.has(code)).map((code) => `${verdict}: ${code}`),
  );
  expect([...new Set(wrong)]).toEqual([]);
  const decisive = flows.filter(
    ({ verdict, codes }) => verdict !== 'delivered' && verdict !== 'partial' && !codes.some((code) => pageOf.get(code) === verdict),
  );
  expect(decisive).toEqual([]);
});
