import type { FailOn } from '../analysis/exit-code.ts';
import type { WhatifReport } from './report.ts';

/** 1 when the change is that bad: error: nothing is answered any more; warning: something gets worse, or may; info: anything changes. */
export function whatifExitCode({ answer, counts, flows }: WhatifReport, failOn: FailOn): 0 | 1 {
  const bad = answer.mood === 'bad' || (failOn === 'warning' && answer.mood !== 'good');
  switch (failOn) {
    case 'never':
      return 0;
    case 'error':
    case 'warning':
      return bad ? 1 : 0;
    case 'info':
      return bad || counts.unchanged < flows.length ? 1 : 0;
  }
}
