import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { caseFolders, dumpsOf } from '../../expected/support.ts';
import { allOf, brief, differencesOf } from './support.ts';

const COMMITTED = [join(import.meta.dirname, '../../expected/cases'), join(import.meta.dirname, '../../corpus')];
const CORPUS = join(import.meta.dirname, '../../../../shared/corpus');
/** Its rules were written by hand, as somebody without kube-proxy would. */
const NOT_KUBE_PROXYS = ['scenario-raw-rules'];

const folders = [...COMMITTED, CORPUS].flatMap(caseFolders).filter((path) => !NOT_KUBE_PROXYS.some((name) => path.endsWith(name)));
const dumps = folders.flatMap(dumpsOf);

test.skipIf(!existsSync(CORPUS))('the recorded corpus is there', () => {
  expect(dumps.length).toBeGreaterThan(300);
});

describe('untouched dumps', () => {
  test.for(dumps.map((dump) => [dump.about, dump] as const))('%s: no difference', ([, dump]) => {
    const results = allOf(dump);
    expect(results.map((result) => result.mode.kind)).not.toContain('unknown');
    expect(differencesOf(results).map(brief)).toEqual([]);
    expect(results.flatMap((result) => result.gaps)).toEqual([]);
    expect(results[0]?.settings.filter((setting) => setting.contradicts !== null)).toEqual([]);
  });
});
