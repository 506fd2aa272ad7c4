import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Flow } from '../../src/analysis/report.ts';
import { askCase, caseFolders, loadCase } from '../support/cases.ts';

/** Rules that the program names must be lines that kube-proxy really writes: those of a recorded node, to the letter. */
const OWN = fileURLToPath(new URL('../corpus', import.meta.url));
const SHARED = fileURLToPath(new URL('../../../shared/corpus', import.meta.url));

function dumpOf(folder: string, flow: Flow): readonly string[] | null {
  const node = flow.to.node ?? flow.via ?? flow.from.node ?? '';
  const path = join(folder, node, flow.to.address.includes(':') ? 'ip6tables-save.txt' : 'iptables-save.txt');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n') : null;
}

/** Rules of a case that no dump holds, and how many there are at all. */
function strangers(folder: string): { readonly rules: number; readonly missing: readonly string[] } {
  const missing: string[] = [];
  let rules = 0;
  for (const { flow, about } of askCase(loadCase(folder))) {
    const dump = flow === undefined ? null : dumpOf(folder, flow);
    for (const { rule } of flow?.because ?? []) {
      if (rule === null || dump === null) continue;
      rules++;
      if (!dump.includes(rule)) missing.push(`${about}: ${rule}`);
    }
  }
  return { rules, missing };
}

function withDumps(root: string): string[] {
  return caseFolders(root).filter((folder) => {
    const recorded = loadCase(folder);
    const [node] = recorded.evidence.objects.filter(({ kind }) => kind === 'Node');
    return recorded.decidable === 'api' && existsSync(join(folder, node?.metadata.name ?? '', 'iptables-save.txt'));
  });
}

const name = (folder: string): string => folder.slice(folder.lastIndexOf('/') + 1);

describe('every rule in a reason stands in the dump of the node that was asked', () => {
  const own = withDumps(OWN);
  test('there are cases with dumps', () => expect(own.length).toBeGreaterThanOrEqual(8));
  test.each(own.map((folder) => [name(folder), folder]))('%s', (_, folder) => {
    const { rules, missing } = strangers(folder);
    expect(missing).toEqual([]);
    expect(rules).toBeGreaterThan(0);
  });
});

describe.skipIf(!existsSync(SHARED))('the same over the shared corpus', () => {
  test('no rule is missing', { timeout: 60_000 }, () => {
    const all = withDumps(SHARED).map(strangers);
    expect(all.flatMap(({ missing }) => missing)).toEqual([]);
    expect(all.reduce((sum, { rules }) => sum + rules, 0)).toBeGreaterThan(1000);
  });
});

test('rules are given for iptables mode since 1.25 only', () => {
  const flows = caseFolders(OWN)
    .filter((folder) => name(folder).includes('nftables'))
    .flatMap((folder) => askCase(loadCase(folder)));
  expect(flows.length).toBeGreaterThan(0);
  expect(flows.flatMap(({ flow }) => flow?.because ?? []).filter(({ rule }) => rule !== null)).toEqual([]);
});
