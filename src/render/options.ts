/** What the terminal or the file at the other end can show; decided by the caller. */
export interface RenderOptions {
  /** No line is longer, but for rules that are shown verbatim and the machine formats. */
  readonly columns: number;
  readonly color: boolean;
  readonly unicode: boolean;
  /** Nothing is folded away that is only folded for brevity. */
  readonly verbose: boolean;
}

export const FORMATS = ['table', 'wide', 'json', 'yaml', 'markdown', 'name'] as const;

export type Format = (typeof FORMATS)[number];

const NARROWEST = 40;
const WITHOUT_TERMINAL = 80;
/** Longer lines of prose are hard to read, however wide the terminal. */
const WIDEST_PROSE = 120;

/** The width to lay out for: some pseudo-terminals report 0 columns. */
export function layoutColumns(options: RenderOptions): number {
  return options.columns > 0 ? Math.max(NARROWEST, Math.floor(options.columns)) : WITHOUT_TERMINAL;
}

export function proseColumns(options: RenderOptions): number {
  return Math.min(layoutColumns(options), WIDEST_PROSE);
}
