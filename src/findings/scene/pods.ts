import { namespaceOf } from '../../cluster/endpoints.ts';
import type { PodObject } from '../../cluster/objects.ts';
import { append, memo } from './lazy.ts';
import { matchesLabels } from './selector.ts';

type Labels = Readonly<Record<string, string>>;

/** Finds pods without going through all of them for each Service. */
export interface PodIndex {
  readonly all: readonly PodObject[];
  inNamespace(namespace: string): readonly PodObject[];
  /** Pods that a selector picks, finished ones included. An empty selector picks none. */
  selected(namespace: string, selector: Labels): readonly PodObject[];
  named(namespace: string, name: string): PodObject | null;
}

export function indexPods(pods: readonly PodObject[]): PodIndex {
  const byNamespace = new Map<string, PodObject[]>();
  for (const pod of pods) append(byNamespace, namespaceOf(pod.metadata), pod);
  const byName = memo((namespace: string) => new Map((byNamespace.get(namespace) ?? []).map((pod) => [pod.metadata.name, pod])));
  const byLabel = memo((key: string) => {
    const slash = key.indexOf('/');
    return valuesOf(byNamespace.get(key.slice(0, slash)) ?? [], key.slice(slash + 1));
  });
  return {
    all: pods,
    inNamespace: (namespace) => byNamespace.get(namespace) ?? [],
    selected: (namespace, selector) => {
      const lists = Object.entries(selector).map(([label, value]) => byLabel(`${namespace}/${label}`).get(value) ?? []);
      const [smallest] = lists.sort((a, b) => a.length - b.length);
      return (smallest ?? []).filter((pod) => matchesLabels(selector, pod.metadata.labels ?? {}));
    },
    named: (namespace, name) => byName(namespace).get(name) ?? null,
  };
}

function valuesOf(pods: readonly PodObject[], label: string): ReadonlyMap<string, readonly PodObject[]> {
  const found = new Map<string, PodObject[]>();
  for (const pod of pods) {
    const value = pod.metadata.labels?.[label];
    if (value !== undefined) append(found, value, pod);
  }
  return found;
}
