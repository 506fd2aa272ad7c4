import type { Section } from './sections.ts';

/** One program on a node: it ran, it is not there, or there is no sudo to run it. */
export type Part = {
  readonly name: string;
  readonly text: string;
  readonly cut: Section['cut'];
  readonly end: 'absent' | 'nosudo' | { readonly status: number; readonly stderr: string };
};

/** The programs that ran, or did not, from the sections of `nodeScript`, once each; one that was cut off in the middle is left out. */
export function partsOf(sections: readonly Section[]): readonly Part[] {
  const parts = new Map<string, Part>();
  const add = (part: Part): void => void (parts.has(part.name) || parts.set(part.name, part));
  for (const [index, { words, text, cut }] of sections.entries()) {
    const [word, name = ''] = words;
    if (word === 'absent' || word === 'nosudo') add({ name, text: '', cut: null, end: word });
    const after = sections[index + 1];
    if (word !== 'begin' || after?.words[0] !== 'end' || after.words[1] !== name) continue;
    add({ name, text, cut, end: { status: Number(after.words[2] || NaN), stderr: after.text } });
  }
  return [...parts.values()];
}
