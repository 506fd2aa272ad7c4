import type { AboutFinding, ServiceGroup, WhatifAllReport } from '../whatif/all/report.ts';
import type { Document, Item, Section } from './document.ts';
import { count, foldList, groupBy, plural, unique } from './text.ts';
import { type Tone, toneOfMood } from './theme.ts';
import { linesFor, lineText } from './whatif-lines.ts';

const MOST_GROUPS = 8;
const MOST_NAMES = 6;
const MOST_FINDINGS = 10;

const HEADINGS = [
  ['introduced', 'fare worse', 'bad'],
  ['gone', 'go away', 'mixed'],
  ['unknown', 'not decided', 'unknown'],
  ['fixed', 'fare better', 'good'],
  ['new', 'come with it', 'good'],
  ['changed', 'are answered otherwise', 'mixed'],
] as const satisfies readonly (readonly [ServiceGroup['change'], string, Tone])[];

/** What a change does to many Services, from top to bottom; `all` folds nothing away. */
export function whatifAllDocument(report: WhatifAllReport, all: boolean): Document {
  const { changes, answer, counts, namespace, gaps } = report;
  const total = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const scope = namespace === null ? 'every Service' : `every Service of ${namespace}`;
  return {
    title: `${scope} · after ${changes.map(({ text }) => text).join(', ')}`,
    subtitle: [
      ...planes(report),
      `${count(counts.unchanged)} of ${plural(total, 'Service')} unchanged${counts['not-served'] > 0 ? `, ${count(counts['not-served'])} not served by kube-proxy` : ''}`,
    ].join(' · '),
    answer: { tone: toneOfMood(answer.mood), text: answer.text },
    sections: [
      ...HEADINGS.map(([change, heading, tone]) => groupSection(report.groups, { change, heading, tone }, all)),
      findingSection(report, all),
      { heading: 'not known', items: gaps.map(({ what, why }): Item => ({ tone: 'unknown', text: `${what}: ${why}` })) },
    ],
  };
}

function planes({ before, after }: WhatifAllReport): string[] {
  const named = (entries: WhatifAllReport['before']['dataplane']): string =>
    unique(
      entries.map(({ implementation, mode, version }) => [implementation, version, mode].filter((part) => part !== null).join(' ')),
    ).join(', ');
  const [then, now] = [named(before.dataplane), named(after.dataplane)];
  return [then === now ? then : `${then} → ${now}`];
}

function groupSection(
  groups: readonly ServiceGroup[],
  { change, heading, tone }: { readonly change: ServiceGroup['change']; readonly heading: string; readonly tone: Tone },
  all: boolean,
): Section {
  const own = groups.filter((group) => group.change === change);
  const shown = all ? own : own.slice(0, MOST_GROUPS);
  const items = shown.map((group): Item => groupItem(group, tone, all));
  const rest = own.slice(shown.length).reduce((sum, { services }) => sum + services.length, 0);
  return {
    heading,
    items:
      rest === 0
        ? items
        : [...items, { tone: null, text: `${plural(rest, 'more Service')} of ${count(own.length - shown.length)} other causes: -o wide` }],
  };
}

function groupItem({ services, what, example, isLost }: ServiceGroup, tone: Tone, all: boolean): Item {
  const names = foldList(
    services.map(({ namespace, name }) => `${namespace}/${name}`),
    all ? Number.MAX_SAFE_INTEGER : MOST_NAMES,
  );
  const more: Item[] = what.map((text) => ({ tone: null, text }));
  const flows =
    example === null || !all
      ? []
      : linesFor(example.flows, example.flows).map(
          (line): Item => ({ tone: null, text: `for example ${example.service.name}: ${lineText(line, false)}` }),
        );
  return { tone, text: `${names}${isLost ? ': nobody is answered any more' : ''}`, more: [...more, ...flows] };
}

function findingSection({ findings }: WhatifAllReport, all: boolean): Section {
  const { introduced, fixed, unchanged } = findings;
  const items = [...folded(introduced, 'new', 'bad'), ...folded(fixed, 'gone', 'good')];
  const cut =
    all || items.length <= MOST_FINDINGS
      ? items
      : [...items.slice(0, MOST_FINDINGS), { tone: null, text: `${count(items.length - MOST_FINDINGS)} more: -o wide` }];
  const rest: Item[] = unchanged === 0 ? [] : [{ tone: null, text: `${count(unchanged)} as before: kubectl srcip check -A` }];
  return { heading: 'findings', items: cut.length === 0 ? [] : [...cut, ...rest] };
}

/** The same finding about many Services is one line. */
function folded(findings: readonly AboutFinding[], word: string, tone: Tone): Item[] {
  return [...groupBy(findings, ({ code }) => code).values()].flatMap((group): Item[] => {
    const [first] = group;
    if (first === undefined) return [];
    return [
      { tone, text: `${word}: ${first.code} ${first.message}${group.length > 1 ? `, and ${count(group.length - 1)} more like it` : ''}` },
    ];
  });
}
