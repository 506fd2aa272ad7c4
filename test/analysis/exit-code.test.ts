import { expect, test } from 'vitest';
import { exitCode, type FailOn } from '../../src/analysis/exit-code.ts';
import type { Answer, Note, ServiceReport } from '../../src/analysis/report.ts';
import { kubeadm, nodes, service, slice, webOn } from '../cluster/objects.ts';
import { ask } from './ask.ts';

const report = ask([...nodes(1), ...kubeadm(), service(), slice([webOn(1)])]);
const info: Note = { id: 'x', severity: 'info', text: 'x' };
const warning: Note = { id: 'y', severity: 'warning', text: 'y' };
const gap = { what: 'x', why: 'y' };

function codes(mood: Answer['mood'], notes: readonly Note[] = [], gaps: ServiceReport['gaps'] = []): string {
  const changed: ServiceReport = { ...report, answer: { mood, text: '' }, notes, gaps };
  return (['never', 'error', 'warning', 'info'] satisfies FailOn[]).map((level) => exitCode(changed, level)).join('');
}

test.for([
  ['good', [], [], '0000'],
  ['good', [info], [], '0001'],
  ['good', [], [gap], '0001'],
  ['good', [warning], [], '0011'],
  ['mixed', [], [], '0011'],
  ['unknown', [], [], '0011'],
  ['bad', [], [], '0111'],
] as const)('%s with %j and %j: never, error, warning, info → %s', ([mood, notes, gaps, expected]) => {
  expect(codes(mood, notes, gaps)).toBe(expected);
});
