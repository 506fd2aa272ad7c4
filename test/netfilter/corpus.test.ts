import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { textOf } from './support/dump.ts';
import { tracedOutcomes } from './support/walk.ts';
import { readWorld, recordedOutcomes } from './support/world.ts';

const RECORDED = join(import.meta.dirname, '..', 'fixtures', 'rules', 'recorded');
const CORPUS = join(import.meta.dirname, '..', '..', '..', 'shared', 'corpus');
/** More recordings of the same kind: folders of cases, separated by colons. */
const MORE = (process.env['SRCIP_RECORDED'] ?? '').split(':').filter((folder) => folder !== '');

/** Where rules ask for ipsets, whose members no dump of rules holds, the recorded outcome must be one of those that the trace leaves open. */
function asksForSets(folder: string): boolean {
  const nodes = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const dumps = nodes.flatMap((node) => ['iptables-save.txt', 'ip6tables-save.txt'].map((file) => textOf(join(folder, node.name, file))));
  return dumps.some((dump) => dump?.includes('--match-set') === true);
}

function cases(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => {
    const meta = JSON.parse(textOf(join(folder, name, 'meta.json')) ?? '{"mode":"nftables"}') as { mode?: string | null };
    return meta.mode !== 'nftables';
  });
}

interface Compared {
  readonly wrong: readonly string[];
  readonly compared: number;
  readonly open: number;
  readonly left: number;
}

/** Probes whose trace differs from what the kernel did, how many could be compared, and for how many the rules leave the outcome open. */
function compare(folder: string): Compared {
  const world = readWorld(folder);
  const wrong: string[] = [];
  let [compared, open, left] = [0, 0, 0];
  for (const probe of world.probes) {
    const traced = tracedOutcomes(world, probe);
    if (traced === null) {
      left++;
      continue;
    }
    compared++;
    if (!traced.certain) open++;
    const recorded = recordedOutcomes(probe);
    const isPart = recorded.every((outcome) => traced.outcomes.includes(outcome) || traced.outcomes.includes('?'));
    const fits = traced.certain && !traced.sticky ? traced.outcomes.join('; ') === recorded.join('; ') : isPart;
    if (!fits)
      wrong.push(
        `${probe.from} → ${probe.to}:${probe.port} via ${probe.via ?? '-'}: traced ${traced.outcomes.join('; ')}, recorded ${recorded.join('; ')}`,
      );
  }
  return { wrong, compared, open, left };
}

const folders = [RECORDED, ...(existsSync(CORPUS) ? [CORPUS] : []), ...MORE];

describe.each(folders)('%s: the trace says what the kernel did', (folder) => {
  test.each(cases(folder))('%s', (name) => {
    const { wrong, compared, open, left } = compare(join(folder, name));
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(0);
    expect(left).toBe(0);
    if (!asksForSets(join(folder, name))) expect(open).toBe(0);
  });
});
