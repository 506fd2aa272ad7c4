import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BREAKAGES, type Breakage } from './support/breakages.ts';
import { type BrokenCase, baseNames, brokenNames, findingsOf, loadBase, loadBroken, outcomesInWords, verifyAll } from './support/broken.ts';
import { askCase, type Grade, gradeCase, gradeTraced, type RecordedCase } from './support/cases.ts';

/** Recorded by scripts/break-nodes.py. */
const ROOT = join(import.meta.dirname, 'fixtures/broken');

test('every recorded breakage is listed, and every listed one recorded', () => {
  expect(brokenNames(ROOT)).toEqual(Object.keys(BREAKAGES).sort());
});

describe.each(baseNames(ROOT))('intact cluster %s', (name) => {
  const intact = loadBase(ROOT, name);

  test('prediction and trace agree with the kernel, and verify finds nothing', () => {
    expect([...gradeCase(predictedOnly(intact)), ...gradeTraced(intact)].filter(isOff)).toEqual([]);
    expect(verifyAll(intact.evidence).flatMap(grave)).toEqual([]);
  });
});

describe.each(Object.entries(BREAKAGES).map(([name, breakage]) => ({ ...breakage, name })))('$how', ({ name, ...breakage }) => {
  const broken = loadBroken(ROOT, name);
  const verified = verifyAll(broken.recorded.evidence);

  test('each flow is traced to where the kernel took it', () => {
    const off = gradeTraced(broken.recorded).filter(isOff);
    if (breakage.undecided === undefined) expect(off).toEqual([]);
    else expectExplained(off, broken, breakage.undecided);
  });

  test('verify finds it on that node alone, and names its effect', () => {
    expect(verified.filter(({ node }) => node !== broken.node).flatMap(grave)).toEqual([]);
    const found = verified.filter(({ node }) => node === broken.node).flatMap(grave);
    expect(new Set(found.map(({ what }) => what))).toEqual(new Set(breakage.found));
    expect(found.filter(({ effect }) => effect.trim() === '')).toEqual([]);
    if (breakage.effect !== null) expect(found.map(({ effect }) => effect)).toContainEqual(expect.stringMatching(breakage.effect));
  });

  test('the effect is what the kernel did', () => {
    const lines = outcomesInWords(broken.changed);
    if (breakage.chance !== true) expect(lines.filter((line) => !breakage.seen.some((pattern) => pattern.test(line)))).toEqual([]);
    for (const pattern of breakage.seen) expect(lines).toContainEqual(expect.stringMatching(pattern));
  });

  test('what ends otherwise than predicted has a finding, and an error ends something otherwise', () => {
    const unlike = gradeCase({ ...predictedOnly(broken.recorded), records: broken.changed }).filter(isOff);
    const found = verified.flatMap(grave);
    if (unlike.length > 0) expect(found).not.toEqual([]);
    if (found.some(({ severity }) => severity === 'error')) expect(unlike).not.toEqual([]);
  });
});

function isOff({ grade }: Grade): boolean {
  return grade !== 'agree';
}

/** Predictions rest on the API alone. */
function predictedOnly(recorded: RecordedCase): RecordedCase {
  return { ...recorded, evidence: { ...recorded.evidence, nodeFiles: [] } };
}

/** Notes are about companions of kube-proxy that are there in the intact cluster, too. */
function grave(verification: Parameters<typeof findingsOf>[0]): ReturnType<typeof findingsOf> {
  return findingsOf(verification).filter(({ severity }) => severity !== 'info');
}

/** Undetermined, for the reason stated, and only where the kernel did something else than in the intact cluster. */
function expectExplained(off: readonly Grade[], broken: BrokenCase, why: NonNullable<Breakage['undecided']>): void {
  expect(off.filter(({ grade }) => grade !== 'undetermined')).toEqual([]);
  expect(off.length).toBe(broken.changed.length);
  expect(whysOf(broken.recorded)).toContainEqual(expect.stringMatching(why));
}

function whysOf(recorded: RecordedCase): string[] {
  return askCase(recorded).flatMap(({ flow }) => flow?.traced?.because.map(({ text }) => text) ?? []);
}
