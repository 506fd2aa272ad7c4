import { StringDecoder } from 'node:string_decoder';
import type { Budget } from './budget.ts';

/** What stands behind one line of ours: its words, and everything up to the next such line. */
export interface Section {
  readonly words: readonly string[];
  readonly text: string;
  /** Why the text is not whole: it was longer than one may be, or there was no memory left for it. What there is, is its beginning. */
  readonly cut: 'limit' | 'memory' | null;
}

export interface SectionLimits {
  /** Longest text of a section, bytes. */
  readonly text: number;
  /** What all texts are taken from. */
  readonly budget: Budget;
}

/** A line of ours is short, and there are few. A node that prints others is broken or hostile. */
const LONGEST_LINE = 4096;
const MOST_SECTIONS = 64;

/** Takes a node's output apart as it arrives. */
export interface SectionReader {
  push(chunk: Buffer): void;
  /** The sections that came whole; what follows the last line of ours is one, too. */
  end(): readonly Section[];
}

/** Keeps text as strings and not as bytes, so that a large dump is in memory twice at most, and only while it is joined. */
export function readSections(mark: string, limits: SectionLimits): SectionReader {
  const needle = Buffer.from(`\n${mark} `, 'latin1');
  const sections: Section[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let inLine = false;
  let open: OpenSection | null = null;

  const closeOpen = (): void => {
    if (open !== null && sections.length < MOST_SECTIONS) sections.push(open.close());
    open = null;
  };
  /** Returns what cannot be understood before more arrives. */
  const step = (data: Buffer): { readonly left: Buffer; readonly again: boolean } => {
    if (inLine) {
      const end = data.indexOf(0x0a);
      if (end < 0) return { left: data.subarray(0, LONGEST_LINE), again: false };
      inLine = false;
      open = openSection(data.toString('utf8', 0, end).split(' '), limits);
      // The line feed stays: the next line of ours begins with its own, but may follow at once.
      return { left: data.subarray(end + 1), again: true };
    }
    const at = data.indexOf(needle);
    if (at >= 0) {
      open?.add(data.subarray(0, at));
      closeOpen();
      inLine = true;
      return { left: data.subarray(at + needle.length), again: true };
    }
    const safe = Math.max(0, data.length - needle.length + 1);
    open?.add(data.subarray(0, safe));
    return { left: data.subarray(safe), again: false };
  };
  return {
    push(chunk) {
      let next = { left: rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), again: true };
      while (next.again) next = step(next.left);
      rest = Buffer.from(next.left);
    },
    end() {
      if (!inLine) open?.add(rest);
      closeOpen();
      return sections;
    },
  };
}

interface OpenSection {
  add(bytes: Buffer): void;
  close(): Section;
}

function openSection(words: readonly string[], limits: SectionLimits): OpenSection {
  const decoder = new StringDecoder('utf8');
  const pieces: string[] = [];
  let kept = 0;
  let cut: Section['cut'] = null;
  return {
    add(bytes) {
      if (cut !== null) return;
      const fitting = Math.min(bytes.length, limits.text - kept);
      const granted = limits.budget.take(fitting);
      if (granted > 0) pieces.push(decoder.write(bytes.subarray(0, granted)));
      kept += granted;
      if (granted < bytes.length) cut = granted < fitting ? 'memory' : 'limit';
    },
    close: () => ({ words, text: pieces.join('') + decoder.end(), cut }),
  };
}
