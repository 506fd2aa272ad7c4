import { Command } from '@oclif/core/command';
import type { Input, ParserOutput } from '@oclif/core/interfaces';
import { Failure } from '../net/failure.ts';
import { safeText } from '../render/safe.ts';
import { asKubectl } from './kubectl-words.ts';

/** Exit code of a question that could not be answered. */
const UNANSWERED = 2;

// oclif's listener throws what is no EPIPE from inside the event, past every catch; answer() hears of it by its callback.
process.stdout.removeAllListeners('error');
process.stdout.on('error', () => {});

/** What oclif's own signature has: flags and arguments by name. */
type Values = Record<string, unknown>;

/** What all commands share: how an answer is written, and how a failure is said. */
export abstract class SrcipCommand extends Command {
  protected override async init(): Promise<void> {
    await super.init();
    this.argv = asKubectl(this.argv, this.ctor.flags);
  }

  #pagerAsked = false;

  /** Writes the answer, and only the answer, to standard output; a reader that has seen enough (`| head`) is no error. */
  protected async answer(text: string): Promise<void> {
    if (process.stdout.isTTY === true) {
      const { isLong, page, pagerFor } = await import('./pager.ts');
      const pager = pagerFor(this.#pagerAsked);
      if (pager !== null && isLong(text)) {
        if (await page(text, pager)) return;
        process.stderr.write(`warning: the pager ${safeText(pager)} could not be started\n`);
      }
    }
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(text, (error: NodeJS.ErrnoException | null | undefined) => {
        if (error === null || error === undefined || error.code === 'EPIPE') resolve();
        else reject(new Failure(`cannot write the answer: ${error.message}`, 'is the disk full, or the terminal gone?'));
      });
    });
  }

  protected override async parse<F extends Values, B extends Values, A extends Values>(
    options?: Input<F, B, A>,
    argv?: string[],
  ): Promise<ParserOutput<F, B, A>> {
    const parsed = await super.parse(options, argv);
    this.#pagerAsked = parsed.flags['pager'] === true;
    return parsed;
  }

  protected override async catch(error: Error & { exitCode?: number }): Promise<void> {
    if (!(error instanceof Failure)) throw error;
    // A message may quote a file, a server or an argument.
    const hint = error.hint === undefined ? '' : `\n       ${safeText(error.hint)}`;
    process.stderr.write(`error: ${safeText(error.message)}${hint}\n`);
    process.exitCode = UNANSWERED;
  }
}
