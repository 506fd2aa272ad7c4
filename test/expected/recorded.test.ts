import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configuredBy } from '../../src/expected/configured.ts';
import { eraOf } from '../../src/expected/era.ts';
import { expectedRules } from '../../src/expected/rules.ts';
import { caseFolders, differences, dumpsOf, eraLinesOf, expectedOf } from './support.ts';

const COMMITTED = join(import.meta.dirname, 'cases');
const CORPUS = join(import.meta.dirname, '../../../shared/corpus');
/** Its rules were written by hand, as somebody without kube-proxy would. */
const NOT_KUBE_PROXYS = ['scenario-raw-rules'];

const folders = [COMMITTED, CORPUS].flatMap(caseFolders).filter((path) => !NOT_KUBE_PROXYS.some((name) => path.endsWith(name)));
const dumps = folders.flatMap(dumpsOf);

test('the committed cases are there, with both families, legacy iptables and node port addresses', () => {
  expect(caseFolders(COMMITTED)).toHaveLength(10);
  expect(dumps.some((dump) => dump.proxier.family === 6)).toBe(true);
});

test.skipIf(!existsSync(CORPUS))('the recorded corpus is there', () => {
  expect(dumps.length).toBeGreaterThan(300);
});

describe('rules of recorded dumps', () => {
  test.for(dumps.map((dump) => [dump.about, dump] as const))('%s: equal to the expected ones, rule by rule', ([, dump]) => {
    const expected = expectedOf(dump.cluster, dump.proxier);
    expect(expected.unknown).toEqual([]);
    expect(differences(expected, dump.text)).toEqual([]);
  });

  test('the comparison sees a missing, an unexpected and a misplaced rule', () => {
    const dump = dumps.find((candidate) => candidate.about === 'local-ranges node1 IPv4');
    if (dump === undefined) throw new Error('no such case');
    const expected = expectedOf(dump.cluster, dump.proxier);
    const lines = dump.text.split('\n');
    const at = lines.findIndex((line) => line.startsWith('-A KUBE-EXT-'));
    const without = lines.filter((_line, index) => index !== at).join('\n');
    expect(differences(expected, without)).toEqual([`missing in nat: ${lines[at]}`]);
    const twice = [...lines.slice(0, at), lines[at], ...lines.slice(at)].join('\n');
    expect(differences(expected, twice)).toContain(`unexpected in nat: ${lines[at]}`);
    const swapped = [...lines.slice(0, at), lines[at + 1], lines[at], ...lines.slice(at + 2)].join('\n');
    expect(differences(expected, swapped)).toEqual([expect.stringContaining('other order in nat: KUBE-EXT-')]);
  });
});

describe('era and configuration of recorded dumps', () => {
  test.for(dumps.map((dump) => [dump.about, dump] as const))('%s: read back, and enough to expect the same rules', ([, dump]) => {
    const { config, family } = dump.proxier;
    const era = eraOf(eraLinesOf(dump.text));
    expect(era.iptablesMode).toBe(true);
    expect(era.minMinor).toBeGreaterThanOrEqual(25);
    expect(era.minMinor).toBeLessThanOrEqual(config.minor);
    expect(era.maxMinor ?? config.minor).toBeGreaterThanOrEqual(config.minor);
    expect(era).toMatchObject({ masqueradeBit: 14, randomFully: true });
    // Only the version is known beforehand.
    const bare = { ...config, detector: { 4: { kind: 'absent' }, 6: { kind: 'absent' } }, masqueradeAll: false } as const;
    const { dialect = {} } = dump.proxier;
    const read = configuredBy(era, {
      config: { ...bare, nodePortAddresses: [], localhostNodePorts: true },
      family,
      dialect: { localAddresses: dialect.localAddresses ?? null },
    });
    const [left, right] = [dump.proxier, { ...dump.proxier, ...read }].map((each) =>
      dump.cluster.services.flatMap((service) =>
        expectedRules({ ...each, service, cluster: dump.cluster }).chains.flatMap((chain) =>
          chain.rules.filter((rule) => !rule.optional).map((rule) => rule.line),
        ),
      ),
    );
    expect(right).toEqual(left);
  });
});
