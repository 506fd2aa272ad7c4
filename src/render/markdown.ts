import type { ServiceReport } from '../analysis/report.ts';
import { adviceSections } from './advice.ts';
import { balancerLines } from './balancer.ts';
import { dataplaneFacts, nodeList, targetDetails } from './details.ts';
import type { GridCell, GridRow } from './grid.ts';
import { healthLine } from './health.ts';
import { itselfLine } from './itself.ts';
import { legendParts } from './legend.ts';
import { escapeMarkdown, fenced, tableRow } from './markdown-text.ts';
import type { RenderOptions } from './options.ts';
import { verdictWord } from './phrase.ts';
import { type Picture, pictureOf } from './picture.ts';
import { reasonsOf } from './reasons.ts';
import { indexReport, type ReportIndex } from './report-index.ts';
import { mapStrings } from './safe.ts';
import { asTraced } from './shown-flows.ts';
import { plainSpaces, unique } from './text.ts';
import { type Theme, themeFor, toneOf, toneOfMood } from './theme.ts';
import { dataplaneName, titleOf } from './title.ts';

const ROWS = 100;

interface Page {
  readonly report: ServiceReport;
  readonly index: ReportIndex;
  readonly theme: Theme;
  readonly all: boolean;
}

/** A report for a ticket: the same content as the table, with the details folded away. */
export function renderMarkdown(report: ServiceReport, options: RenderOptions): string {
  const theme = themeFor({ color: false, unicode: options.unicode });
  const clean = mapStrings(asTraced(report), theme.text);
  const page = { report: clean, index: indexReport(clean), theme, all: true };
  const blocks = [head(page), pictureBlocks(page), list(facts(page)), reasons(page), ...advice(page), details(page)];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function head({ report, theme }: Page): string {
  const title = titleOf(report);
  const [name = '', ...rest] = [...title.service, ...title.dataplane].map(escapeMarkdown);
  const tone = toneOfMood(report.answer.mood);
  return `### ${name}\n\n${rest.join(escapeMarkdown(theme.dot))}\n\n${escapeMarkdown(theme.symbol(tone))} **${escapeMarkdown(report.answer.text)}**`;
}

function pictureBlocks({ report, index, theme }: Page): string {
  const picture = pictureOf(report, index, ROWS);
  if (picture === null) return '';
  const legend = [...legendParts(picture.cells, theme), ...(index.domain === '' ? [] : [`node names end in ${index.domain}`])];
  return `${pictureTable(picture, theme)}\n\n${legend.map(escapeMarkdown).join(escapeMarkdown(theme.dot))}`;
}

function pictureTable({ grid }: Picture, theme: Theme): string {
  const width = grid.titles.length;
  const rows = grid.rows.map((row) => tableRow(rowTexts(row, width, theme)));
  return [tableRow(grid.titles.map(escapeMarkdown)), tableRow(grid.titles.map(() => '---')), ...rows].join('\n');
}

function rowTexts(row: GridRow, width: number, theme: Theme): string[] {
  if ('across' in row) return [`**${escapeMarkdown(row.across.trim())}**`, ...Array.from({ length: width - 1 }, () => '')];
  return row.cells.map((cell) => cellText(cell, theme));
}

function cellText(cell: GridCell, theme: Theme): string {
  return cell
    .map(({ tone, text }) => `${tone === null ? '' : `${escapeMarkdown(theme.symbol(tone))} `}${escapeMarkdown(plainSpaces(text.trim()))}`)
    .join('<br>');
}

function facts({ report, index, theme }: Page): string[] {
  const lines = [...healthLine(report, index, theme), ...balancerLines(report, index, theme), ...itselfLine(report, index)];
  return lines.map(({ label, text }) => `**${escapeMarkdown(label)}** ${escapeMarkdown(text)}`);
}

function reasons({ report, theme }: Page): string {
  const lines = reasonsOf(report).map(({ verdict, text, alike }) => {
    const more = alike === 0 ? '' : ` (and ${alike} more like this)`;
    return escapeMarkdown(`${theme.symbol(toneOf(verdict))} ${verdictWord(verdict)}: ${text}${more}`);
  });
  return lines.length === 0 ? '' : `**why:**\n\n${list(lines)}`;
}

function advice({ report, theme, all }: Page): string[] {
  return adviceSections(report, theme, all).map(({ heading, items }) => {
    const lines = items.map(
      ({ text, remedy }) => escapeMarkdown(text) + (remedy === null ? '' : `\n  - ${escapeMarkdown(`${theme.arrow} ${remedy}`)}`),
    );
    return `**${escapeMarkdown(heading)}**\n\n${list(lines)}`;
  });
}

function details(page: Page): string {
  const rules = unique(page.report.flows.flatMap((flow) => flow.because.map(({ rule }) => rule)).filter((rule) => rule !== null));
  const blocks = [
    `Read from ${escapeMarkdown(page.report.origin)}`,
    list(planes(page)),
    flowTable(page),
    ...(rules.length === 0 ? [] : [`Rules that kube-proxy writes for it:\n\n${fenced(rules)}`]),
  ];
  return `<details>\n<summary>Data plane and every flow</summary>\n\n${blocks.filter((block) => block !== '').join('\n\n')}\n\n</details>`;
}

function planes({ report, index, theme }: Page): string[] {
  return report.dataplane.map((entry) => {
    const line = `${dataplaneName(entry)} on ${nodeList(entry.nodes, index, false)} (${entry.confidence})`;
    const below = [dataplaneFacts(entry).join(theme.dot), ...entry.evidence];
    return [escapeMarkdown(line), ...below.map((text) => `  - ${escapeMarkdown(text)}`)].join('\n');
  });
}

function flowTable({ report }: Page): string {
  const rows = targetDetails(report, false).flatMap(({ target, fates }) =>
    fates.map((fate) =>
      tableRow([
        escapeMarkdown(target),
        escapeMarkdown(fate.clients),
        escapeMarkdown(fate.verdict),
        fate.branches.map(escapeMarkdown).join('<br>'),
        fate.because.map(({ text }) => escapeMarkdown(text)).join('<br>'),
      ]),
    ),
  );
  if (rows.length === 0) return '';
  return [tableRow(['to', 'from', 'verdict', 'branches', 'because']), tableRow(['---', '---', '---', '---', '---']), ...rows].join('\n');
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}
