import type { ServiceReport } from '../analysis/report.ts';
import { type AdviceSection, adviceSections } from './advice.ts';
import { balancerLines } from './balancer.ts';
import { detailLines } from './detail-lines.ts';
import { renderGrid, renderStack } from './grid.ts';
import { healthLine, type LabelledLine } from './health.ts';
import { itselfLine } from './itself.ts';
import { legendParts } from './legend.ts';
import { layoutColumns, proseColumns, type RenderOptions } from './options.ts';
import { verdictWord } from './phrase.ts';
import { type Picture, pictureOf } from './picture.ts';
import { reasonsOf } from './reasons.ts';
import { indexReport, type ReportIndex } from './report-index.ts';
import { mapStrings } from './safe.ts';
import { asTraced } from './shown-flows.ts';
import { cut, hang, padEnd, plural, widthOf, wrap } from './text.ts';
import { type Theme, themeFor, toneOf, toneOfMood } from './theme.ts';
import { type Title, titleOf } from './title.ts';

const ROWS = { table: 40, wide: 200 } as const;
const REASONS = 6;

interface Page {
  readonly report: ServiceReport;
  readonly index: ReportIndex;
  readonly theme: Theme;
  readonly width: number;
  readonly prose: number;
  readonly all: boolean;
}

/** A report for a terminal: the answer, the matrix, what to know; in `wide` also every flow. */
export function renderTable(report: ServiceReport, format: 'table' | 'wide', options: RenderOptions): string {
  const theme = themeFor(options);
  const clean = mapStrings(asTraced(report), theme.text);
  const all = format === 'wide' || options.verbose;
  const page = { report: clean, index: indexReport(clean), theme, width: layoutColumns(options), prose: proseColumns(options), all };
  const details = format === 'wide' ? detailLines(page.report, page.index, { theme, width: page.width, all: options.verbose }) : [];
  const blocks = [head(page), pictureLines(page, ROWS[format]), aroundNodes(page), why(page), ...advice(page), details];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

function head({ report, theme, width, prose }: Page): string[] {
  const tone = toneOfMood(report.answer.mood);
  const symbol = theme.symbol(tone);
  const [first = '', ...rest] = hang(`${symbol} `, report.answer.text, prose);
  const answer = [theme.paint(tone, symbol) + theme.bold(first.slice(symbol.length)), ...rest.map(theme.bold)];
  return [...titleLines(titleOf(report), theme, width), ...answer];
}

function titleLines({ service, dataplane }: Title, theme: Theme, width: number): string[] {
  const whole = [...service, ...dataplane].join(theme.dot);
  if (widthOf(whole) <= width) return [theme.bold(whole)];
  const [first = '', ...rest] = partLines(service, theme, width);
  const planes = partLines(dataplane, theme, width - 2).map((line) => `  ${line}`);
  return [theme.bold(first), ...rest.map((line) => `  ${line}`), ...planes];
}

/** Parts stay whole: a line ends before one that does not fit. */
function partLines(parts: readonly string[], theme: Theme, width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const whole = cut(part, width - 2, theme.ellipsis);
    const joined = `${lines.at(-1) ?? ''}${theme.dot}${whole}`;
    if (lines.length > 0 && widthOf(joined) <= width - 2) lines[lines.length - 1] = joined;
    else lines.push(whole);
  }
  return lines;
}

function pictureLines(page: Page, maxRows: number): string[] {
  const { report, index, theme, prose } = page;
  const picture = pictureOf(report, index, maxRows);
  if (picture === null) return [];
  const grid = gridLines(picture, page);
  const domain = index.domain === '' ? [] : [`node names end in ${index.domain}`];
  return [...grid, ...[legend(picture, theme), ...domain].flatMap((text) => wrap(text, prose)).map(theme.dim)];
}

/** A table, unless its cells would have to be so narrow that the same content downwards is shorter. */
function gridLines({ grid }: Picture, { width, theme }: Page): string[] {
  const across = renderGrid(grid, width, theme);
  const down = renderStack(grid, width, theme);
  return across === null || down.length < across.length ? down : across;
}

function legend(picture: Picture, theme: Theme): string {
  return legendParts(picture.cells, theme).join(theme.dot);
}

function aroundNodes({ report, index, theme, prose }: Page): string[] {
  const lines = [...healthLine(report, index, theme), ...balancerLines(report, index, theme), ...itselfLine(report, index)];
  const label = Math.max(...lines.map((line) => widthOf(line.label)), 0);
  return lines.flatMap((line) => labelled(line, label, prose));
}

function labelled({ label, text }: LabelledLine, labelWidth: number, width: number): string[] {
  return hang(`${padEnd(label, labelWidth)}  `, text, width);
}

function why({ report, theme, prose, all }: Page): string[] {
  const reasons = reasonsOf(report);
  const shown = all ? reasons : reasons.slice(0, REASONS);
  if (shown.length === 0) return [];
  const rest = reasons.length - shown.length;
  const lines = shown.flatMap(({ verdict, text, alike }) => {
    const symbol = theme.symbol(toneOf(verdict));
    const more = alike === 0 ? '' : ` (and ${alike} more like this)`;
    const [first = '', ...others] = hang(`  ${symbol} `, `${verdictWord(verdict)}: ${text}${more}`, prose);
    return [`  ${theme.paint(toneOf(verdict), symbol)}${first.slice(2 + symbol.length)}`, ...others];
  });
  return [theme.bold('why:'), ...lines, ...(rest > 0 ? [`  ${plural(rest, 'more reason')}: -o wide`] : [])];
}

function advice({ report, theme, prose, all }: Page): string[][] {
  return adviceSections(report, theme, all).map((section) => adviceLines(section, theme, prose));
}

/** A command starts on a line of its own, where it can be copied. */
function remedyLines(remedy: string, theme: Theme, width: number): string[] {
  const [first = '', ...commands] = remedy.split(/(?<=:) (?=kubectl )/);
  return [...hang(`    ${theme.arrow} `, first, width), ...commands.flatMap((command) => hang('      ', command, width))];
}

function adviceLines({ heading, items }: AdviceSection, theme: Theme, width: number): string[] {
  const lines = items.flatMap(({ tone, mark, text, remedy }) => {
    const [first = '', ...others] = hang(`  ${mark} `, text, width);
    const painted = tone === null ? first : `  ${theme.paint(tone, mark)}${first.slice(2 + mark.length)}`;
    return [painted, ...others, ...(remedy === null ? [] : remedyLines(remedy, theme, width))];
  });
  return [theme.bold(heading), ...lines];
}
