import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commandDocs, handWritten, staleCommandDocs, strayCommandDocs } from '../../scripts/generate-command-docs.ts';
import { COMMANDS } from '../../src/commands.ts';
import { type Folder, makeFolder } from './support/folder.ts';

const root = process.cwd();
const page = (name: string): string => join('docs', 'commands', `${name}.md`);

let copy: Folder;
beforeEach(() => {
  copy = makeFolder();
  mkdirSync(join(copy.path, 'docs', 'commands'), { recursive: true });
});
afterEach(() => copy.remove());

function write(): void {
  for (const { path, text } of commandDocs(copy.path)) writeFileSync(join(copy.path, path), text);
}

test('the pages are what the commands say: node scripts/run-ts.mjs scripts/generate-command-docs.ts --write', () => {
  expect(staleCommandDocs(root)).toEqual([]);
  expect(strayCommandDocs(root)).toEqual([]);
});

test('every command has a page, with a part that was written by hand', () => {
  const bare = Object.keys(COMMANDS).filter((name) => handWritten(readFileSync(join(root, page(name)), 'utf8')).length < 500);
  expect(bare).toEqual([]);
});

test('every flag of every command stands in its page', () => {
  const missing = Object.entries(COMMANDS).flatMap(([name, command]) => {
    const text = readFileSync(join(root, page(name)), 'utf8');
    return Object.keys(command.flags)
      .filter((flag) => !new RegExp(`^\\| \`(?:-\\w, )?--${flag}[ \`]`, 'm').test(text))
      .map((flag) => `${name} --${flag}`);
  });
  expect(missing).toEqual([]);
});

test('writing again changes nothing, and keeps what was written by hand', () => {
  write();
  const path = join(copy.path, page('explain'));
  writeFileSync(path, `${readFileSync(path, 'utf8')}\n## By hand\n\nKept, with a | and a $& in it.\n`);
  write();
  const once = readFileSync(path, 'utf8');
  expect(handWritten(once)).toBe('## By hand\n\nKept, with a | and a $& in it.');
  write();
  expect(readFileSync(path, 'utf8')).toBe(once);
  expect(staleCommandDocs(copy.path)).toEqual([]);
});

test('a changed head is stale', () => {
  write();
  const path = join(copy.path, page('demo'));
  writeFileSync(path, readFileSync(path, 'utf8').replace('--cluster', '--clusters'));
  expect(staleCommandDocs(copy.path)).toEqual([page('demo')]);
});

test.for([
  ['lost', (text: string) => text.replace(/<!-- What stands above.*-->/, '')],
  ['twice', (text: string) => text + text],
] as const)('a page whose dividing line is there %s is not touched', ([, damage]) => {
  write();
  const path = join(copy.path, page('trace'));
  writeFileSync(path, damage(readFileSync(path, 'utf8')));
  expect(write).toThrow(/divid/);
});
