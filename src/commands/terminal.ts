import type { RenderOptions } from '../render/options.ts';

const COLUMNS_IN_A_PIPE = 120;

/** What the other end of standard output can show: width, colour, and symbols beyond ASCII. */
export function renderOptions(flags: { readonly 'no-color'?: boolean; readonly verbose?: boolean }): RenderOptions {
  const { env, stdout } = process;
  const terminal = stdout.isTTY === true;
  return {
    columns: (terminal ? stdout.columns : undefined) || Number(env['COLUMNS']) || COLUMNS_IN_A_PIPE,
    color: wantsColor(terminal, flags['no-color'] === true),
    unicode: showsUnicode(),
    verbose: flags.verbose === true,
  };
}

/** https://no-color.org: any non-empty NO_COLOR turns colours off; FORCE_COLOR turns them on in a pipe. */
function wantsColor(terminal: boolean, refused: boolean): boolean {
  const { env } = process;
  if (refused || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return false;
  const forced = env['FORCE_COLOR'];
  return forced === undefined ? terminal : forced !== '0' && forced !== 'false';
}

/** A locale that names another encoding cannot show symbols; no locale at all is common in containers, whose terminals can. */
function showsUnicode(): boolean {
  const { env } = process;
  if (env['TERM'] === 'dumb' || env['TERM'] === 'linux') return false;
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return locale === '' || /utf-?8/i.test(locale);
}
