import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { anchorsOf, linksOf, pages } from './support/markdown.ts';

const root = process.cwd();
const all = pages(root);
const anchors = new Map(all.map(({ path, text }) => [path, anchorsOf(text)]));

test.each(all)('$path: every link leads somewhere', ({ path, text }) => {
  const broken = linksOf(text).filter((link) => {
    if (/^(?:https?:|mailto:)/.test(link)) return false;
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : normalize(join(dirname(path), file));
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !(anchors.get(target)?.has(anchor) ?? false);
  });
  expect(broken).toEqual([]);
});

test('every page can be reached from the README', () => {
  const reached = new Set<string>();
  const queue = ['README.md'];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    const text = all.find((page) => page.path === path)?.text ?? '';
    for (const link of linksOf(text)) {
      if (/^https?:/.test(link)) continue;
      const [file = ''] = link.split('#');
      if (file.endsWith('.md')) queue.push(normalize(join(dirname(path), file)));
    }
  }
  const lost = all.map(({ path }) => path).filter((path) => !reached.has(path) && !path.startsWith('docs/decisions/'));
  expect(lost).toEqual([]);
});
