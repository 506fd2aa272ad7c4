import { userInfo } from 'node:os';
import type { ConfigLine } from './config-line.ts';
import { coveredBy } from './pattern.ts';
import { SshTrouble } from './trouble.ts';

/** What a block's conditions are held against. */
export interface MatchQuery {
  /** The name that was asked for. */
  readonly host: string;
  /** HostName as far as it is set. */
  readonly hostName: string;
  readonly user: string;
}

/** Whether a block that begins with `Host` or `Match` is for this host. Throws SshTrouble for conditions that only OpenSSH can decide. */
export function blockCovers({ keyword, args }: ConfigLine, query: MatchQuery): boolean {
  if (keyword === 'host') return coveredBy(args, query.host);
  const left = [...args];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const negated = word.startsWith('!');
    const criterion = (negated ? word.slice(1) : word).toLowerCase();
    // `canonical` and `final` are for a second reading, which only CanonicalizeHostname and `final` itself bring about.
    const met = criterion === 'all' || (criterion !== 'canonical' && matchOne(criterion, left.shift() ?? '', query));
    if (met === negated) return false;
  }
  return true;
}

function matchOne(criterion: string, argument: string, { host, hostName, user }: MatchQuery): boolean {
  const patterns = argument.split(',');
  switch (criterion) {
    case 'host':
      return coveredBy(patterns, hostName);
    case 'originalhost':
      return coveredBy(patterns, host);
    case 'user':
      return coveredBy(patterns, user);
    case 'localuser':
      return coveredBy(patterns, userInfo().username);
    default:
      throw new SshTrouble(
        `its configuration has "Match ${criterion}", which needs the ssh client on the PATH; install it, or name a file without`,
      );
  }
}
