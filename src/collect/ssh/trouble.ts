import { clean } from '../live/text.ts';

/** A node could not be read: why, in one line without `ssh:` before it. Becomes a gap; never leaves this folder. */
export class SshTrouble extends Error {
  constructor(why: string) {
    super(clean(why));
    this.name = 'SshTrouble';
  }
}

/** `10s`, `1.5s`. */
export function seconds(ms: number): string {
  return `${ms / 1000}s`;
}
