import type { BalancerChange, FlowChange, WhatifFlow, WhatifReport } from '../whatif/report.ts';
import type { Document, Item, Section } from './document.ts';
import { count, groupBy, plural, unique } from './text.ts';
import { type Tone, toneOfMood } from './theme.ts';
import { linesFor, lineText } from './whatif-lines.ts';

const MOST_LINES = 10;

const SECTIONS: readonly { readonly change: FlowChange; readonly heading: string; readonly tone: Tone }[] = [
  { change: 'introduced', heading: 'gets worse', tone: 'bad' },
  { change: 'fixed', heading: 'gets better', tone: 'good' },
  { change: 'unknown', heading: 'not decided', tone: 'unknown' },
  { change: 'changed', heading: 'changes', tone: 'mixed' },
  { change: 'new', heading: 'comes with it', tone: 'good' },
  { change: 'gone', heading: 'goes away', tone: 'mixed' },
];

/** What a change does, from top to bottom; `all` folds nothing away. */
export function whatifDocument(report: WhatifReport, all: boolean): Document {
  const { service, changes, answer, counts } = report;
  const title = `${service.namespace}/${service.name} · ${service.type} · after ${changes.map(({ text }) => text).join(', ')}`;
  return {
    title,
    subtitle: [
      ...unique(report.before.dataplane.map(planeName)),
      `${plural(counts.unchanged, 'flow')} of ${count(total(report))} unchanged`,
    ].join(' · '),
    answer: { tone: toneOfMood(answer.mood), text: answer.text },
    sections: [
      ...SECTIONS.map(({ change, heading, tone }) => flowSection(report.flows, { change, heading, tone }, all)),
      balancerSection(report.loadBalancer),
      findingSection(report, all),
      noteSection(report, all),
      gapSection(report),
    ],
  };
}

function total({ counts }: WhatifReport): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}

function planeName({ implementation, mode, version }: WhatifReport['before']['dataplane'][number]): string {
  return [implementation, version, mode].filter((part) => part !== null).join(' ');
}

function flowSection(flows: readonly WhatifFlow[], { change, heading, tone }: (typeof SECTIONS)[number], all: boolean): Section {
  const lines = linesFor(
    flows.filter((flow) => flow.change === change),
    flows,
  ).map((line): Item => ({ tone: line.tone ?? tone, text: lineText(line, all) }));
  return { heading, items: shortened(lines, all) };
}

function shortened(items: readonly Item[], all: boolean): readonly Item[] {
  const rest = items.length - MOST_LINES;
  return all || rest <= 1 ? items : [...items.slice(0, MOST_LINES), { tone: null, text: `${count(rest)} more: -o wide` }];
}

function balancerSection(changes: readonly BalancerChange[]): Section {
  const groups = groupBy(changes, ({ before, after }) => JSON.stringify([before?.inRotation, after]));
  const items = [...groups.values()].flatMap((group): Item[] => {
    const [first] = group;
    if (first === undefined || first.after === null) return [];
    const { inRotation, httpStatus, why } = first.after;
    const same = first.before?.inRotation === inRotation;
    const several = group.length > 1 ? 'are' : 'is';
    const what = same
      ? `health check HTTP ${httpStatus ?? 'not asked'}`
      : inRotation === null
        ? 'may be used or not'
        : inRotation
          ? `${several} used`
          : first.before === null
            ? `${several} not used`
            : `${several} no longer used`;
    const tone: Tone = same ? 'mixed' : inRotation === null ? 'unknown' : inRotation ? 'good' : 'mixed';
    return [{ tone, text: `${group.map(({ node }) => node).join(', ')} ${what}: ${why}` }];
  });
  return { heading: 'the load balancer', items };
}

function findingSection({ findings }: WhatifReport, all: boolean): Section {
  const items = [
    ...findings.introduced.map(
      ({ code, message, remedy }): Item => ({ tone: 'bad', text: `new: ${code} ${message}`, more: [{ tone: null, text: remedy }] }),
    ),
    ...findings.fixed.map(({ code, message }): Item => ({ tone: 'good', text: `gone: ${code} ${message}` })),
    ...(all ? findings.unchanged.map(({ code, message }): Item => ({ tone: null, text: `as before: ${code} ${message}` })) : []),
  ];
  return { heading: 'findings', items };
}

/** What findings say already is not said twice. */
function noteSection({ notes, findings }: WhatifReport, all: boolean): Section {
  if (!all && findings.introduced.length > 0) return { heading: '', items: [] };
  const introduced = notes.introduced.filter(({ severity }) => all || severity === 'warning');
  const items = [
    ...introduced.map(
      ({ severity, text, remedy }): Item => ({
        tone: severity === 'warning' ? 'mixed' : null,
        text,
        more: remedy === undefined ? [] : [{ tone: null, text: remedy }],
      }),
    ),
    ...(all ? notes.fixed.map(({ text }): Item => ({ tone: 'good', text: `no longer: ${text}` })) : []),
  ];
  return { heading: 'to know before', items };
}

function gapSection({ gaps }: WhatifReport): Section {
  return { heading: 'not known', items: gaps.map(({ what, why }): Item => ({ tone: 'unknown', text: `${what}: ${why}` })) };
}
