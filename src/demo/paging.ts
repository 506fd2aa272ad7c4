import { badRequest, expired } from './status.ts';

/** A part of a list, and how to go on. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; null on the last page. */
  readonly next: string | null;
  readonly remaining: number;
}

export interface PageQuery {
  /** 0: everything. */
  readonly limit: number;
  readonly token: string | null;
}

/** Cuts lists into pages, and forgets its tokens when told to. */
export interface Pager {
  page<T>(items: readonly T[], query: PageQuery): Page<T>;
}

interface Token {
  readonly epoch: number;
  readonly start: number;
}

/** Tokens expire all at once after so many continued pages, so many times; by default never. A real server does it when etcd is compacted. */
export function createPager(expiry: { readonly after: number; readonly times: number }): Pager {
  let continued = 0;
  let epoch = 0;
  const checkedStart = (text: string): number => {
    const token = decodeToken(text);
    if (token.epoch < epoch || (continued >= expiry.after && epoch < expiry.times)) {
      if (token.epoch === epoch) epoch++;
      continued = 0;
      throw expired(encodeToken({ epoch, start: token.start }));
    }
    continued++;
    return token.start;
  };
  return {
    page: (items, { limit, token }) => {
      const start = token === null ? 0 : checkedStart(token);
      const end = limit === 0 ? items.length : start + limit;
      const remaining = Math.max(0, items.length - end);
      return { items: items.slice(start, end), next: remaining === 0 ? null : encodeToken({ epoch, start: end }), remaining };
    },
  };
}

function encodeToken(token: Token): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', ...token })).toString('base64url');
}

function decodeToken(text: string): Token {
  try {
    const { epoch, start } = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<Token>;
    if (Number.isSafeInteger(epoch) && Number.isSafeInteger(start)) return { epoch: epoch ?? 0, start: start ?? 0 };
  } catch {
    // Falls through: whatever cannot be read is not valid.
  }
  throw badRequest('continue key is not valid');
}
