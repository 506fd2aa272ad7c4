import type { Answer, Flow, Note } from './report.ts';

const MOST_NOTED = 6;

/** The answer with what the nodes' own rules say: they decide, so the first sentence is theirs where they say otherwise. */
export function answerWithTraced(predicted: Answer, flows: readonly Flow[]): Answer {
  const traced = flows.filter((flow) => flow.traced !== undefined);
  if (traced.length === 0) return predicted;
  const differing = traced.filter((flow) => flow.traced?.agrees === false);
  const open = traced.filter((flow) => flow.traced?.verdict === 'undetermined').length;
  if (differing.length > 0) {
    const text = `The nodes' rules do otherwise: ${differing.length} of ${traced.length} flows end in another way than kube-proxy's rules should make them (kubectl srcip verify shows which rules). By the API objects: ${predicted.text}`;
    return { mood: 'bad', text };
  }
  if (open === traced.length)
    return { ...predicted, text: `${predicted.text} The nodes' rules were read and decide nothing here: see what is not known.` };
  const rest = open === 0 ? '' : `; ${open} could not be decided`;
  return {
    ...predicted,
    text: `${predicted.text} The nodes' rules say the same for ${traced.length - open} of ${traced.length} flows${rest}.`,
  };
}

/** A note for each kind of flow that the nodes' rules end otherwise. */
export function tracedNotes(flows: readonly Flow[]): Note[] {
  const differing = flows.filter((flow) => flow.traced?.agrees === false);
  const told = differing.slice(0, MOST_NOTED).map(differenceNote);
  const rest = differing.length - told.length;
  if (rest <= 0) return told;
  return [
    ...told,
    {
      id: 'rules-differ',
      severity: 'warning',
      text: `${rest} more flows end otherwise by the nodes' rules.`,
      remedy: 'kubectl srcip verify shows every rule that differs, and every flow',
    },
  ];
}

function differenceNote({ from, via, to, verdict, traced }: Flow): Note {
  const who =
    from.kind === 'external'
      ? 'an outside client'
      : from.kind === 'node'
        ? `a process of node ${from.name}`
        : `pod ${from.name ?? `on node ${from.node}`}`;
  const where = `${to.node === null ? '' : `node ${to.node}, `}${to.address.includes(':') ? `[${to.address}]` : to.address}:${to.port}${via === null ? '' : ` via ${via}`}`;
  const why = traced?.because[0]?.text;
  const same = traced?.verdict === verdict;
  const how = same
    ? `${verdict} all the same, but not by the endpoints, or with the source address, that were predicted`
    : `${traced?.verdict}, not ${verdict}`;
  return {
    id: 'rules-differ',
    severity: 'warning',
    text: `By the nodes' rules ${who} that asks ${where} is ${how}${why === undefined ? '' : `: ${why}`}.`,
  };
}
