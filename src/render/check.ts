import type { CheckFinding, CheckReport, NotChecked } from '../findings/check-report.ts';
import type { Document, Item, Section } from './document.ts';
import { foldList, groupBy, plural } from './text.ts';
import { type Tone, toneOfMood } from './theme.ts';

const MOST_FINDINGS = 40;
const MOST_GAPS = 8;
const TONES = { error: 'bad', warning: 'mixed', info: null } as const satisfies Record<CheckFinding['severity'], Tone | null>;
const HEADINGS = { error: 'errors', warning: 'warnings', info: 'worth knowing' } as const;

/** What `check` found, from top to bottom; `all` folds nothing away. */
export function checkDocument(report: CheckReport, all: boolean): Document {
  const { services, answer, findings } = report;
  const [only] = services;
  const what = services.length === 1 && only !== undefined ? `${only.namespace}/${only.name}` : plural(services.length, 'Service');
  const planes = [
    ...new Set(
      report.dataplane.map((plane) => [plane.implementation, plane.version, plane.mode].filter((part) => part !== null).join(' ')),
    ),
  ];
  return {
    title: `${what} · ${report.origin}`,
    subtitle: foldList(planes, 3),
    answer: { tone: toneOfMood(answer.mood), text: answer.text },
    sections: [
      ...(['error', 'warning', 'info'] as const).map((severity) =>
        findingSection(
          HEADINGS[severity],
          findings.filter((finding) => finding.severity === severity),
          all,
        ),
      ),
      suppressedSection(report, all),
      notCheckedSection(report.notChecked, all),
      gapSection(report, all),
    ],
  };
}

function findingSection(heading: string, findings: readonly CheckFinding[], all: boolean): Section {
  const shown = all ? findings : findings.slice(0, MOST_FINDINGS);
  const rest = findings.length - shown.length;
  const more: Item[] = rest > 0 ? [{ tone: null, text: `${plural(rest, 'more')}: -o wide` }] : [];
  return { heading, items: [...shown.map((finding) => findingItem(finding, all)), ...more] };
}

function findingItem(finding: CheckFinding, all: boolean): Item {
  const { code, id, message, why, remedy, confidence, location, folded, isNew } = finding;
  const place = location === null ? '' : ` (${location.file}:${location.line})`;
  const marks = [confidence === 'derived' ? '' : confidence, isNew === true ? 'new' : isNew === false ? 'known' : ''].filter(
    (mark) => mark !== '',
  );
  const more: NonNullable<Item['more']>[number][] = [{ tone: null, text: why }, ...remedyItems(remedy)];
  if (folded.length > 0) {
    const names = folded.map((one) => `${one.code} ${one.id}`);
    more.push({ tone: null, text: `and what follows from it: ${foldList([...new Set(names)], all ? names.length : 4)}` });
  }
  return {
    tone: TONES[finding.severity],
    text: `${code} ${id}${marks.length === 0 ? '' : ` [${marks.join(', ')}]`}: ${message}${place}`,
    more,
  };
}

/** A command stands on a line of its own, where it can be copied. */
function remedyItems(remedy: string): NonNullable<Item['more']>[number][] {
  const [text = '', ...commands] = remedy.split(/(?<=:) (?=kubectl )/);
  return [{ tone: null, text: `next: ${text}` }, ...commands.map((code) => ({ code }))];
}

function suppressedSection({ suppressed, unusedSuppressions }: CheckReport, all: boolean): Section {
  const lines = suppressed.map(({ code, id, service, suppression }) => {
    const what = service === null ? '' : ` ${service.namespace}/${service.name}`;
    return { tone: null, text: `${code} ${id}${what}: ${suppression.reason ?? ''} (${suppression.from})` };
  });
  const unused = unusedSuppressions.map(({ code, service, reason, from }) => ({
    tone: 'mixed' as const,
    text: `${code} ${service ?? 'of every Service'} (${from}): ${reason === null ? 'does not hold, because it has no reason' : 'nothing came of it'}`,
  }));
  const shown = all ? lines : lines.slice(0, MOST_GAPS);
  const rest = lines.length - shown.length;
  return {
    heading: 'suppressed',
    items: [...shown, ...(rest > 0 ? [{ tone: null, text: `${plural(rest, 'more')}: -o wide` }] : []), ...unused],
  };
}

/** One line per reason. */
function notCheckedSection(notChecked: readonly NotChecked[], all: boolean): Section {
  const items = [...groupBy(notChecked, ({ why, services }) => `${why}\0${services ?? ''}`).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const where = first.services === null ? '' : ` (${plural(first.services, 'Service')})`;
    const names = group.map(({ code, id }) => `${code} ${id}`);
    return [{ tone: 'unknown' as const, text: `${first.why}${where}: ${foldList(names, all ? names.length : 4)}` }];
  });
  return { heading: 'not checked', items };
}

function gapSection({ gaps }: CheckReport, all: boolean): Section {
  const shown = all ? gaps : gaps.slice(0, MOST_GAPS);
  const rest = gaps.length - shown.length;
  const items: Item[] = shown.map(({ what, why }) => ({ tone: 'unknown', text: `${what}: ${why}` }));
  return { heading: 'not known', items: rest > 0 ? [...items, { tone: null, text: `${plural(rest, 'more gap')}: -o wide` }] : items };
}
