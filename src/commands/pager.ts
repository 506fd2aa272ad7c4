import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

/** What a shell ends with when there is no such program, or none that can be run. */
const NOT_STARTED: ReadonlySet<number> = new Set([126, 127]);

/**
 * The pager's command line, in the user's own words; null where none is wanted, or none would work. `--pager` or SRCIP_PAGER asks for one;
 * PAGER only says which, because kubectl itself never pages.
 */
export function pagerFor(asked: boolean): string | null {
  const { env, platform, stdout } = process;
  const own = env['SRCIP_PAGER'] ?? '';
  if (stdout.isTTY !== true || env['TERM'] === 'dumb' || !(asked || own !== '')) return null;
  const command = (own || env['PAGER'] || (platform === 'win32' ? 'more' : 'less')).trim();
  return command === '' || command === 'cat' ? null : command;
}

/** Whether a text does not fit on the screen. */
export function isLong(text: string): boolean {
  return text.split('\n').length > (process.stdout.rows || Number.POSITIVE_INFINITY);
}

/**
 * Shows a text in a pager and waits until the user is done with it; false when it could not be started. Like git, the command is the user's own
 * and goes to a shell as it is, and nothing of ours is put into it; less is told to keep colours and the screen unless LESS says otherwise.
 */
export async function page(text: string, command: string): Promise<boolean> {
  const { env } = process;
  const child = spawn(command, {
    shell: true,
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...env, LESS: env['LESS'] ?? 'FRX', LV: env['LV'] ?? '-c' },
  });
  // Whoever quits early has seen enough.
  child.stdin.on('error', () => {});
  child.stdin.end(text);
  const signals = listen((signal) => child.kill(signal));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code === null || !NOT_STARTED.has(code);
  } catch {
    return false;
  } finally {
    signals.end();
  }
}

/** Ctrl-C is the pager's; other signals end it first, so that it gives the terminal back, and then this program as they would have. */
function listen(pass: (signal: NodeJS.Signals) => void): { end(): void } {
  let ended: NodeJS.Signals | null = null;
  const ignore = (): void => {};
  const forward = (signal: NodeJS.Signals): void => {
    ended = signal;
    pass(signal);
  };
  process.on('SIGINT', ignore);
  process.on('SIGTERM', forward);
  process.on('SIGHUP', forward);
  return {
    end: () => {
      process.off('SIGINT', ignore);
      process.off('SIGTERM', forward);
      process.off('SIGHUP', forward);
      if (ended === null) return;
      process.exitCode = 128 + constants.signals[ended];
      process.kill(process.pid, ended);
    },
  };
}
