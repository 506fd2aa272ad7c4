import type { ServiceReport } from './report.ts';

export type FailOn = 'error' | 'warning' | 'info' | 'never';

/** 0, or 1 when the answer is bad news at or above the given level: error: nothing is answered; warning: something is not, or nobody can tell; info: anything to know. */
export function exitCode(report: ServiceReport, failOn: FailOn): 0 | 1 {
  const bad = report.answer.mood === 'bad';
  const doubtful = bad || report.answer.mood !== 'good' || report.notes.some((note) => note.severity === 'warning');
  switch (failOn) {
    case 'never':
      return 0;
    case 'error':
      return bad ? 1 : 0;
    case 'warning':
      return doubtful ? 1 : 0;
    case 'info':
      return doubtful || report.notes.length > 0 || report.gaps.length > 0 ? 1 : 0;
  }
}
