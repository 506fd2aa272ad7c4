import type { ServerResponse } from 'node:http';
import { rows, type Try } from '../support/row.ts';
import type { Stage } from '../support/stage.ts';

/** Longer than any limit that the rows of a hanging server give. */
const FOR_EVER_MS = 1500;

/** A server that takes every question and never answers. */
const hanging =
  (...flags: readonly string[]) =>
  async (stage: Stage): Promise<Try> => {
    let asked = 0;
    const api = await stage.api('main', {
      instead: () => {
        if (asked === 0) asked = Date.now();
        return true;
      },
    });
    const before = (): void => {
      asked = 0;
    };
    const isLimited = flags.some((flag) => /[1-9]/.test(flag) && !flag.includes('-1'));
    return stage.one({ api }, { flags, before, enough: () => !isLimited && asked > 0 && Date.now() - asked > FOR_EVER_MS });
  };

/** A server that needs its time for the Service. */
const slow =
  (ms: number, ...flags: readonly string[]) =>
  async (stage: Stage): Promise<Try> => {
    const waiting = new Set<NodeJS.Timeout>();
    stage.atEnd(() => waiting.forEach(clearTimeout));
    const api = await stage.api('main', {
      instead: (request, response, seen) => {
        if (!/services\/web$/.test(seen.path.split('?')[0] ?? '')) return false;
        waiting.add(setTimeout(() => stage.answer(request, response, seen), ms));
        return true;
      },
    });
    return stage.one({ api }, { flags });
  };

/** The head of an answer, and nothing more. */
function half(response: ServerResponse): boolean {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' }).write('{"kind":');
  return true;
}

export const TIMEOUTS = rows(
  'Time-outs',
  { name: 'a slow answer, a limit in whole seconds', set: slow(3000, '--request-timeout', '1') },
  { name: 'a slow answer, a limit with a unit', set: slow(3000, '--request-timeout=1s') },
  { name: 'a server that hangs, milliseconds', set: hanging('--request-timeout', '300ms') },
  { name: 'a server that hangs, a sum', set: hanging('--request-timeout', '0.2s100ms') },
  { name: 'a server that hangs, no limit: waits', set: hanging() },
  { name: 'a server that hangs, 0: waits', set: hanging('--request-timeout=0') },
  {
    name: 'a server that stops in the middle of its answer',
    set: async (s) =>
      s.one({ api: await s.api('main', { instead: (_request, response) => half(response) }) }, { flags: ['--request-timeout', '500ms'] }),
  },
  { name: 'a slow answer within the limit', set: slow(400, '--request-timeout', '20s') },
  { name: 'a slow answer, 0', set: slow(1200, '--request-timeout', '0') },
  { name: 'a slow answer, 0s', set: slow(1200, '--request-timeout', '0s') },
  { name: 'a slow answer beyond the limit', set: slow(3000, '--request-timeout', '1500ms') },
  { name: 'no duration', set: hanging('--request-timeout', 'soon') },
  { name: 'an unknown unit', set: hanging('--request-timeout', '5 minutes') },
  { name: 'a fraction without a unit', set: hanging('--request-timeout', '1.5') },
  { name: 'an empty limit', set: slow(300, '--request-timeout=') },
  {
    name: 'a negative limit',
    differs: 'kubectl takes it for no limit; srcip refuses what can only be a slip',
    set: hanging('--request-timeout=-1s'),
  },
  { name: 'a negative number', set: hanging('--request-timeout=-1') },
);
