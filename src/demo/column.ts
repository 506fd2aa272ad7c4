import type { Json } from './json.ts';

/** One column of a server-side table. */
export interface Column {
  readonly name: string;
  readonly type?: 'string' | 'integer';
  /** Stands behind the age. */
  readonly late?: true;
  /** `-o wide` only. */
  readonly wide?: true;
  readonly cell: (object: Json) => string | number;
}
