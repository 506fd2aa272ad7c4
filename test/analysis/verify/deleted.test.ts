import { join } from 'node:path';
import { expect, test } from 'vitest';
import { caseFolders, dumpsOf } from '../../expected/support.ts';
import { allOf, brief, differencesOf } from './support.ts';

const dumps = caseFolders(join(import.meta.dirname, '../../expected/cases')).flatMap(dumpsOf);

test.for(dumps.map((dump) => [dump.about, dump] as const))('%s: each rule that is deleted is missing, and nothing else', ([, dump]) => {
  const lines = dump.text.split('\n');
  const rules = lines.flatMap((line, index) => (/^-A .*KUBE-/.test(line) ? [index] : []));
  expect(rules.length).toBeGreaterThan(15);
  for (const index of rules) {
    const line = lines[index] ?? '';
    const found = differencesOf(allOf(dump, lines.filter((_line, at) => at !== index).join('\n')));
    expect(found.map(brief), line).toEqual(maySilentlyGo(line, dump.about) ? [] : [expect.stringMatching(`^missing in `)]);
    if (found[0] !== undefined) expect(found[0].line).toBe(line);
  }
});

/**
 * Since 1.29 invalid packets may be let pass (tcpBeLiberal); a note does nothing; where node ports are not served on loopback, its guard is
 * the kubelet's.
 */
function maySilentlyGo(line: string, about: string): boolean {
  if (line.includes('"block incoming localnet connections"')) return about.startsWith('node-port-addresses');
  return line.includes('--ctstate INVALID') || !line.includes(' -j ');
}
