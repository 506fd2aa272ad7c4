/**
 * The world's fault, said in one line: what, where, why, what next. Ends the program with exit code 2 and no stack trace.
 * A fault of the program itself is a plain Error.
 */
export class Failure extends Error {
  /** What the user can try next, one line; printed behind the message. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'Failure';
    this.hint = hint;
  }
}
