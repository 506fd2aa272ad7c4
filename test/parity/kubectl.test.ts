import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadDemoCluster } from '../../src/demo/load.ts';
import { type ApiServer, startApiServer } from '../../src/demo/server.ts';
import { hasKubectl, whyNoKubectl } from '../collect/live/support/kubectl.ts';
import { makePki, type Pki } from '../collect/live/support/pki.ts';
import { ROWS } from './rows/all.ts';
import { keyOf, readTable, type Tried, tableOf } from './support/table.ts';
import { tryBoth } from './support/try-both.ts';

const TABLE = 'docs/kubectl-parity.md';
const isUpdate = process.env['UPDATE'] === '1';
const tried = new Map<string, Tried>();

let pki: Pki;
let demo: ApiServer;

beforeAll(async () => {
  [pki, demo] = await Promise.all([makePki(), startApiServer({ objects: loadDemoCluster() })]);
});
afterAll(() => demo.close());

describe.skipIf(!hasKubectl).concurrent(`kubectl and srcip in the same situation${whyNoKubectl}`, () => {
  for (const row of ROWS) {
    const why = row.skip === undefined || row.skip === false ? '' : ` (skipped: ${row.skip})`;
    test.skipIf(why !== '')(`${row.group}: ${row.name}${why}`, async ({ expect: expectHere }) => {
      const result = await tryBoth(row, pki, demo.port);
      tried.set(keyOf(row), result);
      expectHere(`${result.kubectl}\n${result.srcip}`).not.toContain('UNKNOWN KIND');
      if (row.differs === undefined) expectHere(result.srcip).toBe(result.kubectl);
      else expectHere(result.srcip, `"${row.name}" has a reason to differ, but it does not`).not.toBe(result.kubectl);
    });
  }
});

describe.skipIf(!hasKubectl)(`the table${whyNoKubectl}`, () => {
  test('every situation has a name of its own', () => {
    expect(new Set(ROWS.map(keyOf)).size).toBe(ROWS.length);
  });

  test(`${TABLE} is what was measured`, () => {
    const written = readTable(TABLE);
    // What could not be tried here stays as it was written.
    const all = ROWS.flatMap((row) => tried.get(keyOf(row)) ?? written.rows.get(keyOf(row)) ?? []);
    const text = tableOf(all);
    if (isUpdate) writeFileSync(TABLE, text);
    else expect(text, `stale: npm run build && UPDATE=1 npx vitest run test/parity`).toBe(written.text);
  });
});
