import type { Answer } from '../../analysis/report.ts';
import { nameList, plural } from '../../analysis/tally.ts';
import type { ServiceChange, ServiceGroup, WhatifAllReport } from './report.ts';

type Unanswered = Omit<WhatifAllReport, 'answer'>;

/** The change in a sentence: how many Services are as before, and what becomes of the others. */
export function allAnswer(report: Unanswered): Answer {
  const { counts, changes, groups, namespace } = report;
  const what = changes.map(({ text }) => text).join(' and ');
  const served = Object.values(counts).reduce((sum, each) => sum + each, 0) - counts['not-served'];
  const where = namespace === null ? '' : ` of namespace ${namespace}`;
  const mood = moodOf(report);
  if (served === 0)
    return { mood, text: `After ${what}, nothing changes: kube-proxy serves none of ${plural(counts['not-served'], 'Service')}${where}.` };
  if (groups.length === 0)
    return {
      mood,
      text: `After ${what}, nothing changes for the traffic of ${served === 1 ? 'the only Service' : `any of ${served} Services`}${where}.`,
    };
  const clauses = ORDER.flatMap((change) => clause(change, groups));
  return {
    mood,
    text: `After ${what}, of ${plural(served, 'Service')}${where} ${counts.unchanged === 0 ? 'none is' : `${counts.unchanged} ${counts.unchanged === 1 ? 'is' : 'are'}`} unchanged; ${clauses.join('; ')}.`,
  };
}

const ORDER = ['introduced', 'gone', 'unknown', 'fixed', 'new', 'changed'] as const satisfies readonly ServiceChange[];

const WORDS: Readonly<Record<(typeof ORDER)[number], readonly [string, string]>> = {
  introduced: ['fares worse', 'fare worse'],
  gone: ['goes away', 'go away'],
  unknown: ['is not decided', 'are not decided'],
  fixed: ['fares better', 'fare better'],
  new: ['comes with it', 'come with it'],
  changed: ['is answered otherwise', 'are answered otherwise'],
};

function clause(change: (typeof ORDER)[number], groups: readonly ServiceGroup[]): string[] {
  const own = groups.filter((group) => group.change === change);
  const names = own.flatMap(({ services }) => services.map(({ namespace, name }) => `${namespace}/${name}`));
  if (names.length === 0) return [];
  const [line] = own[0]?.what ?? [];
  const how =
    line === undefined ? '' : `: ${line}${own.length > 1 ? `, and ${own.length - 1} other ${own.length === 2 ? 'cause' : 'causes'}` : ''}`;
  return [`${names.length} (${nameList(names)}) ${WORDS[change][names.length === 1 ? 0 : 1]}${how}`];
}

function moodOf({ groups, counts }: Unanswered): Answer['mood'] {
  if (groups.some(({ isLost }) => isLost)) return 'bad';
  if (counts.introduced > 0) return 'mixed';
  return counts.unknown > 0 ? 'unknown' : 'good';
}
