import { isRecord, type Json, record, text, valueAt } from './json.ts';
import type { ResourceType } from './resource-types.ts';
import { alreadyExists, badRequest, notFound } from './status.ts';
import { type Store, type StoredObject, storedObject } from './store.ts';

/** Pods that are made and deleted while the server runs, beside those that were recorded. */
export interface PodWriter {
  create(type: ResourceType, namespace: string, object: unknown): StoredObject;
  remove(type: ResourceType, namespace: string, name: string): StoredObject;
}

/** The status that a pod gets, and gets again each time that somebody looks. */
export type Kubelet = (pod: Json) => Json;

/** A store whose pods can be written. */
export function withWritablePods(store: Store, kubelet: Kubelet): Store & PodWriter {
  const made = new Map<string, Json>();
  const gone = new Set<string>();
  const isPods = (type: ResourceType): boolean => type.kind === 'Pod' && type.group === '';
  const look = (type: ResourceType, pod: Json): StoredObject => storedObject({ ...pod, status: kubelet(pod) }, type);
  const get: Store['get'] = (type, namespace, name) => {
    if (!isPods(type)) return store.get(type, namespace, name);
    const key = `${namespace}/${name}`;
    const own = made.get(key);
    if (own !== undefined) return look(type, own);
    return gone.has(key) ? undefined : store.get(type, namespace, name);
  };
  return {
    ...store,
    get,
    list: (type, namespace) => {
      const recorded = store.list(type, namespace);
      if (!isPods(type) || made.size + gone.size === 0) return recorded;
      const own = [...made.values()].map((pod) => look(type, pod)).filter((pod) => namespace === null || pod.namespace === namespace);
      const left = recorded.filter((pod) => !gone.has(`${pod.namespace}/${pod.name}`));
      return [...left, ...own].sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
    },
    create: (type, namespace, object) => {
      const name = text(valueAt(record(object), 'metadata.name'));
      if (!isRecord(object) || name === '') throw badRequest('the object has no name');
      if (get(type, namespace, name) !== undefined) throw alreadyExists(type, name);
      const pod = { ...object, metadata: { ...record(object['metadata']), namespace } };
      made.set(`${namespace}/${name}`, pod);
      return look(type, pod);
    },
    remove: (type, namespace, name) => {
      const found = get(type, namespace, name);
      if (found === undefined) throw notFound(type, name);
      if (!made.delete(`${namespace}/${name}`)) gone.add(`${namespace}/${name}`);
      return found;
    },
  };
}
