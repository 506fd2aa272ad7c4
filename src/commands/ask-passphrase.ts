import { openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { safeText } from '../render/safe.ts';
import type { Progress } from './progress.ts';

type Ask = (keyFile: string, attempt: number) => Promise<string | null>;

const [CTRL_C, CTRL_D, BACKSPACE, DELETE] = ['\x03', '\x04', '\b', '\x7f'];

/** Asks for passphrases on the terminal itself, whatever standard input is; null where there is no terminal. */
export function askPassphrase(progress: Progress): Ask | null {
  if (process.stderr.isTTY !== true) return null;
  return async (keyFile, attempt) => {
    const terminal = openTerminal();
    if (terminal === null) return null;
    progress.clear();
    let interrupted = false;
    process.stderr.write(`${attempt > 1 ? 'wrong passphrase; ' : ''}passphrase of key ${safeText(keyFile)}: `);
    try {
      return await readHidden(terminal, () => {
        interrupted = true;
      });
    } finally {
      terminal.setRawMode(false);
      terminal.destroy();
      process.stderr.write('\n');
      // The terminal has kept the signal back; it is meant for everything that is being done.
      if (interrupted) process.kill(process.pid, 'SIGINT');
    }
  };
}

function openTerminal(): ReadStream | null {
  try {
    return new ReadStream(openSync('/dev/tty', 'r'));
  } catch {
    return null;
  }
}

/** Reads one line without showing it; null when the user declines (Ctrl-D) or wants everything to stop (Ctrl-C). */
function readHidden(terminal: ReadStream, interrupt: () => void): Promise<string | null> {
  terminal.setRawMode(true);
  terminal.setEncoding('utf8');
  return new Promise((resolve) => {
    let typed = '';
    terminal.on('data', (chunk: string | Buffer) => {
      for (const char of String(chunk)) {
        if (char === CTRL_C) interrupt();
        if (char === CTRL_C || char === CTRL_D) return resolve(null);
        if (char === '\r' || char === '\n') return resolve(typed);
        typed = char === BACKSPACE || char === DELETE ? typed.slice(0, -1) : typed + char;
      }
    });
    terminal.on('end', () => resolve(null));
  });
}
