/** Nothing that is over sooner needs a word. */
const PATIENCE_MS = 500;

/** Tells on standard error how far a long reading is: on a terminal only, on one line that goes away at the end. */
export interface Progress {
  at(state: { readonly done: number; readonly total: number; readonly failed: number }): void;
  /** Whole lines that stay, on any standard error. */
  say(text: string): void;
  /** Takes the line away, for a question on the terminal. */
  clear(): void;
  end(): void;
}

export function createProgress(what: string): Progress {
  const { env, stderr } = process;
  // A dumb terminal cannot take a line away.
  const shows = stderr.isTTY === true && env['TERM'] !== 'dumb';
  const begun = Date.now();
  let text = '';
  let shown = false;
  const clear = (): void => {
    if (shown) stderr.write('\r\x1b[K');
    shown = false;
  };
  const draw = (): void => {
    if (!shows || Date.now() - begun < PATIENCE_MS) return;
    clear();
    stderr.write(`${what}${text}`.slice(0, Math.max(20, (stderr.columns || 80) - 1)));
    shown = true;
  };
  const timer = shows ? setTimeout(draw, PATIENCE_MS) : null;
  return {
    at: ({ done, total, failed }) => {
      text = `: ${done} of ${total}${failed === 0 ? '' : `, ${failed} failed`}`;
      draw();
    },
    say: (line) => {
      clear();
      stderr.write(line.endsWith('\n') ? line : `${line}\n`);
      draw();
    },
    clear,
    end: () => {
      if (timer !== null) clearTimeout(timer);
      clear();
    },
  };
}
