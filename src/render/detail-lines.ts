import type { DataplaneEntry, ServiceReport } from '../analysis/report.ts';
import { dataplaneFacts, type FateDetails, nodeList, targetDetails } from './details.ts';
import type { ReportIndex } from './report-index.ts';
import { hang, wrap } from './text.ts';
import { type Theme, toneOf } from './theme.ts';
import { dataplaneName } from './title.ts';

interface Layout {
  readonly theme: Theme;
  readonly width: number;
  readonly all: boolean;
}

/** What `-o wide` adds: where it was read, the data plane with its evidence, and every flow with its branches. */
export function detailLines(report: ServiceReport, index: ReportIndex, layout: Layout): string[] {
  const { theme, width, all } = layout;
  const planes = report.dataplane.flatMap((entry) => planeLines(entry, index, layout));
  const targets = targetDetails(report, all).flatMap(({ target, fates }) => [
    '',
    ...wrap(target, width).map(theme.bold),
    ...fates.flatMap((fate) => fateLines(fate, layout)),
  ]);
  return [...hang('read from  ', report.origin, width), '', theme.bold('data plane:'), ...planes, ...targets];
}

function planeLines(entry: DataplaneEntry, index: ReportIndex, { theme, width, all }: Layout): string[] {
  const title = `${dataplaneName(entry)} on ${nodeList(entry.nodes, index, all)} (${entry.confidence})`;
  return [
    ...hang('  ', title, width),
    ...hang('    ', dataplaneFacts(entry).join(theme.dot), width),
    ...entry.evidence.flatMap((line) => hang(`    ${theme.bullet} `, line, width)),
  ];
}

function fateLines(fate: FateDetails, { theme, width }: Layout): string[] {
  const tone = toneOf(fate.verdict);
  const symbol = theme.symbol(tone);
  const [first = '', ...rest] = hang(`  ${symbol} `, `${fate.verdict}: from ${fate.clients}`, width);
  return [
    `  ${theme.paint(tone, symbol)}${first.slice(2 + symbol.length)}`,
    ...rest,
    ...fate.branches.flatMap((branch) => hang('      ', branch, width)),
    ...fate.because.flatMap(({ text, rule }) => [
      ...hang(`      ${theme.bullet} `, text, width),
      ...(rule === null ? [] : [theme.dim(`          ${rule}`)]),
    ]),
  ];
}
