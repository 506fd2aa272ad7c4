import type { Cluster } from './cluster.ts';
import { NOTHING, named, type Reply, replyWith, type Suggestion } from './reply.ts';
import type { Typed } from './words.ts';
import { isServiceType, servicesIn } from './words-of-service.ts';

interface Asked {
  readonly partial: string;
  /** Whether the command takes more than one. */
  readonly several: boolean;
}

/** Services as `svc/NAME`, as a bare `NAME` once some of it is typed, and as the word after `svc`. */
export async function completeService(typed: Typed, { partial, several }: Asked, cluster: Cluster): Promise<Reply> {
  const given = servicesIn(typed);
  if (given.length > 0 && !several) return NOTHING;
  const [first = ''] = typed.args;
  const names = named(await cluster.names('services')).filter(({ value }) => !given.includes(value));
  if (isServiceType(first)) return replyWith(names, partial);
  return replyWith([...withType(names, partial), ...(partial === '' ? [] : names)], partial);
}

function withType(names: readonly Suggestion[], partial: string): Suggestion[] {
  const slash = partial.indexOf('/');
  const type = slash < 0 ? 'svc' : partial.slice(0, slash);
  return isServiceType(type) ? names.map(({ value }) => ({ value: `${type}/${value}` })) : [];
}
