import type { AnyAuthMethod } from 'ssh2';
import { ChosenAgent } from './agent.ts';
import type { HostConfig } from './config-values.ts';
import type { Deadline } from './deadline.ts';
import { type KeyRing, shownPath } from './keys.ts';

/** Offers what the user has, one after the other: the agent, then key files. Passwords are never sent. */
export interface Offers {
  /** The next offer, or null when there is none left. `accepted` is what the server said it takes, null before it said so. */
  next(accepted: readonly string[] | null): Promise<AnyAuthMethod | null>;
  /** Why none was taken, in one line. */
  failure(): string;
}

export interface OfferSurroundings {
  readonly keys: KeyRing;
  readonly deadline: Deadline;
}

export function prepareOffers(config: HostConfig, { keys, deadline }: OfferSurroundings): Offers {
  const tried: string[] = [];
  let takes: readonly string[] | null = null;
  const offers = candidates(config, { keys, deadline, tried });
  return {
    async next(accepted) {
      takes = accepted ?? takes;
      if (takes !== null && !takes.includes('publickey')) return null;
      const { value, done } = await offers.next();
      return done === true ? null : value;
    },
    failure() {
      if (takes !== null && !takes.includes('publickey'))
        return `the server takes ${takes.join(', ') || 'nothing'} only, and passwords are never sent; let it take keys, or use --ssh-command ssh`;
      const what = tried.length === 0 ? 'no agent and no key to try' : `tried ${tried.join(', ')}`;
      return `all authentication methods failed (${what}) for user ${config.user}; log in as another user (--ssh-user), or add a key that it takes with ssh-add`;
    },
  };
}

async function* candidates(
  { user, agent, identitiesOnly, identityFiles }: HostConfig,
  { keys, deadline, tried }: OfferSurroundings & { readonly tried: string[] },
): AsyncGenerator<AnyAuthMethod, undefined> {
  yield { type: 'none', username: user };
  const offered: Buffer[] = [];
  if (agent !== null) {
    const halves = identitiesOnly ? await Promise.all(identityFiles.map((file) => keys.publicHalf(file))) : null;
    const chosen = new ChosenAgent(agent, halves?.filter((half) => half !== null) ?? null);
    tried.push('agent');
    yield { type: 'agent', username: user, agent: chosen };
    offered.push(...chosen.offered);
  }
  for (const file of identityFiles) {
    const half = offered.length === 0 ? null : await keys.publicHalf(file);
    if (half !== null && offered.some((blob) => blob.equals(half))) continue;
    const loaded = await deadline.pausedFor(() => keys.load(file));
    if (loaded.kind === 'absent') continue;
    tried.push(loaded.kind === 'key' ? shownPath(file) : `${shownPath(file)}: ${loaded.why}`);
    if (loaded.kind === 'key') yield { type: 'publickey', username: user, key: loaded.key };
  }
}
