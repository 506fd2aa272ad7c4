import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isKnownKind, slim } from '../../../src/cluster/slim.ts';
import type { FileEntry } from '../../../src/collect/snapshot/entry.ts';
import { expand, type Found } from '../../../src/collect/snapshot/found.ts';
import { wantsOf } from '../../../src/collect/snapshot/kinds.ts';
import { readSnapshot } from '../../../src/collect/snapshot/read-snapshot.ts';
import { readYaml } from '../../../src/collect/snapshot/read-yaml.ts';
import { openSource } from '../../../src/collect/snapshot/source.ts';
import { loadYamlParser } from '../../../src/collect/snapshot/yaml-load.ts';

/** Real clusters beside the repository; they are not part of it. */
const SHARED = fileURLToPath(new URL('../../../../shared', import.meta.url));
const MUST_GATHER = join(SHARED, 'samples/must-gather-aws.tar.xz');
const BUNDLE = join(SHARED, 'samples/troubleshoot-baseline.tar.gz');
const CORPUS = join(SHARED, 'corpus');

async function countsOf(path: string): Promise<Readonly<Record<string, number>>> {
  const { evidence } = await readSnapshot(path);
  const counts: Record<string, number> = {};
  for (const { kind } of evidence.objects) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

describe.skipIf(!existsSync(MUST_GATHER))('an OpenShift must-gather', () => {
  test('gives its nodes, Services and endpoints once each', async () => {
    expect(await countsOf(MUST_GATHER)).toEqual({
      ClusterNetwork: 1,
      ConfigMap: 1,
      DaemonSet: 18,
      Deployment: 57,
      EndpointSlice: 77,
      Endpoints: 77,
      Namespace: 56,
      Network: 2,
      Node: 6,
      Pod: 239,
      PodDisruptionBudget: 8,
      Service: 78,
      StatefulSet: 2,
    });
  });

  test('gives, file by file, the same objects as a full parse', async () => {
    const [parse, wants] = [await loadYamlParser(), wantsOf(undefined)];
    const { entries } = await openSource({ path: MUST_GATHER, cwd: '/', stdin: process.stdin });
    let compared = 0;
    for await (const entry of entries) {
      if (entry.what !== 'file' || !entry.name.endsWith('.yaml')) continue;
      const text = await textOf(entry);
      const documents = text.split(/^---$/m).map((document) => parse(document));
      const plain = documents.flatMap((document) => [...expand(document, wants)]);
      const found = [...readYaml(text, parse, wants)];
      expect(objectsOf(found), entry.name).toEqual(objectsOf(plain));
      expect(passedIn(found), entry.name).toBe(passedIn(plain));
      compared++;
    }
    expect(compared).toBe(2165);
  });
});

test.skipIf(!existsSync(BUNDLE))('a support bundle gives its typed lists', async () => {
  expect(await countsOf(BUNDLE)).toEqual({
    ConfigMap: 1,
    DaemonSet: 1,
    Deployment: 4,
    EndpointSlice: 4,
    Endpoints: 4,
    Namespace: 4,
    Node: 1,
    Pod: 7,
    Service: 4,
  });
});

test.skipIf(!existsSync(CORPUS))('a recorded case gives each object and each node file of its folder', async () => {
  const folders = readdirSync(CORPUS);
  expect(folders.length).toBeGreaterThan(0);
  for (const folder of folders) {
    const path = join(CORPUS, folder);
    const { evidence, passedOver } = await readSnapshot(path);
    const { items } = JSON.parse(readFileSync(join(path, 'cluster.json'), 'utf8')) as {
      readonly items: readonly { readonly kind: string }[];
    };
    const expected = items.filter((item) => isKnownKind(item.kind)).map((item) => JSON.stringify(slim(item)));
    expect(evidence.objects.map((object) => JSON.stringify(object)).sort(), folder).toEqual(expected.sort());
    const nodeFiles = readdirSync(path, { recursive: true, withFileTypes: true }).filter(
      (file) => file.isFile() && file.parentPath !== path,
    );
    expect(evidence.nodeFiles.map((file) => file.path).sort(), folder).toEqual(
      nodeFiles.map((file) => `${file.parentPath.slice(path.length + 1)}/${file.name}`).sort(),
    );
    expect({ gaps: evidence.gaps, files: passedOver.files }, folder).toEqual({ gaps: [], files: 0 });
  }
});

async function textOf(entry: FileEntry): Promise<string> {
  return (await entry.body(100 * 1024 * 1024))?.toString('utf8') ?? '';
}

function objectsOf(found: readonly Found[]): readonly unknown[] {
  return found.filter((one) => one.what === 'object');
}

function passedIn(found: readonly Found[]): number {
  return found.reduce((sum, one) => sum + (one.what === 'passed' ? one.count : 0), 0);
}
