import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CODES, findingNamed } from '../../src/findings/codes.ts';
import { codeOf, RULES } from '../../src/findings/registry.ts';

const files = readdirSync('src/findings', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /^SIP\d{3}-/.test(entry.name))
  .map(({ parentPath, name }) => ({ name: name.replace(/\.ts$/, ''), folder: parentPath.split('/').at(-1) ?? '' }));

test('codes and ids are unique, and of the classes that there are', () => {
  const codes = Object.values(CODES);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.filter((code) => !/^SIP[1-49]\d\d$/.test(code))).toEqual([]);
});

test('rules are sorted by code, each once', () => {
  const codes = RULES.map(codeOf);
  expect(codes).toEqual([...new Set(codes)].sort());
});

test('every file is a rule, every rule has a file that is called by its code and id', () => {
  expect(files.map(({ name }) => name).sort()).toEqual(RULES.map((rule) => `${codeOf(rule)}-${rule.id}`).sort());
});

test('every rule has a test that names it', () => {
  const tests = readdirSync('test/findings', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map(({ parentPath, name }) => readFileSync(`${parentPath}/${name}`, 'utf8'))
    .join('\n');
  expect(RULES.map(({ id }) => id).filter((id) => !tests.includes(id))).toEqual([]);
});

test('what a rule folds under exists, and not itself', () => {
  for (const { id, foldsUnder = [] } of RULES) expect(foldsUnder.filter((cause) => cause === id || !(cause in CODES))).toEqual([]);
});

test('titles fit behind a code', () => {
  expect(RULES.filter(({ title }) => title.length > 100 || /[.:]$/.test(title)).map(({ id }) => id)).toEqual([]);
});

test('a finding by code or id', () => {
  expect([findingNamed('sip103'), findingNamed('Local-Node-Without-Endpoint'), findingNamed('SIP1')]).toEqual([
    'local-node-without-endpoint',
    'local-node-without-endpoint',
    null,
  ]);
});
