import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanEnv, outcome, type Ran, RUN } from '../e2e/support/cli.ts';
import { type Folder, makeFolder, type World } from '../e2e/support/world.ts';
import { type Block, blocksOf, pages } from './support/markdown.ts';
import { type Command, commandsOf, differs, renewed } from './support/sessions.ts';
import { fillSandbox, startMarked } from './support/worlds.ts';

// Every command line of the documentation, run as a reader would run it. UPDATE_DOCS=1 writes the real answers into console blocks.

const root = process.cwd();
const update = process.env['UPDATE_DOCS'] === '1';
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const RUNNABLE = /(?:^|\| |&& |; )kubectl (?:srcip|get)\b|^tar -tzf /;
/** What a reader types that is no question to the program. */
const OTHERS = /^(?:npm |npx |node |cd |git |export KUBECONFIG=|\.ci\/run|kubectl krew |vitest |UPDATE_DOCS=1 npx )/;

interface Session {
  readonly page: string;
  readonly block: Block;
  readonly commands: readonly Command[];
}

const sessions: Session[] = pages(root).flatMap(({ path, text }) =>
  blocksOf(text)
    .filter(({ language }) => language === 'sh' || language === 'console')
    .map((block) => ({ page: path, block, commands: commandsOf(block) })),
);
const toRun = sessions
  .filter(({ block }) => block.marks['not run'] === undefined)
  .map((session) => ({ ...session, commands: session.commands.filter(({ line }) => RUNNABLE.test(line)) }))
  .filter(({ commands }) => commands.length > 0);

let bin: Folder;
const worlds = new Map<string, Promise<World>>();
const sandboxes = new Map<string, Folder>();

beforeAll(() => {
  bin = makeFolder();
  mkdirSync(join(bin.path, 'bin'));
  symlinkSync(RUN, join(bin.path, 'bin', 'kubectl-srcip'));
  // Stands in for whatever makes manifests.
  writeFileSync(join(bin.path, 'bin', 'kustomize'), '#!/bin/sh\ncat service.yaml\n', { mode: 0o755 });
  // Without kubectl a script stands in for it, which knows plugins and nothing else.
  if (!hasKubectl)
    writeFileSync(join(bin.path, 'bin', 'kubectl'), '#!/bin/sh\nname=$1\nshift\nexec "kubectl-$name" "$@"\n', { mode: 0o755 });
});
afterAll(async () => {
  for (const world of worlds.values()) await (await world).end();
  for (const folder of [bin, ...sandboxes.values()]) folder.remove();
});

function worldOf(name: string): Promise<World> {
  const known = worlds.get(name) ?? startMarked(name);
  worlds.set(name, known);
  return known;
}

/** One folder a page and demo cluster: what one command writes, the next may read. */
function sandboxOf(page: string, demo: string): string {
  const key = `${page} ${demo}`;
  const known = sandboxes.get(key);
  if (known !== undefined) return known.path;
  const folder = makeFolder();
  sandboxes.set(key, folder);
  fillSandbox(folder.path, demo);
  return folder.path;
}

async function run({ page, block }: Session, line: string): Promise<Ran> {
  const demo = block.marks['demo'] ?? 'cluster';
  const { env } = await worldOf(demo);
  const cwd = sandboxOf(page, demo);
  const [, written] = /srcip snapshot (?:.* )?-o (\S+)/.exec(line) ?? [];
  if (written !== undefined && !line.includes('--force')) rmSync(join(cwd, written), { recursive: true, force: true });
  const path = `${join(bin.path, 'bin')}:${process.env['PATH']}`;
  return outcome(
    spawn('bash', ['-c', line], {
      env: cleanEnv({ ...env, PATH: path, HOME: bin.path, COLUMNS: '120' }),
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

/** What `snapshot` says about its work is no complaint. */
function complaints({ stderr }: Ran): string {
  return stderr.replace(/^wrote \d+ objects .*\n/gm, '');
}

describe.each(toRun)('$page, line $block.start', (session) => {
  test.for(session.commands)('$line', async (command) => {
    if (!hasKubectl && /kubectl get\b/.test(command.line)) return;
    const ran = await run(session, command.line);
    if (command.shown === null) {
      if (command.exit !== 2) expect(complaints(ran)).toBe('');
    } else compare(session, command, `${ran.stdout}${ran.stderr}`);
    // The help's examples are about no cluster in particular: bad news is an answer, too.
    if (session.block.marks['demo'] === 'examples') expect([0, 1], ran.stderr).toContain(ran.code);
    else expect(ran.code, ran.stderr).toBe(command.exit);
  });
});

function compare(session: Session, command: Command, output: string): void {
  const text = output.trimEnd();
  const real = text === '' ? [] : text.split('\n').map((line) => line.trimEnd());
  const shown = command.shown ?? [];
  const difference = differs(shown, real);
  if (difference !== null && update) {
    rewrite(session, command, real);
    return;
  }
  expect({ difference, shown: difference === null ? [] : shown }, output).toEqual({ difference: null, shown: [] });
}

/** Earlier answers may have become longer: where the command stands now, its place among the page's commands tells. */
function rewrite({ page, block }: Session, command: Command, real: readonly string[]): void {
  const lines = renewed(command.shown ?? [], real);
  if (lines === null) throw new Error(`${page}: renew by hand what is shown of: ${command.line}`);
  const path = join(root, page);
  const text = readFileSync(path, 'utf8');
  const ordinal = sessions.filter((session) => session.page === page && session.block.start < block.start).length;
  const now = blocksOf(text).filter(({ language }) => language === 'sh' || language === 'console')[ordinal];
  const found = now === undefined ? undefined : commandsOf(now).find(({ line }) => line === command.line);
  if (found === undefined) throw new Error(`${page}: no longer there: ${command.line}`);
  const all = text.split('\n');
  all.splice(found.shownAt, found.shown?.length ?? 0, ...lines);
  writeFileSync(path, all.join('\n'));
}

test('every line of an sh or console block is run, or is no question to the program, or says why it is not run', () => {
  const rest = sessions
    .filter(({ block }) => block.marks['not run'] === undefined)
    .flatMap(({ page, commands }) =>
      commands.filter(({ line }) => !RUNNABLE.test(line) && !OTHERS.test(line)).map(({ line }) => `${page}: ${line}`),
    );
  expect(rest).toEqual([]);
});

test('commands of the program stand in sh and console blocks, which are run', () => {
  const others = pages(root).flatMap(({ path, text }) =>
    blocksOf(text)
      .filter(({ language }) => language !== 'sh' && language !== 'console')
      .flatMap(({ lines, start }) =>
        lines.flatMap((line, index) => (/^\s*(?:\$ )?kubectl srcip\b(?!.*\[flags\])/.test(line) ? [`${path}:${start + index + 1}`] : [])),
      ),
  );
  expect(others).toEqual([]);
});

test('few blocks are not run, each with a reason', () => {
  const reasons = sessions.flatMap(({ page, block }) =>
    block.marks['not run'] === undefined ? [] : [`${page}: ${block.marks['not run']}`],
  );
  expect(reasons.filter((reason) => reason.endsWith(': '))).toEqual([]);
  expect(reasons.length).toBeLessThanOrEqual(20);
  expect(toRun.length).toBeGreaterThan(30);
});
