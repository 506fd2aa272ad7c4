import type { Cluster } from './cluster.ts';
import { named, type Suggestion } from './reply.ts';

const CLIENTS: readonly Suggestion[] = [
  { value: 'external', description: 'a client outside of the cluster' },
  { value: 'external=', description: 'an outside client with this address', isBeginning: true },
  { value: 'node/', description: "a node's own processes", isBeginning: true },
  { value: 'pod/', description: 'a pod: NAME or NAMESPACE/NAME', isBeginning: true },
  { value: 'pod@', description: 'any ordinary pod on that node', isBeginning: true },
];

/** `--from`, in steps: what kind of client, then its name. */
export async function clientSuggestions(partial: string, cluster: Cluster): Promise<Suggestion[]> {
  if (partial.startsWith('node/')) return prefixed('node/', named(await cluster.names('nodes')));
  if (partial.startsWith('pod@')) return prefixed('pod@', named(await cluster.names('nodes')));
  if (partial.startsWith('pod/')) return prefixed('pod/', await podSuggestions(partial.slice('pod/'.length), cluster));
  return [...CLIENTS];
}

/** `[NAMESPACE/]POD`, in steps. */
export async function podSuggestions(partial: string, cluster: Cluster): Promise<Suggestion[]> {
  const slash = partial.indexOf('/');
  if (slash >= 0) {
    const namespace = partial.slice(0, slash);
    return prefixed(`${namespace}/`, named(await cluster.names('pods', namespace)));
  }
  const [pods, namespaces] = await Promise.all([cluster.names('pods'), cluster.names('namespaces')]);
  return [...named(pods), ...named(namespaces, 'namespace').map((each) => ({ ...each, value: `${each.value}/`, isBeginning: true }))];
}

export function prefixed(prefix: string, suggestions: readonly Suggestion[]): Suggestion[] {
  return suggestions.map((each) => ({ ...each, value: `${prefix}${each.value}` }));
}
