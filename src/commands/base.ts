import { Command } from '@oclif/core/command';
import { Failure } from '../net/failure.ts';

/** Exit code of a question that could not be answered. */
const UNANSWERED = 2;

/** What all commands share: how an answer is written, and how a failure is said. */
export abstract class SrcipCommand extends Command {
  /** Writes the answer, and only the answer, to standard output; a reader that has seen enough (`| head`) is no error. */
  protected async answer(text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      process.stdout.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' ? resolve() : reject(error)));
      process.stdout.write(text, () => resolve());
    });
  }

  protected override async catch(error: Error & { exitCode?: number }): Promise<void> {
    if (!(error instanceof Failure)) throw error;
    const hint = error.hint === undefined ? '' : `\n       ${error.hint}`;
    process.stderr.write(`error: ${error.message}${hint}\n`);
    process.exitCode = UNANSWERED;
  }
}
