import type { Service } from '../cluster/model.ts';
import { serviceKey } from '../cluster/model.ts';
import type { Answer } from './report.ts';
import type { VerifiedFlow, VerifiedNode } from './verify-report.ts';

interface Told {
  readonly nodes: readonly VerifiedNode[];
  readonly flows: readonly VerifiedFlow[];
  readonly service: Service | null;
  readonly compared: number;
}

const MOST_NAMED = 4;

/** What was found, in two sentences: the rules, then the flows. */
export function verifiedAnswer({ nodes, flows, service, compared }: Told): Answer {
  const what = service === null ? (compared === 1 ? 'the one Service' : `the ${compared} Services`) : serviceKey(service);
  const readable = nodes.filter(({ families }) => families.some(({ mode }) => mode === 'iptables'));
  const differing = flows.filter(({ agrees }) => agrees === false);
  const wrong = nodes.filter(({ worst }) => worst === 'error' || worst === 'warning');
  if (readable.length === 0 && wrong.length === 0) {
    const text = [`No rules could be compared for ${what}: ${unreadableReason(nodes)}.`, flowsSentence(flows, differing)]
      .filter((sentence) => sentence !== '')
      .join(' ');
    return { mood: differing.length > 0 ? 'bad' : flows.some(({ agrees }) => agrees === true) ? 'good' : 'unknown', text };
  }
  const text = [rulesSentence([...new Set([...readable, ...wrong])], wrong, what), flowsSentence(flows, differing)]
    .filter((sentence) => sentence !== '')
    .join(' ');
  if (wrong.some(({ worst }) => worst === 'error') || differing.length > 0) return { mood: 'bad', text };
  if (wrong.length > 0) return { mood: 'mixed', text };
  return { mood: flows.length > 0 && flows.every(({ agrees }) => agrees === null) ? 'unknown' : 'good', text };
}

function unreadableReason(nodes: readonly VerifiedNode[]): string {
  const [family] = nodes.flatMap(({ families }) => families);
  return family?.modeReason ?? 'no dump of a node with kube-proxy in iptables mode was read';
}

function rulesSentence(readable: readonly VerifiedNode[], wrong: readonly VerifiedNode[], what: string): string {
  const all = readable.length === 1 ? `The rules of node ${readable[0]?.node}` : `The rules of ${readable.length} nodes`;
  if (wrong.length === 0) return `${all} are what kube-proxy should have written for ${what}.`;
  const names = wrong.slice(0, MOST_NAMED).map(({ node }) => node);
  const more = wrong.length > MOST_NAMED ? ` and ${wrong.length - MOST_NAMED} more` : '';
  const who = readable.length === 1 ? `Node ${names[0]}` : `${wrong.length} of ${readable.length} nodes (${names.join(', ')}${more})`;
  const has = readable.length === 1 || wrong.length === 1 ? 'has' : 'have';
  const own = wrong.some(({ rules }) => rules.missing.length + rules.unexpected.length + rules.changed.length > 0);
  return own
    ? `${who} ${has} other rules than kube-proxy should have written for ${what}.`
    : `${who} ${has} rules of others that take traffic of ${what} away from kube-proxy's.`;
}

function flowsSentence(flows: readonly VerifiedFlow[], differing: readonly VerifiedFlow[]): string {
  if (flows.length === 0) return '';
  const open = flows.filter(({ agrees }) => agrees === null).length;
  const rest = open === 0 ? '' : `; ${open} could not be decided`;
  if (differing.length > 0) return `${differing.length} of ${flows.length} flows end otherwise than they should${rest}.`;
  if (open === flows.length) return 'Where the packets go by these rules could not be decided.';
  return open === 0
    ? `All ${flows.length} flows end as predicted.`
    : `${flows.length - open} of ${flows.length} flows end as predicted${rest}.`;
}
