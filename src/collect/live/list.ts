import { Failure } from '../../net/failure.ts';
import { ApiError, type ListSink } from '../api.ts';
import { isRecord, type Json } from './text.ts';

/** Fetches one object or page. */
export type Fetch = (path: string, query: Readonly<Record<string, string>>) => Promise<Json>;

const PAGE = '500';
/** A busy cluster compacts its store every few minutes, so a second restart is rare; after it the list is taken whole. */
const MAX_RESTARTS = 2;

/** Hands every item of a list on, page by page. client-go: tools/pager. */
export async function listAll(
  fetch: Fetch,
  request: { readonly path: string; readonly query: Readonly<Record<string, string>> },
  sink: ListSink,
): Promise<void> {
  for (let restarts = 0; ; restarts++) {
    const paged = restarts <= MAX_RESTARTS;
    if (restarts > 0) sink.restart();
    const { limit: _limit, ...whole } = request.query;
    const outcome = await walkPages(fetch, { path: request.path, query: paged ? { limit: PAGE, ...request.query } : whole }, sink);
    if (outcome === 'complete') return;
  }
}

async function walkPages(
  fetch: Fetch,
  { path, query }: { readonly path: string; readonly query: Readonly<Record<string, string>> },
  sink: ListSink,
): Promise<'complete' | 'expired'> {
  let token = '';
  for (;;) {
    let page: Json;
    try {
      page = await fetch(path, token === '' ? query : { ...query, continue: token });
    } catch (error) {
      if (token !== '' && error instanceof ApiError && error.status === 410) return 'expired';
      throw error;
    }
    handOn(page, path, sink);
    const next = tokenOf(page);
    if (next === '') return 'complete';
    if (next === token)
      throw new Failure(`the list ${path} does not end: the server repeats a page`, 'report it to the maker of this API server');
    token = next;
  }
}

/** Items of a typed list carry no kind of their own; as in kubectl they get it from the list. */
function handOn(page: Json, path: string, sink: ListSink): void {
  const items = page['items'] ?? [];
  const kind = page['kind'];
  if (!Array.isArray(items) || typeof kind !== 'string' || !kind.endsWith('List')) {
    throw new Failure(`${path} is not a list on this server`, 'the answer has no items');
  }
  const own = { apiVersion: page['apiVersion'], kind: kind.slice(0, -'List'.length) };
  for (const item of items) sink.item(isRecord(item) && kind !== 'List' ? { ...own, ...item } : item);
}

function tokenOf(page: Json): string {
  const metadata = page['metadata'];
  const token = isRecord(metadata) ? metadata['continue'] : undefined;
  return typeof token === 'string' ? token : '';
}
