import { isRecord, type Json, record, text, valueAt } from './json.ts';
import { apiVersionOf, builtInTypes, qualifiedName, type ResourceType, typeOfObject, typesOfDefinition } from './resource-types.ts';

/** One object, and its JSON without `apiVersion` and `kind`, made once. */
export interface StoredObject {
  readonly namespace: string;
  readonly name: string;
  readonly object: Json;
  readonly body: () => Buffer;
}

/** A recorded cluster, sorted the way an API server lists it. */
export interface Store {
  readonly types: readonly ResourceType[];
  readonly resourceVersion: string;
  find(group: string, version: string, plural: string): ResourceType | undefined;
  /** Sorted by namespace and name; all of the kind when the namespace is null. */
  list(type: ResourceType, namespace: string | null): readonly StoredObject[];
  get(type: ResourceType, namespace: string | null, name: string): StoredObject | undefined;
}

interface Shelf {
  readonly all: readonly StoredObject[];
  readonly byNamespace: ReadonlyMap<string, readonly StoredObject[]>;
  readonly byKey: ReadonlyMap<string, StoredObject>;
}

const EMPTY: Shelf = { all: [], byNamespace: new Map(), byKey: new Map() };

/** Takes objects in; what is no Kubernetes object is left out. `absent` names resources (`servicecidrs.networking.k8s.io`) that this server does not have. */
export function buildStore(objects: Iterable<unknown>, absent: readonly string[] = []): Store {
  const types = new Map(builtInTypes().map((type) => [idOf(type), type]));
  const found = new Map<string, Map<string, StoredObject>>();
  let newest = 1;
  for (const object of objects) {
    if (!isRecord(object) || text(object['kind']) === '' || text(valueAt(object, 'metadata.name')) === '') continue;
    if (object['kind'] === 'CustomResourceDefinition') for (const type of typesOfDefinition(object)) types.set(idOf(type), type);
    const type = typeIn(types, object);
    const stored = storedObject(object, type);
    shelfOf(found, idOf(type)).set(keyOf(stored.namespace, stored.name), stored);
    newest = Math.max(newest, Number(valueAt(object, 'metadata.resourceVersion')) || 0);
  }
  const shelves = new Map([...found].map(([id, byKey]) => [id, fillShelf(byKey)]));
  return storeOf({ types: [...types.values()].filter((type) => !absent.includes(qualifiedName(type))), shelves, newest });
}

function storeOf(made: { types: readonly ResourceType[]; shelves: ReadonlyMap<string, Shelf>; newest: number }): Store {
  const byPath = new Map(made.types.map((type) => [`${apiVersionOf(type)}/${type.plural}`, type]));
  const shelf = (type: ResourceType): Shelf => made.shelves.get(idOf(type)) ?? EMPTY;
  return {
    types: made.types,
    resourceVersion: String(made.newest),
    find: (group, version, plural) => byPath.get(`${apiVersionOf({ group, version })}/${plural}`),
    list: (type, namespace) => (namespace === null ? shelf(type).all : (shelf(type).byNamespace.get(namespace) ?? [])),
    get: (type, namespace, name) => shelf(type).byKey.get(keyOf(namespace ?? '', name)),
  };
}

function typeIn(types: Map<string, ResourceType>, object: Json): ResourceType {
  const id = `${text(object['apiVersion'])} ${text(object['kind'])}`;
  const known = types.get(id);
  if (known !== undefined) return known;
  const derived = typeOfObject(object);
  types.set(id, derived);
  return derived;
}

/** An object as a store keeps it. */
export function storedObject(object: Json, type: ResourceType): StoredObject {
  const metadata = record(object['metadata']);
  let body: Buffer | undefined;
  return {
    namespace: type.namespaced ? text(metadata['namespace']) || 'default' : '',
    name: text(metadata['name']),
    object,
    body: () => {
      body ??= bodyOf(object);
      return body;
    },
  };
}

function bodyOf({ apiVersion: _apiVersion, kind: _kind, ...rest }: Json): Buffer {
  return Buffer.from(JSON.stringify(rest));
}

function fillShelf(byKey: ReadonlyMap<string, StoredObject>): Shelf {
  const all = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stored]) => stored);
  return { all, byKey, byNamespace: grouped(all) };
}

function grouped(all: readonly StoredObject[]): Map<string, StoredObject[]> {
  const groups = new Map<string, StoredObject[]>();
  for (const stored of all) {
    const group = groups.get(stored.namespace);
    if (group === undefined) groups.set(stored.namespace, [stored]);
    else group.push(stored);
  }
  return groups;
}

function shelfOf(found: Map<string, Map<string, StoredObject>>, id: string): Map<string, StoredObject> {
  const shelf = found.get(id) ?? new Map<string, StoredObject>();
  found.set(id, shelf);
  return shelf;
}

function idOf(type: ResourceType): string {
  return `${apiVersionOf(type)} ${type.kind}`;
}

// etcd lists in the order of its keys, and paging relies on that order.
function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
