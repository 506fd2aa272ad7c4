import type { Form } from './accept.ts';
import { type ListMetadata, listBody, metadataList, objectBody, partialObject, tableOf } from './lists.ts';
import type { Pager } from './paging.ts';
import { type Answer, jsonAnswer } from './reply.ts';
import type { ResourceType } from './resource-types.ts';
import type { ObjectRoute } from './route.ts';
import { fieldSelector, labelSelector, type Selector } from './selectors.ts';
import { badRequest, notAllowed, notFound } from './status.ts';
import type { Store, StoredObject } from './store.ts';

/** A request for objects, its path understood. */
export interface ObjectQuery {
  readonly type: ResourceType;
  readonly route: ObjectRoute;
  readonly parameters: URLSearchParams;
  readonly form: Form;
}

/** Answers with one object or with a page of a list. */
export function answerObjects(store: Store, pager: Pager, query: ObjectQuery): Answer {
  if (query.parameters.get('watch') === 'true' || query.parameters.get('watch') === '1') throw notAllowed();
  return query.route.name === null ? answerList(store, pager, query) : answerOne(store, query, query.route.name);
}

function answerOne(store: Store, { type, route, parameters, form }: ObjectQuery, name: string): Answer {
  const stored = store.get(type, route.namespace, name);
  if (stored === undefined) throw notFound(type, name);
  if (form === 'metadata') return jsonAnswer(partialObject(stored));
  if (form !== 'table') return bytes(() => objectBody(type, stored), null);
  return tableAnswer(type, [stored], { parameters, metadata: { resourceVersion: store.resourceVersion } });
}

function answerList(store: Store, pager: Pager, query: ObjectQuery): Answer {
  const { type, route, parameters, form } = query;
  const selector = selectorOf(type, parameters);
  const all = store.list(type, route.namespace);
  const wanted = selector === null ? all : all.filter((stored) => selector(stored.object));
  const page = pager.page(wanted, pageQuery(parameters));
  const metadata: ListMetadata = {
    resourceVersion: store.resourceVersion,
    ...(page.next === null ? {} : { continue: page.next }),
    // A real server does not count what a selector leaves.
    ...(page.next === null || selector !== null ? {} : { remainingItemCount: page.remaining }),
  };
  if (form === 'table') return tableAnswer(type, page.items, { parameters, metadata });
  return form === 'metadata'
    ? jsonAnswer(metadataList(page.items, metadata))
    : bytes(() => listBody(type, page.items, metadata), pageKey(query, metadata));
}

function selectorOf(type: ResourceType, parameters: URLSearchParams): Selector | null {
  const labels = parameters.get('labelSelector') ?? '';
  const fields = parameters.get('fieldSelector') ?? '';
  if (labels === '' && fields === '') return null;
  const byLabels = labelSelector(labels);
  const byFields = fieldSelector(fields, type);
  return (object) => byLabels(object) && byFields(object);
}

function pageQuery(parameters: URLSearchParams): { limit: number; token: string | null } {
  const limit = Number(parameters.get('limit') ?? '0');
  if (!Number.isSafeInteger(limit) || limit < 0) throw badRequest('limit: Invalid value: must be a whole number');
  const token = parameters.get('continue') || null;
  const version = parameters.get('resourceVersion') ?? '';
  if (token !== null && version !== '' && version !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  // From its watch cache (resourceVersion=0) a server lists everything, whatever the limit.
  return { limit: version === '0' && token === null ? 0 : limit, token };
}

function tableAnswer(
  type: ResourceType,
  items: readonly StoredObject[],
  { parameters, metadata }: { parameters: URLSearchParams; metadata: ListMetadata },
): Answer {
  return jsonAnswer(tableOf(type, items, { metadata, include: parameters.get('includeObject') ?? 'Metadata', now: Date.now() }));
}

/** The token to go on with is part of the page: when tokens expire, the same request gets another body. */
function pageKey({ route, parameters }: ObjectQuery, metadata: ListMetadata): string {
  return JSON.stringify([route, parameters.toString(), metadata.continue]);
}

function bytes(body: () => Buffer, key: string | null): Answer {
  return { status: 200, type: 'application/json', body, key };
}
