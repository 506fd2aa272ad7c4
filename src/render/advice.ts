import type { Finding, Gap, Note, ServiceReport } from '../analysis/report.ts';
import { groupBy, plural } from './text.ts';
import type { Theme, Tone } from './theme.ts';

/** One thing to read: a mark, a text, and what to do about it. */
export interface Advice {
  readonly tone: Tone | null;
  readonly mark: string;
  readonly text: string;
  readonly remedy: string | null;
}

export interface AdviceSection {
  readonly heading: string;
  readonly items: readonly Advice[];
}

const SEVERITY_TONE = { error: 'bad', warning: 'mixed', info: null } as const satisfies Record<Finding['severity'], Tone | null>;
const GAPS = 6;

/** Notes, findings and gaps, in the order in which one reads them. */
export function adviceSections(report: ServiceReport, theme: Theme, all: boolean): AdviceSection[] {
  const sections = [
    { heading: 'what to know:', items: report.notes.map((note) => noteAdvice(note, theme)) },
    { heading: 'findings:', items: untold(report, all).map((finding) => findingAdvice(finding, theme)) },
    { heading: 'not known:', items: gapAdvice(report.gaps, all) },
  ];
  return sections.filter(({ items }) => items.length > 0);
}

/** Findings that no note says already; `check` has those that are no more than good to know. */
function untold({ findings, notes }: ServiceReport, all: boolean): readonly Finding[] {
  const told = new Set(notes.map(({ id }) => id));
  return findings.filter(({ id, severity }) => !told.has(id) && (all || severity !== 'info'));
}

function noteAdvice(note: Note, theme: Theme): Advice {
  return { ...marked(note.severity, theme), text: note.text, remedy: note.remedy ?? null };
}

function findingAdvice(finding: Finding, theme: Theme): Advice {
  return { ...marked(finding.severity, theme), text: `${finding.code} ${finding.message}: ${finding.why}`, remedy: finding.remedy };
}

function marked(severity: Finding['severity'], theme: Theme): Pick<Advice, 'tone' | 'mark'> {
  return { tone: SEVERITY_TONE[severity], mark: severity === 'info' ? theme.bullet : '!' };
}

/** Gaps with the same cause share a line. */
function gapAdvice(gaps: readonly Gap[], all: boolean): Advice[] {
  const lines = [...groupBy(gaps, ({ why }) => why)].map(([why, group]) => {
    const whats = group.map(({ what }) => what);
    const shown = all ? whats : whats.slice(0, 3);
    return `${shown.join(', ')}${shown.length < whats.length ? ` (+${whats.length - shown.length} more)` : ''}: ${why}`;
  });
  const shown = all ? lines : lines.slice(0, GAPS);
  const rest = lines.length - shown.length;
  const texts = rest > 0 ? [...shown, `${plural(rest, 'more gap')}: see -o wide`] : shown;
  return texts.map((text) => ({ tone: 'unknown', mark: '?', text, remedy: null }));
}
