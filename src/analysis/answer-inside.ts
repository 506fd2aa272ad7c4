import type { Verbs } from './answer-words.ts';
import { capital, moodOf, reasonFor } from './answer-words.ts';
import type { Answer, Client, Flow, Verdict } from './report.ts';
import { nameList, plural, sourceClause, weigher } from './tally.ts';
import type { Told } from './told.ts';

const MOST_TARGETS = 3;

const VERBS: Verbs = {
  dropped: ['gets no answer from', 'get no answer from'],
  rejected: ['is rejected at', 'are rejected at'],
  'no-reply': ['never sees the answer of', 'never see the answer of'],
  unhandled: ['is not served at', 'are not served at'],
  partial: ['is answered only in part by', 'are answered only in part by'],
  undetermined: ['cannot be predicted for', 'cannot be predicted for'],
};

/** No way in from outside was asked about: what pods and nodes meet at the clusterIP, or at whatever it was. */
export function insideAnswer(told: Told): Answer {
  const traffic = told.flows.filter((flow) => flow.to.kind !== 'healthCheckNodePort');
  const inside = traffic.filter((flow) => flow.from.kind !== 'external');
  const asked = inside.length > 0 ? inside : traffic;
  const who = inside.length > 0 ? 'clients in the cluster' : 'outside clients';
  const verdicts = new Set(asked.map((flow) => flow.verdict));
  const what = targets(asked);
  const mood = moodOf(verdicts);
  const [only] = verdicts;
  const one = singleClient(asked);
  if (mood === 'good') {
    const pods = new Set(asked.flatMap((flow) => flow.branches.map((branch) => branch.endpoint?.address)));
    const reach = one === null ? `${who} reach` : `${one} reaches`;
    const seen = inside.length > 0 ? '' : `; ${sourceClause(asked) ?? 'no endpoint is reached'}`;
    return { mood, text: `${capital(reach)} ${what}: ${plural(pods.size, 'endpoint')} ${pods.size === 1 ? 'answers' : 'answer'}${seen}.` };
  }
  if (verdicts.size === 1 && only !== undefined && only !== 'delivered') {
    return { mood, text: `${capital(one ?? who)} ${VERBS[only][one === null ? 1 : 0]} ${what}${reasonFor(asked)}.` };
  }
  return { mood, text: `${capital(one === null ? mixedText(told, asked, what) : mixedOfOne(one, asked))}.` };
}

/** Clients by their node, because that is what decides: `clients on 2 of 4 nodes (node2, node4) get no answer from …`. */
function mixedText(told: Told, flows: readonly Flow[], what: string): string {
  const nodesOf = weigher(told.groups);
  const byNode = new Map<string, { verdict: Verdict; readonly flows: Flow[] }>();
  for (const flow of flows) {
    const node = flow.from.node ?? flow.via ?? flow.to.node ?? '';
    const known = byNode.get(node);
    if (known === undefined) byNode.set(node, { verdict: flow.verdict, flows: [flow] });
    else {
      known.flows.push(flow);
      if (known.verdict !== flow.verdict) known.verdict = 'partial';
    }
  }
  const total = [...byNode.keys()].reduce((sum, node) => sum + nodesOf(node).length, 0);
  const parts = (Object.keys(VERBS) as (keyof Verbs)[]).flatMap((verdict) => {
    const these = [...byNode].filter(([, entry]) => entry.verdict === verdict);
    const nodes = these.flatMap(([node]) => nodesOf(node));
    if (nodes.length === 0) return [];
    const bad = these.flatMap(([, entry]) => entry.flows.filter((flow) => flow.verdict !== 'delivered'));
    const where =
      nodes.length === total
        ? total === 1
          ? `on ${nodes[0]}`
          : `on all ${total} nodes`
        : `on ${nodes.length} of ${total} nodes (${nameList(nodes)})`;
    return [`clients ${where} ${VERBS[verdict][1]} ${what}${reasonFor(bad)}`];
  });
  return parts.join('; ');
}

/** One client, by what it meets where: `pod ns1/cli gets no answer from …: no local endpoint; reaches …`. */
function mixedOfOne(who: string, flows: readonly Flow[]): string {
  const parts = (Object.keys(VERBS) as (keyof Verbs)[]).flatMap((verdict) => {
    const these = flows.filter((flow) => flow.verdict === verdict);
    return these.length === 0 ? [] : [`${VERBS[verdict][0]} ${targets(these)}${reasonFor(these)}`];
  });
  const good = flows.filter((flow) => flow.verdict === 'delivered');
  return `${who} ${[...parts, ...(good.length === 0 ? [] : [`reaches ${targets(good)}`])].join('; ')}`;
}

function targets(flows: readonly Flow[]): string {
  const all = [...new Set(flows.map(({ to }) => `${to.address.includes(':') ? `[${to.address}]` : to.address}:${to.port}`))];
  const more = all.length > MOST_TARGETS ? ` and ${all.length - MOST_TARGETS} more` : '';
  return all.slice(0, MOST_TARGETS).join(', ') + more;
}

/** The client by name, where all flows are of one. */
function singleClient(flows: readonly Flow[]): string | null {
  const names = new Set(flows.map(({ from }) => clientName(from)));
  const [name] = names;
  return names.size === 1 ? (name ?? null) : null;
}

function clientName({ kind, name, namespace, node, address }: Client): string | null {
  switch (kind) {
    case 'external':
      return address === null ? null : `client ${address}`;
    case 'node':
      return `node ${name}`;
    case 'pod':
      return name === null ? `any pod on ${node}` : `pod ${namespace}/${name}`;
  }
}
