import { describe, expect, test } from 'vitest';
import { codeOf, RULES } from '../../src/findings/registry.ts';
import { caseFolders, loadCase, type RecordedCase } from '../support/cases.ts';
import { type HeldCase, holdCase } from '../support/claims.ts';
import { DECORATIONS, decorated } from '../support/decorate.ts';
import { NEVER_RECORDED, NO_CLAIMS } from './no-claims.ts';

/** What findings say of packets, against what a kernel with the nodes' rules did to them; scripts/findings-with-lab.ts does the same for any recordings. */

const cases = caseFolders('test/corpus').map((path) => loadCase(path));
const [names, fronts, edge, announcer, excluded, ports] = Object.values(DECORATIONS);
/** Those that leave each other alone go together. */
const changes = [[names, fronts, ports], [edge], [announcer, excluded]] as const;

const results: HeldCase[] = [];

function variantsOf(recorded: RecordedCase): RecordedCase[] {
  const more = changes.map((list) =>
    decorated(
      recorded,
      (objects) => {
        for (const change of list) change?.(objects);
      },
      'with more objects',
    ),
  );
  return [recorded, ...more];
}

describe('no finding contradicts the kernel', () => {
  test.each(cases.map((recorded) => [recorded.name, recorded]))('%s', (_, recorded) => {
    expect(recorded.decidable).toBe('api');
    const held = variantsOf(recorded).map(holdCase);
    results.push(...held);
    expect(held.flatMap((one) => one.held.filter(({ agrees }) => !agrees).map(({ about }) => about))).toEqual([]);
    // What a rule of a Service drops or refuses is in some finding about the Service.
    expect(held[0]?.unexplained).toEqual([]);
    expect(held[0]?.untoldMasquerades).toEqual([]);
  });
});

test('every finding that says something of packets was compared with some', () => {
  const compared = new Map<string, number>();
  for (const { held } of results) for (const { code } of held) compared.set(code, (compared.get(code) ?? 0) + 1);
  const claiming = RULES.filter((rule) => rule.isClaiming && !(rule.id in NEVER_RECORDED));
  expect(claiming.filter((rule) => (compared.get(codeOf(rule)) ?? 0) < 5).map(({ id }) => id)).toEqual([]);
  expect([...compared.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(5000);
  expect(results.reduce((sum, { explained }) => sum + explained, 0)).toBeGreaterThan(1000);
});

test('a finding says something of packets, or it is known why not', () => {
  expect(RULES.filter(({ id, isClaiming }) => isClaiming === id in NO_CLAIMS).map(({ id }) => id)).toEqual([]);
  expect(RULES.filter(({ id, isClaiming }) => id in NEVER_RECORDED && !isClaiming).map(({ id }) => id)).toEqual([]);
});
