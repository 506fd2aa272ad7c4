import type { Answer } from '../analysis/report.ts';
import { plural } from '../analysis/tally.ts';
import type { CheckFinding } from './check-report.ts';

interface Counted {
  readonly services: number;
  readonly findings: readonly CheckFinding[];
  readonly suppressed: number;
  readonly notChecked: number;
}

/** What was found, in a sentence. */
export function checkAnswer({ services, findings, suppressed, notChecked }: Counted): Answer {
  const count = (severity: CheckFinding['severity']): number => findings.filter((finding) => finding.severity === severity).length;
  const [errors, warnings, notes] = [count('error'), count('warning'), count('info')];
  const mood = errors > 0 ? 'bad' : warnings > 0 ? 'mixed' : notChecked > 0 && findings.length === 0 ? 'unknown' : 'good';
  const parts = [
    errors === 0 ? '' : plural(errors, 'error'),
    warnings === 0 ? '' : plural(warnings, 'warning'),
    notes === 0 ? '' : plural(notes, 'note'),
  ].filter((part) => part !== '');
  const fresh = findings.filter((finding) => finding.isNew === true).length;
  const news = findings.some((finding) => finding.isNew !== null) ? `, ${fresh} of them new` : '';
  const found = parts.length === 0 ? 'nothing found' : `${parts.join(', ')}${news}`;
  const hidden = suppressed === 0 ? '' : `; ${suppressed} suppressed`;
  const open = notChecked === 0 ? '' : `; ${plural(notChecked, 'finding')} could not be looked for`;
  return { mood, text: `${plural(services, 'Service')} checked: ${found}${hidden}${open}.` };
}
