import type { Stage } from './stage.ts';

/** One situation in which kubectl and this program are tried. */
export interface Row {
  readonly group: string;
  readonly name: string;
  readonly set: (stage: Stage) => Promise<Try> | Try;
  /** Why the outcomes may differ; mandatory when they do, refused when they do not. */
  readonly differs?: string;
  /** Why this row cannot be tried here. */
  readonly skip?: string | false;
}

/** What is run: `kubectl get svc/web …` and `kubectl srcip explain svc/web …`, unless it is said otherwise. */
export interface Try {
  readonly env?: Readonly<Record<string, string>>;
  /** Added to both. */
  readonly flags?: readonly string[];
  /** In place of `svc/web -o name` and the flags. */
  readonly words?: readonly string[];
  /** In place of `get` and the words. */
  readonly kubectl?: readonly string[];
  /** In place of `explain` and the words. */
  readonly srcip?: readonly string[];
  readonly cwd?: string;
  /** Runs a command inside another one. */
  readonly wrap?: (command: readonly string[]) => readonly string[];
  /** Given on standard input, which is no terminal. */
  readonly stdin?: string;
  /** What standard error has to hold when it fails. */
  readonly tells?: RegExp;
  /** Typed once the program asks. */
  readonly input?: string;
  /** Before each run. */
  readonly before?: () => Promise<unknown> | unknown;
  /** From when on it is clear that it would wait for ever. */
  readonly enough?: () => boolean;
}

/** Rows of one group. */
export function rows(group: string, ...list: readonly Omit<Row, 'group'>[]): readonly Row[] {
  return list.map((row) => ({ group, ...row }));
}
