import type { FailOn } from '../analysis/exit-code.ts';
import type { WhatifAllReport } from './all/report.ts';
import type { WhatifReport } from './report.ts';
import type { RolloutReport } from './rollout/report.ts';

type Report = WhatifReport | WhatifAllReport | RolloutReport;

/** 1 when the change is that bad: error: nothing is answered any more; warning: something gets worse, or may; info: anything changes. */
export function whatifExitCode(report: Report, failOn: FailOn): 0 | 1 {
  const { mood } = report.answer;
  const bad = mood === 'bad' || (failOn === 'warning' && mood !== 'good');
  switch (failOn) {
    case 'never':
      return 0;
    case 'error':
    case 'warning':
      return bad ? 1 : 0;
    case 'info':
      return bad || changesAnything(report) ? 1 : 0;
  }
}

function changesAnything(report: Report): boolean {
  switch (report.kind) {
    case 'WhatifReport':
      return report.counts.unchanged < report.flows.length;
    case 'WhatifAllReport':
      return report.groups.length > 0;
    case 'RolloutReport':
      return report.answer.mood !== 'good';
  }
}
