import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';

export interface PathSurroundings {
  /** What the tokens %h, %p and %r stand for; left as they are without. */
  readonly host?: { readonly user: string; readonly hostName: string; readonly port: number } | undefined;
  /** What `~` stands for. */
  readonly home: string;
}

/** `~`, and the tokens of ssh_config(5) that make sense in a path. */
export function expandPath(text: string, { host, home }: PathSurroundings): string {
  const tokens = new Map([
    ['d', home],
    ['u', userInfo().username],
    ['%', '%'],
    ...(host === undefined
      ? []
      : ([
          ['h', host.hostName],
          ['p', String(host.port)],
          ['r', host.user],
        ] as const)),
  ]);
  const bare = text.replace(/^"(.*)"$/, '$1').replace(/%([dhpru%])/g, (whole, token: string) => tokens.get(token) ?? whole);
  if (bare === '~') return home;
  if (bare.startsWith('~/')) return join(home, bare.slice(2));
  return isAbsolute(bare) ? bare : join(process.cwd(), bare);
}
