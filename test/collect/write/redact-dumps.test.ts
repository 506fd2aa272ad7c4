import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Evidence } from '../../../src/cluster/evidence.ts';
import { readSnapshot } from '../../../src/collect/snapshot/read-snapshot.ts';
import { redactEvidence } from '../../../src/collect/write/redact/redact.ts';
import { differences, dumpsOf, expectedOf } from '../../expected/support.ts';
import { newPath } from './support/folder.ts';
import { chainHash } from './support/hash.ts';

const COMMITTED = fileURLToPath(new URL('../../expected/cases', import.meta.url));
const CORPUS = fileURLToPath(new URL('../../../../shared/corpus', import.meta.url));
/** Its rules were written by hand. */
const NOT_KUBE_PROXYS = ['scenario-raw-rules'];

/** A case as `dumpsOf` reads it. */
function layOut({ objects, nodeFiles }: Evidence): string {
  const folder = newPath();
  mkdirSync(folder);
  writeFileSync(join(folder, 'cluster.json'), JSON.stringify({ kind: 'List', items: objects }));
  for (const { node, format, text } of nodeFiles) {
    mkdirSync(join(folder, node), { recursive: true });
    writeFileSync(join(folder, node, format.startsWith('ip-') ? `${format}.json` : `${format}.txt`), text);
  }
  return folder;
}

const folders = [COMMITTED, CORPUS]
  .filter((root) => existsSync(root))
  .flatMap((root) => readdirSync(root).map((name) => join(root, name)))
  .filter((path) => !NOT_KUBE_PROXYS.some((name) => path.endsWith(name)));

describe('redacted dumps are what kube-proxy would have written in the redacted cluster', () => {
  test.for(folders.map((path) => [path.slice(path.lastIndexOf('/') + 1), path] as const))('%s', async ([, path]) => {
    const { evidence } = await readSnapshot(path);
    const redacted = redactEvidence(evidence, { chainHash }).evidence;
    const [before, after] = [dumpsOf(path), dumpsOf(layOut(redacted))];
    expect(after.map(({ proxier }) => proxier.family).sort()).toEqual(before.map(({ proxier }) => proxier.family).sort());
    for (const dump of after) {
      expect(dump.text).not.toContain('redacted');
      expect(differences(expectedOf(dump.cluster, dump.proxier), dump.text)).toEqual([]);
    }
  });
});
