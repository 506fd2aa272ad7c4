import type { Gap } from '../analysis/report.ts';
import type { ForeignFinding, RuleFinding, VerifiedFate, VerifiedFlow, VerifiedNode, VerifyReport } from '../analysis/verify-report.ts';
import { hostPort } from '../net/ip.ts';
import { clientLabel, flowTarget, kindWord } from './describe.ts';
import type { Document, Item, Section } from './document.ts';
import { verdictWord } from './phrase.ts';
import { foldList, groupBy, plural } from './text.ts';
import { type Tone, toneOf, toneOfMood } from './theme.ts';

const MOST_FLOWS = 12;
const MOST_RULES = 8;
const MOST_GAPS = 8;

/** What `verify` found, from top to bottom; `all` folds nothing away. */
export function verifyDocument(report: VerifyReport, all: boolean): Document {
  const { service, servicesCompared, answer } = report;
  const what = service === null ? plural(servicesCompared, 'Service') : `${service.namespace}/${service.name}`;
  return {
    title: `${what} · rules of ${plural(report.nodes.length, 'node')}`,
    subtitle: unique(report.dataplane.map(planeName)).join(' · '),
    answer: { tone: toneOfMood(answer.mood), text: answer.text },
    sections: [...nodeSections(report, all), flowSection(report.flows, all), settingsSection(report), gapSection(report.gaps, all)],
  };
}

function planeName({ implementation, mode, version }: VerifyReport['dataplane'][number]): string {
  return [implementation, version, mode].filter((part) => part !== null).join(' ');
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

function nodeSections(report: VerifyReport, all: boolean): readonly Section[] {
  const byName = new Map(report.nodes.map((node) => [node.node, node]));
  return report.nodeGroups.flatMap(({ nodes, sample, identical }) => {
    const node = byName.get(sample);
    if (node === undefined) return [];
    const items = nodeItems(node, all);
    if (items.length === 0) return [];
    const same =
      nodes.length === 1 ? '' : identical ? ` (the same on each; shown: ${sample})` : ` (the same kinds of differences; shown: ${sample})`;
    return [{ heading: `${foldList(nodes, all ? nodes.length : 6)}${same}`, items }];
  });
}

const TONES = { error: 'bad', warning: 'mixed', info: null } as const satisfies Record<RuleFinding['severity'], Tone | null>;

function nodeItems({ rules }: VerifiedNode, all: boolean): readonly Item[] {
  const { missing, unexpected, changed, foreign } = rules;
  const items = [
    ...missing.map((finding) => ({ finding, item: ruleItem('missing', finding) })),
    ...changed.map((finding) => ({ finding, item: ruleItem('changed', finding) })),
    ...unexpected.map((finding) => ({ finding, item: ruleItem('unexpected', finding) })),
    ...foreign.filter(({ severity }) => all || severity !== 'info').map((finding) => ({ finding, item: foreignItem(finding) })),
  ].sort((a, b) => rank(a.finding.severity) - rank(b.finding.severity));
  const shown = (all ? items : items.slice(0, MOST_RULES)).map(({ item }) => item);
  const rest = items.length - shown.length;
  return rest > 0 ? [...shown, { tone: null, text: `${plural(rest, 'more rule')}: -o wide` }] : shown;
}

function rank(severity: RuleFinding['severity']): number {
  return { error: 0, warning: 1, info: 2 }[severity];
}

function ruleItem(kind: string, finding: RuleFinding): Item {
  const { family, table, chain, line, expected, effect, meaning, lineNumber } = finding;
  const where = lineNumber === null ? '' : `, line ${lineNumber}`;
  const six = family === 6 ? ' (IPv6)' : '';
  const lines = expected === null ? [{ code: line }] : [{ code: `has:    ${line}` }, { code: `should: ${expected}` }];
  return {
    tone: TONES[finding.severity],
    text: `${kind} in ${table} ${chain}${six}${where}: ${effect}`,
    more: [...lines, { tone: null, text: `this rule: ${meaning}` }],
  };
}

function foreignItem({ severity, writer, table, hook, chain, line, through, match, why, family }: ForeignFinding): Item {
  const whose = writer === null ? "somebody else's" : `${writer}'s`;
  const sure = match === 'certain' ? '' : ' (may match)';
  const place = chain === hook ? `${table} ${hook}` : `${table} ${hook}, ${chain}`;
  return {
    tone: TONES[severity],
    text: `${whose} rule in ${place}${family === 6 ? ' (IPv6)' : ''}${sure}: ${why}`,
    more: [...through, line].map((code) => ({ code })),
  };
}

function flowSection(flows: readonly VerifiedFlow[], all: boolean): Section {
  const differing = flows.filter(({ agrees }) => agrees === false);
  const groups = all ? differing.map((flow) => [flow]) : [...groupBy(differing, alikeKey).values()];
  const shown = groups.slice(0, all ? groups.length : MOST_FLOWS);
  const rest = differing.length - shown.flat().length;
  const items = shown.map(flowsItem);
  return {
    heading: 'flows that end otherwise than they should',
    items: rest > 0 ? [...items, { tone: null, text: `${plural(rest, 'more flow')}: -o wide` }] : items,
  };
}

/** Flows of one kind of client to one target that come to the same. */
function alikeKey({ from, to, predicted, traced }: VerifiedFlow): string {
  return [from.kind, to.kind, to.kind === 'nodePort' ? '' : to.address, to.port, to.protocol, predicted.verdict, traced.verdict].join(' ');
}

function flowsItem(flows: readonly VerifiedFlow[]): Item {
  const [first, ...others] = flows;
  if (first === undefined) return { tone: null, text: '' };
  const { from, via, to, predicted, traced } = first;
  const reasons = flows.flatMap((flow) => flow.traced.because);
  const more = [...groupBy(reasons, ({ text, rule }) => `${text} ${rule ?? ''}`).values()].flatMap(([reason]): Item[] =>
    reason === undefined ? [] : [{ tone: null, text: reason.text, more: reason.rule === null ? [] : [{ code: reason.rule }] }],
  );
  const told =
    more.length > MOST_REASONS
      ? [...more.slice(0, MOST_REASONS), { tone: null, text: `${plural(more.length - MOST_REASONS, 'more reason')}: -o wide` }]
      : more;
  if (others.length === 0) {
    const target = flowTarget({ from, via, to, ...predicted });
    return {
      tone: toneOf(traced.verdict),
      text: `${clientLabel(from)} → ${target}: ${fateText(traced)}; should be ${fateText(predicted)}`,
      more: told,
    };
  }
  const target = to.kind === 'nodePort' ? `${kindWord(to.kind)} ${to.port}` : `${kindWord(to.kind)} ${hostPort(to.address, to.port)}`;
  const ways = unique(flows.map(wayLabel));
  return {
    tone: toneOf(traced.verdict),
    text: `${flows.length} flows → ${target}: ${verdictWord(traced.verdict)}; should be ${verdictWord(predicted.verdict)}: ${foldList(ways, MOST_WAYS)}`,
    more: told,
  };
}

const MOST_REASONS = 4;
const MOST_WAYS = 6;

function wayLabel({ from, via, to }: VerifiedFlow): string {
  const where = to.node === null ? (via === null ? '' : ` via ${via}`) : ` → ${to.node}`;
  return `${clientLabel(from)}${where}`;
}

const MOST_ENDS = 3;

function fateText({ verdict, branches }: VerifiedFate): string {
  const word = verdictWord(verdict);
  const ends = unique(
    branches.map(({ endpoint, source, outcome, share }) => {
      if (endpoint === null) return branches.length > 1 ? `${Math.round(share * 100)}% ${verdictWord(outcome)}` : '';
      const seen = source?.kind === 'masqueraded' ? `, SNAT ${source.address ?? 'an unknown address'}` : ', client IP';
      const lost = outcome === 'no-reply' && verdict !== 'no-reply' ? ', no reply' : '';
      return `${endpoint.pod ?? endpoint.address}${seen}${lost}`;
    }),
  ).filter((text) => text !== '');
  if (ends.length === 0) return word;
  const rest = ends.length - MOST_ENDS;
  return `${word} (${ends.slice(0, MOST_ENDS).join('; ')}${rest > 0 ? `; ${rest} more` : ''})`;
}

/** What the dump says against the API: an upgrade in flight, or somebody's other configuration. */
function settingsSection({ nodes }: VerifyReport): Section {
  const found = nodes.flatMap(({ node, families }) =>
    families.flatMap(({ settings, family }) =>
      settings
        .filter(({ contradicts }) => contradicts !== null)
        .map(({ name, value, contradicts, effect }) => ({
          node,
          text: `${name}: the rules (IPv${family}) show ${value}, the API ${contradicts}${effect === null ? '' : `: ${effect}`}`,
        })),
    ),
  );
  const strangers = unique(nodes.flatMap(({ families }) => families.flatMap((family) => family.strangers)));
  const items = [...groupBy(found, ({ text }) => text)].map(
    ([text, group]): Item => ({ tone: 'mixed', text: `${foldList(unique(group.map(({ node }) => node)), 4)}: ${text}` }),
  );
  const gone: Item[] =
    strangers.length === 0 ? [] : [{ tone: null, text: `rules name Services that the API does not have: ${foldList(strangers, 6)}` }];
  return { heading: 'kube-proxy as its rules show it', items: [...items, ...gone] };
}

function gapSection(gaps: readonly Gap[], all: boolean): Section {
  const lines = [...groupBy(gaps, ({ why }) => why)].map(
    ([why, group]): Item => ({
      tone: 'unknown',
      text: `${foldList(
        group.map(({ what }) => what),
        all ? group.length : 3,
      )}: ${why}`,
    }),
  );
  const shown = all ? lines : lines.slice(0, MOST_GAPS);
  const rest = lines.length - shown.length;
  return { heading: 'not known', items: rest > 0 ? [...shown, { tone: null, text: `${plural(rest, 'more gap')}: -o wide` }] : shown };
}
