import type { Foretold } from './drops.ts';
import type { RolloutStep, StepFlow, StepNode, UpdateRules } from './report.ts';
import type { Moment } from './walk.ts';

interface Around {
  readonly rules: UpdateRules;
  readonly nodes: readonly string[];
}

/** The moments as steps, each with what is another than before. */
export function stepsOf(told: readonly Foretold[], around: Around): RolloutStep[] {
  return told.map((each, index): RolloutStep => {
    const old = told[index - 1] ?? null;
    const before = old === null ? null : nodesAt(old, around);
    const now = nodesAt(each, around);
    return {
      phase: each.moment.phase,
      text: textOf(each.moment, around.rules),
      seconds: lasting(each.moment, around.rules),
      nodes: [...now.values()].filter((node) => JSON.stringify(node) !== JSON.stringify(before?.get(node.node))),
      flows: old === null ? [] : [...flowsBetween(old, each, 'outside'), ...flowsBetween(old, each, 'inside')],
    };
  });
}

function nodesAt({ moment, fares }: Foretold, { nodes }: Around): ReadonlyMap<string, StepNode> {
  const count = (node: string, keep: (pod: Moment['pods'][number]) => boolean): number =>
    moment.pods.filter((pod) => pod.node === node && keep(pod)).length;
  const entries = nodes.map((node): [string, StepNode] => {
    const standing = fares.balancer.get(node);
    return [
      node,
      {
        node,
        old: count(node, ({ isNew, phase }) => !isNew && phase !== 'terminating'),
        starting: count(node, ({ isNew, phase }) => isNew && phase === 'waiting'),
        ready: count(node, ({ isNew, phase }) => isNew && phase === 'ready'),
        terminating: count(node, ({ phase }) => phase === 'terminating'),
        healthCheck: standing?.httpStatus ?? null,
        inRotation: standing?.inRotation ?? null,
      },
    ];
  });
  return new Map(entries);
}

function flowsBetween(old: Foretold, now: Foretold, side: 'outside' | 'inside'): StepFlow[] {
  return [...now.fares[side]].flatMap(([node, after]): StepFlow[] => {
    const before = old.fares[side].get(node);
    if (before === undefined || before === after) return [];
    return [{ from: side === 'outside' ? 'outside clients' : 'pods', node, before, after }];
  });
}

function pods(count: number, what: string): string {
  return `${count} ${what} pod${count === 1 ? '' : 's'}`;
}

function textOf({ phase, pods: all, started, stopped }: Moment, { stop, maxUnavailable }: UpdateRules): string {
  const waiting = all.filter(({ isNew, phase: state, node }) => isNew && state === 'waiting' && node !== null).length;
  switch (phase) {
    case 'before':
      return `${pods(all.length, 'old')}, before the update`;
    case 'replacing': {
      const starts = started === 0 ? [] : [`${pods(started, 'new')} ${started === 1 ? 'starts' : 'start'}`];
      const serving =
        stop.most === 0
          ? ''
          : stop.least === stop.most
            ? ` and ${stopped === 1 ? 'serves' : 'serve'} ${stop.most} s more`
            : ` and may serve up to ${stop.most} s more`;
      const stops = stopped === 0 ? [] : [`${pods(stopped, 'old')} ${stopped === 1 ? 'is' : 'are'} told to stop${serving}`];
      return [...starts, ...stops].join('; ');
    }
    case 'stopped':
      return `what was told to stop serves no more${waiting === 0 ? '' : `; ${pods(waiting, 'new')} not ready yet`}`;
    case 'ready':
      return `the new pods that started are ready`;
    case 'stuck':
      return `the update stands still: no new pod finds a node, and maxUnavailable ${maxUnavailable} lets no old one go`;
  }
}

function lasting({ phase, stopped }: Moment, { stop, readyAfter, minReadySeconds }: UpdateRules): RolloutStep['seconds'] {
  switch (phase) {
    case 'before':
      return { least: 0, most: null };
    case 'replacing':
      return stopped === 0 ? { least: readyAfter, most: null } : { least: stop.least, most: stop.most };
    case 'stopped':
      return { least: Math.max(0, readyAfter - stop.most), most: null };
    case 'ready':
      return { least: minReadySeconds, most: null };
    case 'stuck':
      return { least: 0, most: null };
  }
}
