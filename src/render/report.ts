import type { AnyReport } from './any-report.ts';
import type { Format, RenderOptions } from './options.ts';

/** A report as text, with a line feed at its end. Nothing in it can act on a terminal, whatever the cluster's names hold. */
export async function renderReport(report: AnyReport, format: Format, options: RenderOptions): Promise<string> {
  if (format === 'json' || format === 'yaml' || format === 'name') {
    const { renderJson, renderName, renderYaml } = await import('./machine.ts');
    return { json: renderJson, yaml: renderYaml, name: renderName }[format](report);
  }
  if (report.kind === 'ServiceReport') {
    if (format === 'markdown') return (await import('./markdown.ts')).renderMarkdown(report, options);
    return (await import('./table.ts')).renderTable(report, format, options);
  }
  const [{ documentMarkdown, renderDocument }, document] = await Promise.all([
    import('./document.ts'),
    documentOf(report, format === 'wide' || options.verbose),
  ]);
  return format === 'markdown' ? documentMarkdown(document, options) : renderDocument(document, options);
}

async function documentOf(report: Exclude<AnyReport, { kind: 'ServiceReport' }>, all: boolean) {
  if (report.kind === 'TraceReport') return (await import('./trace.ts')).traceDocument(report, all);
  if (report.kind === 'CheckReport') return (await import('./check.ts')).checkDocument(report, all);
  if (report.kind === 'AssertReport') return (await import('./assert.ts')).assertDocument(report, all);
  if (report.kind === 'RolloutReport') return (await import('./whatif-rollout.ts')).rolloutDocument(report, all);
  if (report.kind === 'WhatifAllReport') return (await import('./whatif-all.ts')).whatifAllDocument(report, all);
  if (report.kind === 'WhatifReport') return (await import('./whatif.ts')).whatifDocument(report, all);
  return (await import('./verify.ts')).verifyDocument(report, all);
}
