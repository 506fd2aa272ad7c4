import type { Packet } from '../netfilter/evaluate/packet.ts';
import type { Step } from '../netfilter/trace.ts';
import type { ObservedNodes } from '../traced/nodes.ts';
import type { Hop } from '../traced/types.ts';
import type { TracedHop, TracedPacket, TracedStep } from './trace-report.ts';

/** One node's steps as the report shows them. */
export function tracedHop(hop: Hop, nodes: ObservedNodes): TracedHop {
  const { steps } = hop.branch;
  const decisive = decisiveSteps(steps);
  return {
    node: hop.node,
    derived: nodes.get(hop.node)?.derived ?? false,
    steps: steps.map((step, at) => tracedStep(step, decisive.has(at))),
  };
}

function tracedStep(step: Step, decisive: boolean): TracedStep {
  const base = { hook: null, table: null, chain: null, lineNumber: null, effect: null, how: 'taken', decisive, packet: null } as const;
  switch (step.kind) {
    case 'rule': {
      const { rule, hook, effect, how, packet } = step;
      const { table, chain, line, lineNumber } = rule;
      return { ...base, kind: 'rule', hook, table, chain, text: line, lineNumber, effect, how, packet: tracedPacket(packet) };
    }
    case 'policy':
      return {
        ...base,
        kind: 'policy',
        hook: step.hook,
        table: step.table,
        chain: step.hook,
        text: `policy ${step.policy}`,
        effect: step.policy === 'DROP' ? 'drop' : 'accept',
      };
    case 'routing':
      return { ...base, kind: 'routing', text: routingText(step) };
    case 'undo':
      return {
        ...base,
        kind: 'undo',
        hook: step.hook,
        table: 'nat',
        text: 'connection tracking undoes what was done to the request',
        packet: tracedPacket(step.packet),
      };
  }
}

function tracedPacket({ source, sourcePort, destination, destinationPort, mark, inDevice, outDevice }: Packet): TracedPacket {
  const device = (name: string | null): string | null => (name === '' ? null : name);
  return { source, sourcePort, destination, destinationPort, mark: `0x${mark.toString(16)}`, in: device(inDevice), out: device(outDevice) };
}

function routingText({ destination, to }: Extract<Step, { kind: 'routing' }>): string {
  switch (to.kind) {
    case 'local':
      return `${destination} is an address of the node itself`;
    case 'out':
      return `${destination}${to.nextHop === null ? '' : ` via ${to.nextHop}`} dev ${to.device}`;
    case 'nowhere':
      return `${destination}: ${to.how}`;
    case 'unknown':
      return `${destination}: ${to.why}`;
  }
}

const IDLE: ReadonlySet<string> = new Set(['jump', 'goto', 'return', 'nothing']);

/** Steps that changed or decided something, and the jumps that lead to one of these; a policy that accepts decides nothing. */
function decisiveSteps(steps: readonly Step[]): ReadonlySet<number> {
  const found = new Set<number>();
  let open: { readonly at: number; readonly chain: string }[] = [];
  for (const [at, step] of steps.entries()) {
    if (step.kind !== 'rule') {
      open = [];
      if (step.kind !== 'policy' || step.policy === 'DROP') found.add(at);
      continue;
    }
    // Back in an outer chain, the jumps into inner ones are over.
    const inside = open.findLastIndex((jump) => jump.chain === step.rule.chain);
    open = open.slice(0, inside + 1);
    if (IDLE.has(step.effect)) {
      const { target } = step.rule.spec;
      if (target.kind === 'chain') open.push({ at, chain: target.chain });
      continue;
    }
    found.add(at);
    for (const jump of open) found.add(jump.at);
  }
  return found;
}
