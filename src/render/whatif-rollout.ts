import type { RolloutCase, RolloutNode, RolloutReport, RolloutStep, StepFlow, StepNode } from '../whatif/rollout/report.ts';
import type { Document, Item, Section } from './document.ts';
import { verdictWord } from './phrase.ts';
import { count, foldList, groupBy, plural } from './text.ts';
import { type Tone, toneOf, toneOfMood } from './theme.ts';

const MOST_STEPS = 7;
const MOST_NODES = 4;
const MOST_ROWS = 12;

/** An update of a workload, from top to bottom; `all` folds nothing away. */
export function rolloutDocument(report: RolloutReport, all: boolean): Document {
  const { service, workload, answer, gaps } = report;
  return {
    title: `${service.namespace}/${service.name} · ${service.type} · during an update of ${workload.kind.toLowerCase()}/${workload.name}`,
    subtitle: subtitleOf(report),
    answer: { tone: toneOfMood(answer.mood), text: answer.text },
    sections: [
      { heading: 'what decides it', items: decisive(report) },
      nodeSection(report, all),
      ...report.cases.map((each) => caseSection(each, all)),
      { heading: 'not known', items: gaps.map(({ what, why }): Item => ({ tone: 'unknown', text: `${what}: ${why}` })) },
    ],
  };
}

function subtitleOf({ dataplane, service }: RolloutReport): string {
  const planes = [
    ...new Set(
      dataplane.map(({ implementation, mode, version }) => [implementation, version, mode].filter((part) => part !== null).join(' ')),
    ),
  ];
  return [...planes, `externalTrafficPolicy ${service.externalTrafficPolicy ?? '-'}`].join(' · ');
}

function decisive({ update }: RolloutReport): Item[] {
  const { strategy, replicas, maxSurge, maxUnavailable, minReadySeconds, readyAfter, stop, loadBalancer } = update;
  const rolling = strategy === 'Recreate' ? 'Recreate' : `maxSurge ${maxSurge}, maxUnavailable ${maxUnavailable}`;
  const waits = [
    readyAfter > 0 ? `ready after ${readyAfter} s at the earliest` : '',
    minReadySeconds > 0 ? `minReadySeconds ${minReadySeconds}` : '',
  ].filter((text) => text !== '');
  return [
    { tone: null, text: [`${plural(replicas, 'pod')}: ${rolling}`, ...waits].join(', ') },
    { tone: null, text: `the end of a pod: ${stop.evidence}` },
    ...(loadBalancer === null ? [] : [{ tone: null, text: `the load balancer: ${loadBalancer.evidence}` }]),
  ];
}

function nodeSection({ nodes }: RolloutReport, all: boolean): Section {
  const groups = groupBy(nodes, ({ without, drops, why }) => JSON.stringify([without, drops, why]));
  const items = [...groups.values()].flatMap((group): Item[] => {
    const [first] = group;
    if (first === undefined) return [];
    const names = foldList(
      group.map(({ node }) => node),
      all ? Number.MAX_SAFE_INTEGER : MOST_NODES,
    );
    return [{ tone: first.drops === null ? 'good' : first.without === 'always' ? 'bad' : 'mixed', text: `${names}: ${nodeWords(first)}` }];
  });
  return { heading: 'nodes with pods', items };
}

function nodeWords({ without, drops, why }: RolloutNode): string {
  const has = { always: 'without a ready pod for a while', 'may be': 'may be without a ready pod', never: 'always has a ready pod' }[
    without
  ];
  const dropped =
    drops === null ? 'drops nothing' : drops.seconds === null ? `drops until ${drops.until}` : `drops for up to ${drops.seconds} s`;
  return `${has} (${why}); ${dropped}`;
}

const HEADINGS: Readonly<Record<RolloutCase['case'], string>> = {
  only: 'step by step',
  worst: 'step by step, at worst',
  best: 'step by step, at best',
};

function caseSection({ case: name, supposed, steps, left }: RolloutCase, all: boolean): Section {
  // The best case is the worst one's foil: told in short.
  const most = all ? steps.length : name === 'best' ? 0 : MOST_STEPS;
  if (most === 0) return { heading: '', items: [] };
  const shown = steps.slice(0, most);
  const rest = steps.length - shown.length + left;
  const more: Item[] =
    rest === 0
      ? []
      : [
          {
            tone: null,
            text: `${count(rest)} more ${rest === 1 ? 'step' : 'steps'} of the same kind${all || left === rest ? '' : ': -o wide'}`,
          },
        ];
  const head: Item[] = name === 'only' ? [] : [{ tone: null, text: `supposed: ${supposed}` }];
  return { heading: HEADINGS[name], items: [...head, ...shown.map((step, index) => stepItem(step, index, all)), ...more] };
}

function stepItem(step: RolloutStep, index: number, all: boolean): Item {
  const most = all ? Number.MAX_SAFE_INTEGER : MOST_ROWS;
  const rows: Item[] = [...nodeRows(step.nodes), ...flowRows(step.flows)];
  const cut = rows.length > most ? [...rows.slice(0, most), { tone: null, text: `${count(rows.length - most)} more: -o wide` }] : rows;
  return { tone: worstTone(step), text: `${index}. ${step.text}${lasting(step)}`, more: cut };
}

function worstTone({ phase, flows }: RolloutStep): Tone | null {
  if (phase === 'stuck') return 'bad';
  const tones = flows.map(({ after }) => toneOf(after));
  return tones.includes('bad') ? 'bad' : tones.includes('unknown') ? 'unknown' : tones.length > 0 ? 'good' : null;
}

function lasting({ phase, seconds: { least, most } }: RolloutStep): string {
  if (phase === 'before' || phase === 'stuck') return '';
  if (most !== null) return most === 0 ? '' : ` (${least === most ? `${most} s` : `${least} to ${most} s`})`;
  return least === 0 ? '' : ` (at least ${least} s)`;
}

function nodeRows(nodes: readonly StepNode[]): Item[] {
  const groups = groupBy(nodes, ({ node: _node, ...rest }) => JSON.stringify(rest));
  return [...groups.values()].flatMap((group): Item[] => {
    const [first] = group;
    return first === undefined
      ? []
      : [
          {
            tone: null,
            text: `${foldList(
              group.map(({ node }) => node),
              MOST_NODES,
            )}: ${podWords(first)}${checkWords(first)}`,
          },
        ];
  });
}

function podWords({ old, starting, ready, terminating }: StepNode): string {
  const parts = [
    [old, 'old'],
    [terminating, 'terminating'],
    [starting, 'starting'],
    [ready, 'new'],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  return said.length === 0 ? 'no pod' : said.join(', ');
}

function checkWords({ healthCheck, inRotation }: StepNode): string {
  const check = healthCheck === null ? '' : `; health check ${healthCheck}`;
  return `${check}${inRotation === false && healthCheck === null ? '; the load balancer leaves it' : ''}`;
}

function flowRows(flows: readonly StepFlow[]): Item[] {
  const groups = groupBy(flows, ({ node: _node, ...rest }) => JSON.stringify(rest));
  return [...groups.values()].flatMap((group): Item[] => {
    const [first] = group;
    if (first === undefined) return [];
    const at = foldList(
      group.map(({ node }) => node),
      MOST_NODES,
    );
    const who = first.from === 'pods' ? `pods on ${at} that ask the clusterIP` : `outside clients of ${at}`;
    return [{ tone: toneOf(first.after), text: `${who}: ${verdictWord(first.before)} → ${verdictWord(first.after)}` }];
  });
}
