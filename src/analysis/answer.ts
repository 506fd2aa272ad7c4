import type { Service } from '../cluster/model.ts';
import type { Answer, Flow, NodeGroup, TargetKind, Verdict } from './report.ts';
import { nameList, nodesByVerdict, outsideFlows, plural, sourceClause } from './tally.ts';

const VERBS: Readonly<Record<Exclude<Verdict, 'delivered'>, readonly [string, string]>> = {
  dropped: ['drops', 'drop'],
  rejected: ['rejects', 'reject'],
  'no-reply': ['loses the answers to', 'lose the answers to'],
  unhandled: ['does not serve', 'do not serve'],
  partial: ['answers only part of', 'answer only part of'],
  undetermined: ['cannot be predicted for', 'cannot be predicted for'],
};

/** The answer in one sentence: what an outside client meets, else what clients in the cluster meet. */
export function answerFor(service: Service, flows: readonly Flow[], groups: readonly NodeGroup[] | null): Answer {
  if (flows.length === 0) return { mood: 'unknown', text: 'Nothing was asked: no client and target of the question go together.' };
  if (flows.every((flow) => flow.verdict === 'undetermined')) {
    const why = flows[0]?.because[0]?.text ?? 'the evidence does not decide';
    return { mood: 'unknown', text: `Undetermined: ${why}.` };
  }
  const facing = facingKind(flows);
  return facing === null ? insideAnswer(service, flows) : outsideAnswer(flows, facing, groups);
}

/** The kind of target by which outside clients come: node ports, else LB IPs, else externalIPs. */
function facingKind(flows: readonly Flow[]): TargetKind | null {
  const kinds: readonly TargetKind[] = ['nodePort', 'loadBalancerIP', 'externalIP'];
  return kinds.find((kind) => outsideFlows(flows, kind).length > 0) ?? null;
}

function outsideAnswer(flows: readonly Flow[], kind: TargetKind, groups: readonly NodeGroup[] | null): Answer {
  const tally = nodesByVerdict(flows, kind, groups);
  const total = [...tally.values()].reduce((sum, nodes) => sum + nodes.length, 0);
  const good = tally.get('delivered')?.length ?? 0;
  const what = targetText(flows, kind);
  const source = sourceClause(outsideFlows(flows, kind));
  const mood =
    good === total ? 'good' : tally.has('undetermined') && good === 0 ? 'unknown' : good === 0 && !tally.has('partial') ? 'bad' : 'mixed';
  if (good === total) {
    const who = total === 1 ? 'The node answers' : `All ${total} nodes answer`;
    return { mood, text: `${who} outside traffic to ${what}; ${source ?? 'no endpoint is reached'}.` };
  }
  const parts = [...tally.entries()]
    .filter(([verdict]) => verdict !== 'delivered')
    .map(([verdict, nodes]) => part(verdict as keyof typeof VERBS, nodes, total, what));
  const why = reasonClause(flows, kind);
  const rest = source === null ? '' : ` Where it is answered, ${source}.`;
  return { mood, text: `${capital(parts.join('; '))}${why}.${rest}` };
}

function part(verdict: keyof typeof VERBS, nodes: readonly string[], total: number, what: string): string {
  const verb = VERBS[verdict][nodes.length === 1 ? 0 : 1];
  const all = nodes.length === total;
  const who = all ? (total === 1 ? 'the only node' : `all ${total} nodes`) : `${nodes.length} of ${total} nodes`;
  return `${who} ${verb} outside traffic to ${what}${all && total > 1 ? '' : ` (${nameList(nodes)})`}`;
}

/** The shortest true reason for bad news, when all of it has one. */
function reasonClause(flows: readonly Flow[], kind: TargetKind): string {
  const bad = outsideFlows(flows, kind).filter((flow) => flow.verdict !== 'delivered');
  const codes = new Set(bad.flatMap((flow) => flow.because.map((entry) => entry.code)));
  if (codes.size !== 1) return '';
  if (codes.has('no-local-endpoint')) return ': no local endpoint';
  return codes.has('no-endpoints') ? ': no usable endpoint anywhere' : '';
}

function targetText(flows: readonly Flow[], kind: TargetKind): string {
  const targets = outsideFlows(flows, kind).map((flow) => flow.to);
  const ports = [...new Set(targets.map((target) => `${target.port}/${target.protocol}`))];
  if (kind === 'nodePort') return `nodePort ${ports.join(', ')}`;
  const addresses = [...new Set(targets.map((target) => target.address))];
  return `${kind === 'loadBalancerIP' ? 'LB IP' : 'external IP'} ${addresses.join(', ')} (${ports.join(', ')})`;
}

/** No way in from outside: what pods and nodes meet at the clusterIP, or at whatever was asked. */
function insideAnswer(service: Service, flows: readonly Flow[]): Answer {
  const inside = flows.filter((flow) => flow.from.kind !== 'external' && flow.to.kind !== 'healthCheckNodePort');
  const asked = inside.length > 0 ? inside : flows;
  const verdicts = new Set(asked.map((flow) => flow.verdict));
  const who = inside.length > 0 ? 'Clients in the cluster' : 'Outside clients';
  const what = [...new Set(asked.map((flow) => `${flow.to.address}:${flow.to.port}`))].slice(0, 3).join(', ');
  if (verdicts.size === 1 && verdicts.has('delivered')) {
    const pods = new Set(asked.flatMap((flow) => flow.branches.map((branch) => branch.endpoint?.address)));
    return {
      mood: 'good',
      text: `${who} reach ${what}: ${plural(pods.size, 'endpoint')} of ${service.namespace}/${service.name} ${pods.size === 1 ? 'answers' : 'answer'}.`,
    };
  }
  const bad = asked.filter((flow) => flow.verdict !== 'delivered');
  const [only] = verdicts;
  if (verdicts.size === 1 && only !== undefined && only !== 'delivered') return uniformAnswer(only, who, what, asked);
  const worst = [...new Set(bad.map((flow) => flow.verdict))].join(', ');
  const reason = bad[0]?.because.at(-1)?.text;
  const mood = bad.length === asked.length ? (verdicts.has('undetermined') ? 'unknown' : 'bad') : 'mixed';
  return {
    mood,
    text: `${bad.length} of ${plural(asked.length, 'flow')} to ${what} ${bad.length === 1 ? 'is' : 'are'} not delivered (${worst})${reason === undefined ? '' : `: ${reason}`}.`,
  };
}

const SENTENCES: Readonly<Record<Exclude<Verdict, 'delivered'>, string>> = {
  dropped: 'get no answer from',
  rejected: 'are rejected at',
  'no-reply': 'never see the answer of',
  unhandled: 'are not served at',
  partial: 'are answered only in part by',
  undetermined: 'cannot be predicted for',
};

function uniformAnswer(verdict: Exclude<Verdict, 'delivered'>, who: string, what: string, flows: readonly Flow[]): Answer {
  const reason = flows[0]?.because.at(-1)?.text;
  const mood = verdict === 'undetermined' ? 'unknown' : verdict === 'partial' ? 'mixed' : 'bad';
  return { mood, text: `${who} ${SENTENCES[verdict]} ${what}${reason === undefined ? '' : `: ${reason}`}.` };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
