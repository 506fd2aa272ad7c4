import type { ServiceReport } from '../analysis/report.ts';
import { renderJson, renderName, renderYaml } from './machine.ts';
import { renderMarkdown } from './markdown.ts';
import type { Format, RenderOptions } from './options.ts';
import { renderTable } from './table.ts';

/** A ServiceReport as text, with a line feed at its end. Nothing in it can act on a terminal, whatever the cluster's names hold. */
export function renderReport(report: ServiceReport, format: Format, options: RenderOptions): string {
  switch (format) {
    case 'table':
    case 'wide':
      return renderTable(report, format, options);
    case 'markdown':
      return renderMarkdown(report, options);
    case 'json':
      return renderJson(report);
    case 'yaml':
      return renderYaml(report);
    case 'name':
      return renderName(report);
  }
}
