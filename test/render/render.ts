import type { ServiceReport } from '../../src/analysis/report.ts';
import { renderJson, renderName, renderYaml } from '../../src/render/machine.ts';
import { renderMarkdown } from '../../src/render/markdown.ts';
import type { Format, RenderOptions } from '../../src/render/options.ts';
import { renderTable } from '../../src/render/table.ts';

/** As the program renders a ServiceReport, without the loading in between. */
export function renderReport(report: ServiceReport, format: Format, options: RenderOptions): string {
  switch (format) {
    case 'json':
      return renderJson(report);
    case 'yaml':
      return renderYaml(report);
    case 'name':
      return renderName(report);
    case 'markdown':
      return renderMarkdown(report, options);
    default:
      return renderTable(report, format, options);
  }
}
