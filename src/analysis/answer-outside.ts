import type { Verbs } from './answer-words.ts';
import { capital, moodOf, reasonFor } from './answer-words.ts';
import { balancerSentence } from './balancer-sentence.ts';
import type { Answer, Flow, TargetKind, Verdict } from './report.ts';
import { nameList, nodesByVerdict, outsideFlows, sourceClause } from './tally.ts';
import type { Told } from './told.ts';

const VERBS: Verbs = {
  dropped: ['drops', 'drop'],
  rejected: ['rejects', 'reject'],
  'no-reply': ['loses the answers to', 'lose the answers to'],
  unhandled: ['does not serve', 'do not serve'],
  partial: ['answers only part of', 'answer only part of'],
  undetermined: ['is undetermined for', 'are undetermined for'],
};

/** What outside clients meet at each node, or at an address through each node. */
export function outsideAnswer(told: Told, kind: TargetKind): Answer {
  const { flows, groups } = told;
  const asked = outsideFlows(flows, kind);
  const tally = nodesByVerdict(flows, kind, groups);
  const total = [...tally.values()].reduce((sum, nodes) => sum + nodes.length, 0);
  const what = targetText(asked, kind);
  const source = sourceClause(asked);
  const balancer = balancerSentence(told, tally.get('delivered') ?? []);
  const mood = moodOf(new Set(tally.keys()));
  if (mood === 'good') {
    const [only = 'The node'] = tally.get('delivered') ?? [];
    const who = total === 1 ? `${only} answers` : `All ${total} nodes answer`;
    return { mood, text: `${who} outside traffic to ${what}; ${source ?? 'no endpoint is reached'}.${balancer}` };
  }
  const parts = [...tally].flatMap(([verdict, nodes]) =>
    verdict === 'delivered' ? [] : [part({ verdict, nodes, total, what, flows: asked })],
  );
  const rest = source === null ? '' : ` Where it is answered, ${source}.`;
  return { mood, text: `${total === 1 ? parts.join('; ') : capital(parts.join('; '))}.${rest}${balancer}` };
}

interface Part {
  readonly verdict: Exclude<Verdict, 'delivered'>;
  readonly nodes: readonly string[];
  readonly total: number;
  readonly what: string;
  readonly flows: readonly Flow[];
}

function part({ verdict, nodes, total, what, flows }: Part): string {
  const verb = VERBS[verdict][nodes.length === 1 ? 0 : 1];
  const all = nodes.length === total;
  const [only = 'the node'] = nodes;
  const who = total === 1 ? only : all ? `all ${total} nodes` : `${nodes.length} of ${total} nodes`;
  const names = all ? '' : ` (${nameList(nodes)})`;
  const here = new Set(nodes);
  const bad = flows.filter((flow) => flow.verdict !== 'delivered' && here.has(flow.to.node ?? flow.via ?? ''));
  return `${who} ${verb} outside traffic to ${what}${names}${reasonFor(bad)}`;
}

function targetText(flows: readonly Flow[], kind: TargetKind): string {
  const targets = flows.map((flow) => flow.to);
  const ports = [...new Set(targets.map((target) => `${target.port}/${target.protocol}`))].join(', ');
  if (kind === 'nodePort') return `nodePort ${ports}`;
  const addresses = [...new Set(targets.map((target) => target.address))].join(', ');
  return `${kind === 'loadBalancerIP' ? 'LB IP' : 'external IP'} ${addresses} (${ports})`;
}
