import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { srcip } from './support/cli.ts';
import { type Folder, makeFolder } from './support/world.ts';

// No cluster has such names, but a snapshot can: letters of two columns, letters that combine, flags, signs put together by a joiner.

const RECORDED = fileURLToPath(new URL('../fixtures/rules/recorded/local-forwarddrop', import.meta.url));
const NAMES: Readonly<Record<string, string>> = {
  node1: '節点一号-東京リージョン',
  node2: '🚀-ノード-🇯🇵',
  node3: '노드-삼',
  node4: 'n4-e\u0301-👩‍💻-名',
  'web-': 'ウェブサーバー-',
};
const FLOWS = `apiVersion: srcip.io/v1alpha1
kind: FlowAssertions
service: ns1/web
flows:
  - {from: external, to: nodePort, expect: {verdict: delivered, source: masqueraded}}
  - {from: external, to: clusterIP, expect: {verdict: dropped}}
`;

let folder: Folder;
let asked: readonly string[];
let commands: Readonly<Record<string, readonly string[]>>;

beforeAll(() => {
  folder = makeFolder();
  const snapshot = join(folder.path, 'cluster');
  for (const file of filesIn(RECORDED)) {
    const copy = join(snapshot, renamed(relative(RECORDED, file)));
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, renamed(readFileSync(file, 'utf8')));
  }
  const web = ['svc/web', '-n', 'ns1', '--snapshot', snapshot];
  asked = web;
  commands = {
    explain: ['explain', ...web],
    'explain with rules': ['explain', ...web, '--rules', snapshot],
    check: ['check', ...web],
    verify: ['verify', ...web, '--rules', snapshot],
    trace: ['trace', ...web, '--from', 'external', '--to', '172.18.0.11:30080', '--rules', snapshot],
    whatif: ['whatif', ...web, '--set', 'externalTrafficPolicy=Cluster'],
    assert: ['assert', '-f', folder.write('flows.yaml', FLOWS), '--snapshot', snapshot],
  };
});
afterAll(() => folder.remove());

function filesIn(path: string): string[] {
  return readdirSync(path).flatMap((name) => (statSync(join(path, name)).isDirectory() ? filesIn(join(path, name)) : [join(path, name)]));
}

function renamed(text: string): string {
  return Object.entries(NAMES).reduce((sofar, [from, to]) => sofar.replaceAll(from, to), text);
}

/** Columns as terminals count them, by Unicode's East Asian Width; each half of a flag has one of its two. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}]/u;
const columnsOf = (text: string): number[] => [...text].map((char) => (/\p{M}/u.test(char) ? 0 : WIDE.test(char) ? 2 : 1));
const widthOf = (text: string): number => columnsOf(text).reduce((sum, columns) => sum + columns, 0);

/** What stands in each column of the terminal; the second half of a wide letter too. */
function cellsOf(text: string): string[] {
  const columns = columnsOf(text);
  return [...text].flatMap((char, index) => Array<string>(columns[index] ?? 0).fill(char));
}

/** Lines of the table under a rule in which something stands in the gap before a column. */
function misaligned(lines: readonly string[]): string[] {
  return lines.flatMap((line, at) => {
    if (!/^─+$/.test(line)) return [];
    const head = lines.slice(lines.slice(0, at).lastIndexOf('') + 1, at);
    const starts = [...(head[0] ?? '').matchAll(/(?<=\S {2,})\S/g)].map(({ index }) => index);
    expect(starts.length).toBeGreaterThan(0);
    const rows = lines.slice(at + 1, at + 1 + [...lines.slice(at + 1), ''].indexOf('')).filter((row) => row.startsWith(' '));
    return rows.filter((row) => starts.some((start) => (cellsOf(row)[start - 1] ?? ' ') !== ' '));
  });
}

describe('names of two columns per letter', () => {
  test.for(['explain', 'explain with rules', 'check', 'verify', 'trace', 'whatif', 'assert'])(
    '%s: no line is wider than the terminal, columns stay columns',
    { timeout: 60_000 },
    async (name) => {
      const looks = [60, 80, 100, 160, 250].map((columns) => ({ format: 'table', columns }));
      for (const { format, columns } of [...looks, { format: 'wide', columns: 60 }]) {
        const ran = await srcip([...(commands[name] ?? []), '-o', format], { env: { COLUMNS: String(columns) } });
        expect({ code: ran.code === 2 ? 2 : 0, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
        const lines = ran.stdout.split('\n');
        // Commands to be copied and rules stay whole.
        expect(lines.filter((line) => widthOf(line) > columns && !/kubectl |-A [A-Z]/.test(line))).toEqual([]);
        expect(misaligned(lines)).toEqual([]);
      }
    },
  );

  test('they are there, whole where there is room, and nothing invisible is', async () => {
    const { stdout } = await srcip(['explain', ...asked, '-o', 'wide'], { env: { COLUMNS: '250' } });
    expect(stdout).toContain('節点一号-東京リージョン');
    expect(stdout).toContain('🚀-ノード-🇯🇵');
    // The joiner of a sign that is put together is shown, because it could also hide.
    expect(stdout).toContain('👩\\u200d💻');
    expect(stdout).not.toMatch(/\p{Cf}/u);
  });
});
