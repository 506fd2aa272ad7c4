import type { Flow, Verdict } from '../analysis/report.ts';
import { clientLabel } from './describe.ts';
import { type Phrase, phraseOf } from './phrase.ts';
import type { Place, Words } from './place.ts';
import { groupBy, plural, unique } from './text.ts';

/** One statement of a cell: its verdict gives the symbol. */
export interface CellPart {
  readonly verdict: Verdict;
  readonly text: string;
}

export type Cell = readonly CellPart[];

/** A cell as particular as its clients allow, and in words that nodes can share (see `Words`). */
export interface CellWords {
  readonly exact: Cell;
  readonly alike: Cell;
  readonly rough: Cell;
}

const PARTS = 3;

/** What one or many clients of the same kind meet at the same place, said once where they meet the same. */
export function cellOf(flows: readonly Flow[], place: Place): CellWords {
  const said = flows.map((flow) => ({ flow, phrase: phraseOf(flow, place) }));
  const [exact, near, alike, rough] = [told(said, 'exact'), told(said, 'near'), told(said, 'alike'), told(said, 'rough')];
  return { exact: exact.length <= near.length ? exact : near, alike, rough };
}

export function sameCell(a: Cell, b: Cell): boolean {
  return cellKey(a) === cellKey(b);
}

export function cellKey(cell: Cell): string {
  return JSON.stringify(cell.map((part) => [part.verdict, part.text]));
}

interface Said {
  readonly flow: Flow;
  readonly phrase: Phrase;
}

function told(said: readonly Said[], words: Words): Cell {
  const groups = [...groupBy(said, ({ phrase }) => `${phrase.verdict} ${phrase[words]}`).values()];
  const shown = groups.length > PARTS ? PARTS - 1 : PARTS;
  const parts = groups.slice(0, shown).map((group) => partOf(group, groups.length, words));
  return [...parts, ...theRest(groups.slice(shown).flatMap((group) => group.slice(0, 1)))];
}

/** What does not fit is counted, and no verdict is lost. */
function theRest(hidden: readonly Said[]): Cell {
  const byVerdict = groupBy(hidden, ({ phrase }) => phrase.verdict);
  return [...byVerdict.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ verdict: first.phrase.verdict, text: plural(group.length, 'more case') }];
  });
}

function partOf(group: readonly Said[], groups: number, words: Words): CellPart {
  const [first] = group;
  if (first === undefined) return { verdict: 'undetermined', text: '' };
  const text = first.phrase[words];
  return { verdict: first.phrase.verdict, text: groups === 1 ? text : `${text} (${clientsIn(group)})` };
}

function clientsIn(group: readonly Said[]): string {
  const labels = unique(
    group.map(({ flow }) => (flow.from.name === null || flow.from.kind === 'external' ? clientLabel(flow.from) : flow.from.name)),
  );
  return labels.length === 1 ? labels.join('') : `${labels[0]} +${labels.length - 1}`;
}
