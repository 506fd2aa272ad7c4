import type { Branch } from '../analysis/report.ts';
import type { TracedHop, TracedPacket, TracedStep, TracedWay, TraceReport, WhyNotAnswer } from '../analysis/trace-report.ts';
import { clientLabel, flowTarget } from './describe.ts';
import type { Document, Item, Section } from './document.ts';
import { verdictWord } from './phrase.ts';
import { percent, plural } from './text.ts';
import { type Tone, toneOf, toneOfMood } from './theme.ts';

/** More ways than this say the same again and again. */
const MOST_WAYS = 8;

/** A packet's way from top to bottom; `all` also shows rules that matched and changed nothing. */
export function traceDocument(report: TraceReport, all: boolean): Document {
  const { from, via, to, answer, service, verdict, branches, because } = report;
  const target = flowTarget({ from, via, to, verdict, branches, because });
  const ways = all ? report.ways : report.ways.slice(0, MOST_WAYS);
  const rest = report.ways.length - ways.length;
  return {
    title: `${service.namespace}/${service.name} · ${clientLabel(from)} → ${target} · ${to.protocol}`,
    subtitle: [standInText(report), derivedText(report)].filter((text) => text !== '').join('; '),
    answer: { tone: toneOfMood(answer.mood), text: answer.text },
    sections: [
      ...whyNotSection(report),
      ...ways.map((way, at) => waySection(way, { at, of: report.ways.length, all })),
      { heading: 'more', items: rest > 0 ? [{ tone: null, text: `${plural(rest, 'more way')}: -v` }] : [] },
      predictionSection(report),
      { heading: 'not known', items: report.gaps.map(({ what, why }) => ({ tone: 'unknown', text: `${what}: ${why}` })) },
    ],
  };
}

function standInText({ standIn, from }: TraceReport): string {
  if (standIn === null) return '';
  return `${standIn} stands for ${from.kind === 'pod' ? 'any pod of the node' : 'any client outside the cluster'}`;
}

function derivedText({ ways }: TraceReport): string {
  return ways.some(isDerived)
    ? 'addresses and routes of nodes are concluded from API objects where ip -j addr and ip -j route were not read'
    : '';
}

function isDerived({ request, reply }: TracedWay): boolean {
  return [...request, ...reply].some(({ derived }) => derived);
}

function whyNotSection({ whyNot }: TraceReport): readonly Section[] {
  if (whyNot === undefined) return [];
  return [{ heading: `why not ${whyNot.asked}`, items: whyNot.answers.map(whyNotItem) }];
}

function whyNotItem({ node, taken, text, rule }: WhyNotAnswer): Item {
  return { tone: taken ? 'good' : null, text: `node ${node}: ${text}`, more: rule === null ? [] : [{ code: rule }] };
}

function waySection(way: TracedWay, { at, of, all }: { readonly at: number; readonly of: number; readonly all: boolean }): Section {
  const share = way.share < 1 ? ` (${percent(way.share)})` : '';
  const heading = of === 1 ? 'the way of the packet' : `way ${at + 1} of ${of}${share}`;
  const doubts = way.doubts.map(
    ({ node, rule, why, taken }): Item => ({
      tone: 'unknown',
      text: `node ${node}: ${why}; here it ${taken ? 'matches' : 'does not match'}`,
      more: [{ code: rule }],
    }),
  );
  const end: Item = { tone: toneOfEnd(way.outcome), text: way.end };
  const back = way.reply.map((hop) => hopItem(hop, 'answer', all));
  return { heading, items: [...doubts, ...way.request.map((hop) => hopItem(hop, 'request', all)), end, ...back] };
}

function toneOfEnd(outcome: Branch['outcome'] | 'unknown'): Tone {
  return outcome === 'unknown' ? 'unknown' : toneOf(outcome);
}

function hopItem({ node, steps }: TracedHop, what: 'request' | 'answer', all: boolean): Item {
  const shown = steps.filter((step) => all || step.decisive);
  const left = steps.length - shown.length;
  const items = shown.flatMap((step): Item[] => [stepItem(step)]);
  const hidden: Item[] = left > 0 ? [{ tone: null, text: `${plural(left, 'more step')} that changed nothing: --all-matched` }] : [];
  return { tone: null, text: `${what} on node ${node}`, more: [...items, ...hidden] };
}

function stepItem({ kind, hook, table, chain, text, effect, how, packet, lineNumber }: TracedStep): Item {
  if (kind === 'routing') return { tone: null, text: `routing: ${text}` };
  const place = [hook, table].filter((part) => part !== null).join(' ');
  if (kind === 'policy') return { tone: effect === 'drop' ? 'bad' : null, text: `${place}: ${text} of ${chain}` };
  const after = packet === null ? '' : `: ${packetText(packet, effect)}`;
  if (kind === 'undo') return { tone: null, text: `${place}: ${text}${after}` };
  const sure = how === 'taken' ? '' : how === 'by-chance' ? ', by chance' : ', perhaps';
  return {
    tone: TONES[effect ?? ''] ?? null,
    text: `${place} ${chain}${lineNumber === null ? '' : ` (line ${lineNumber})`}: ${effect ?? ''}${sure}${after}`,
    more: [{ code: text }],
  };
}

const TONES: Readonly<Record<string, Tone>> = { drop: 'bad', reject: 'bad', unknown: 'unknown' };

/** What of the packet the step changed. */
function packetText({ source, sourcePort, destination, destinationPort, mark }: TracedPacket, effect: string | null): string {
  switch (effect) {
    case 'dnat':
      return `to ${end(destination, destinationPort)}`;
    case 'snat':
      return `from ${source ?? 'an address that is not known'}`;
    case 'mark':
    case 'connmark':
      return `mark ${mark}`;
    case null:
      return `${end(source, sourcePort)} → ${end(destination, destinationPort)}`;
    default:
      return `${source ?? '?'} → ${end(destination, destinationPort)}`;
  }
}

function end(address: string | null, port: number | null): string {
  const host = address === null ? '?' : address.includes(':') ? `[${address}]` : address;
  return port === null ? host : `${host}:${port}`;
}

function predictionSection({ agrees, predicted }: TraceReport): Section {
  if (agrees !== false) return { heading: 'predicted', items: [] };
  const reasons = predicted.because.map(({ text, rule }): Item => ({ tone: null, text, more: rule === null ? [] : [{ code: rule }] }));
  return {
    heading: "by kube-proxy's own rules",
    items: [{ tone: toneOf(predicted.verdict), text: `it should be ${verdictWord(predicted.verdict)}`, more: reasons }],
  };
}
