import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A page of the documentation. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** README, CONTRIBUTING, SECURITY, CHANGELOG and everything in docs/. */
export function pages(root: string): Page[] {
  const top = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'].filter((name) => existsSync(join(root, name)));
  const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => join('docs', name))
    .filter((name) => name.endsWith('.md'));
  return [...top, ...below.sort()].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** A fenced block, with the HTML comments that stand directly before it. */
export interface Block {
  readonly language: string;
  readonly lines: readonly string[];
  /** Index of its first line within the page's lines. */
  readonly start: number;
  /** `<!-- word: text -->` before the block; `demo` holds until another one comes. */
  readonly marks: Readonly<Record<string, string>>;
}

const MARK = /^<!-- (?<word>demo|exit|not run): (?<text>.*?) -->$/;
const FENCE = /^\s*```(?<language>\S*)\s*$/;

/** The fenced blocks of a page. */
export function blocksOf(text: string): Block[] {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  let marks: Record<string, string> = {};
  let demo = 'cluster';
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const mark = MARK.exec(line)?.groups;
    if (mark !== undefined) {
      if (mark['word'] === 'demo') demo = mark['text'] ?? demo;
      else marks[mark['word'] ?? ''] = mark['text'] ?? '';
    }
    const fence = FENCE.exec(line)?.groups;
    if (fence === undefined) {
      if (mark === undefined && line.trim() !== '') marks = {};
      continue;
    }
    const end = lines.findIndex((later, index) => index > at && /^\s*```\s*$/.test(later));
    if (end < 0) throw new Error(`a fenced block in line ${at + 1} has no end`);
    blocks.push({ language: fence['language'] ?? '', lines: lines.slice(at + 1, end), start: at + 1, marks: { ...marks, demo } });
    marks = {};
    at = end;
  }
  return blocks;
}

/** The text without fenced blocks and comments. */
export function proseOf(text: string): string {
  return text.replace(/^\s*```\S*\s*\n[\s\S]*?^\s*```\s*$/gm, '').replace(/<!--[\s\S]*?-->/g, '');
}

/** The texts in backquotes. */
export function codeSpans(text: string): string[] {
  return [...proseOf(text).matchAll(/`(?<code>[^`\n]+(?:\n[^`\n]+)?)`/g)].map((match) =>
    (match.groups?.['code'] ?? '').replace(/\s+/g, ' '),
  );
}

/** Anchors of headings, as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const found = new Set<string>();
  for (const match of proseOf(text).matchAll(/^#{1,6} (?<title>.*)$/gm)) {
    const base = (match.groups?.['title'] ?? '')
      .replace(/\[(?<shown>[^\]]*)\]\([^)]*\)/g, '$<shown>')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    let anchor = base;
    for (let count = 1; found.has(anchor); count += 1) anchor = `${base}-${count}`;
    found.add(anchor);
  }
  return found;
}

/** Targets of links and pictures that stand in prose. */
export function linksOf(text: string): string[] {
  const prose = proseOf(text).replace(/`[^`\n]*`/g, '');
  const inline = [...prose.matchAll(/\]\((?<to>[^)\s]+)\)/g)].map((match) => match.groups?.['to'] ?? '');
  const html = [...prose.matchAll(/(?:src|href|srcset)="(?<to>[^"]+)"/g)].map((match) => match.groups?.['to'] ?? '');
  return [...inline, ...html];
}
