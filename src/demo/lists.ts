import { columnsOf } from './columns.ts';
import type { Json } from './json.ts';
import { apiVersionOf, type ResourceType } from './resource-types.ts';
import type { StoredObject } from './store.ts';

const COMMA = Buffer.from(',');
const END = Buffer.from(']}');

/** What stands at the head of a list. */
export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** One object, whole. */
export function objectBody(type: ResourceType, stored: StoredObject): Buffer {
  return withType(stored.body(), apiVersionOf(type), type.kind);
}

/** A list, put together from the bytes of its items: nothing is serialised again. */
export function listBody(type: ResourceType, items: readonly StoredObject[], metadata: ListMetadata): Buffer {
  // Items of built-in lists carry no apiVersion and kind; those of custom resources do.
  const bodies = items.map((stored) => (type.custom ? objectBody(type, stored) : stored.body()));
  const head = JSON.stringify({ kind: `${type.kind}List`, apiVersion: apiVersionOf(type), metadata });
  const chunks: Buffer[] = [Buffer.from(`${head.slice(0, -1)},"items":[`)];
  bodies.forEach((body, index) => {
    if (index > 0) chunks.push(COMMA);
    chunks.push(body);
  });
  return Buffer.concat([...chunks, END]);
}

/** A list of which only the metadata of the items is wanted. */
export function metadataList(items: readonly StoredObject[], metadata: ListMetadata): Json {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    items: items.map(partialObject),
  };
}

export function partialObject({ object }: StoredObject): Json {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object['metadata'] };
}

/** What `kubectl get` prints; `include` says how much of each object goes with its row. */
export function tableOf(
  type: ResourceType,
  items: readonly StoredObject[],
  how: { metadata: ListMetadata; include: string; now: number },
): Json {
  const columns = columnsOf(type, how.now);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: how.metadata,
    columnDefinitions: columns.map((column) => ({
      name: column.name,
      type: column.type ?? 'string',
      format: column.name === 'Name' ? 'name' : '',
      description: '',
      priority: column.wide === true ? 1 : 0,
    })),
    rows: items.map((stored) => ({
      cells: columns.map((column) => column.cell(stored.object)),
      ...(how.include === 'None' ? {} : { object: how.include === 'Object' ? stored.object : partialObject(stored) }),
    })),
  };
}

function withType(body: Buffer, apiVersion: string, kind: string): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ kind, apiVersion }).slice(0, -1)},`), body.subarray(1)]);
}
