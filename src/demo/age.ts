const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** A duration the way kubectl prints ages. */
// apimachinery v0.33 util/duration HumanDuration: two units while they are small.
export function humanDuration(milliseconds: number): string {
  if (milliseconds < 0) return '0s';
  if (milliseconds < 2 * MINUTE) return `${Math.floor(milliseconds / SECOND)}s`;
  if (milliseconds < 10 * MINUTE) return two(milliseconds, [MINUTE, 'm'], [SECOND, 's']);
  if (milliseconds < 3 * HOUR) return `${Math.floor(milliseconds / MINUTE)}m`;
  if (milliseconds < 8 * HOUR) return two(milliseconds, [HOUR, 'h'], [MINUTE, 'm']);
  if (milliseconds < 2 * DAY) return `${Math.floor(milliseconds / HOUR)}h`;
  if (milliseconds < 8 * DAY) return two(milliseconds, [DAY, 'd'], [HOUR, 'h']);
  if (milliseconds < 2 * YEAR) return `${Math.floor(milliseconds / DAY)}d`;
  if (milliseconds < 8 * YEAR) return two(milliseconds, [YEAR, 'y'], [DAY, 'd']);
  return `${Math.floor(milliseconds / YEAR)}y`;
}

type Unit = readonly [milliseconds: number, letter: string];

function two(milliseconds: number, big: Unit, small: Unit): string {
  const whole = Math.floor(milliseconds / big[0]);
  const rest = Math.floor((milliseconds % big[0]) / small[0]);
  return rest === 0 ? `${whole}${big[1]}` : `${whole}${big[1]}${rest}${small[1]}`;
}
