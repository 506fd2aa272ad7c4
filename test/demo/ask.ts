import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { ApiServer } from '../../src/demo/server.ts';

/** An answer as it came. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Bytes on the wire. */
  readonly size: number;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks the server over plain HTTP, without any client library in between. */
export function ask(server: ApiServer, path: string, { method = 'GET', headers = {} }: Question = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request(`${server.url}${path}`, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        const zipped = response.headers['content-encoding'] === 'gzip' && body.length > 0;
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: (zipped ? gunzipSync(body) : body).toString(),
          size: body.length,
        });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** A list as the tests look at it. */
export interface List {
  readonly kind: string;
  readonly metadata: { readonly continue?: string; readonly remainingItemCount?: number; readonly resourceVersion: string };
  readonly items: readonly { readonly kind?: string; readonly metadata: { readonly name: string; readonly namespace?: string } }[];
}

export interface StatusReply {
  readonly kind: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly code: number;
  readonly details?: { readonly name?: string; readonly group?: string; readonly kind?: string };
  readonly metadata: { readonly continue?: string };
}

export async function askList(server: ApiServer, path: string): Promise<List> {
  return JSON.parse((await ask(server, path)).text) as List;
}

export async function askStatus(server: ApiServer, path: string, question: Question = {}): Promise<StatusReply> {
  return JSON.parse((await ask(server, path, question)).text) as StatusReply;
}

/** `shop/web` of every item, in order. */
export function keys(list: List): string[] {
  return list.items.map(({ metadata }) => (metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`));
}
