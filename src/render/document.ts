import { escapeMarkdown, fenced } from './markdown-text.ts';
import { proseColumns, type RenderOptions } from './options.ts';
import { mapStrings } from './safe.ts';
import { hang, wrap } from './text.ts';
import { type Theme, type Tone, themeFor } from './theme.ts';

/** A report as text from top to bottom, before it is laid out for a terminal or for a ticket. */
export interface Document {
  readonly title: string;
  readonly subtitle: string;
  readonly answer: { readonly tone: Tone; readonly text: string };
  readonly sections: readonly Section[];
}

export interface Section {
  readonly heading: string;
  readonly items: readonly Item[];
}

/** One statement with what belongs to it; `code` lines stand verbatim. */
export interface Item {
  readonly tone: Tone | null;
  readonly text: string;
  readonly more?: readonly (Item | { readonly code: string })[];
}

/** The document for a terminal. */
export function renderDocument(document: Document, options: RenderOptions): string {
  const theme = themeFor(options);
  const page: Page = { theme, width: proseColumns(options) };
  const { title, subtitle, answer, sections } = mapStrings(document, theme.text);
  const symbol = theme.symbol(answer.tone);
  const [first = '', ...rest] = hang(`${symbol} `, answer.text, page.width);
  const head = [
    ...wrap(title, page.width).map(theme.bold),
    ...(subtitle === '' ? [] : hang('  ', subtitle, page.width)),
    theme.paint(answer.tone, symbol) + theme.bold(first.slice(symbol.length)),
    ...rest.map(theme.bold),
  ];
  const blocks = sections
    .filter(({ items }) => items.length > 0)
    .map(({ heading, items }) => [
      ...wrap(`${heading}:`, page.width).map(theme.bold),
      ...items.flatMap((item) => itemLines(item, 1, page)),
    ]);
  return `${[head, ...blocks].map((block) => block.join('\n')).join('\n\n')}\n`;
}

interface Page {
  readonly theme: Theme;
  readonly width: number;
}

function itemLines(item: Item, depth: number, page: Page): string[] {
  const { theme, width } = page;
  const indent = '  '.repeat(depth);
  const mark = item.tone === null ? theme.bullet : theme.symbol(item.tone);
  const [first = '', ...others] = hang(`${indent}${mark} `, item.text, width);
  const painted = item.tone === null ? first : `${indent}${theme.paint(item.tone, mark)}${first.slice(indent.length + mark.length)}`;
  const more = (item.more ?? []).flatMap((each) =>
    'code' in each ? [`${indent}    ${theme.dim(each.code)}`] : itemLines(each, depth + 1, page),
  );
  return [painted, ...others, ...more];
}

/** The document for a ticket. */
export function documentMarkdown(document: Document, options: RenderOptions): string {
  const theme = themeFor({ color: false, unicode: options.unicode });
  const { title, subtitle, answer, sections } = mapStrings(document, theme.text);
  const blocks = [
    `### ${escapeMarkdown(title)}`,
    escapeMarkdown(subtitle),
    `${escapeMarkdown(theme.symbol(answer.tone))} **${escapeMarkdown(answer.text)}**`,
    ...sections
      .filter(({ items }) => items.length > 0)
      .map(({ heading, items }) => `**${escapeMarkdown(heading)}**\n\n${items.map((item) => itemMarkdown(item, '', theme)).join('\n')}`),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function itemMarkdown(item: Item, indent: string, theme: Theme): string {
  const mark = item.tone === null ? '' : `${escapeMarkdown(theme.symbol(item.tone))} `;
  const more = (item.more ?? []).map((each) => {
    if (!('code' in each)) return itemMarkdown(each, `${indent}  `, theme);
    return fenced([each.code])
      .split('\n')
      .map((line) => `${indent}  ${line}`)
      .join('\n');
  });
  return [`${indent}- ${mark}${escapeMarkdown(item.text)}`, ...more].join('\n');
}
