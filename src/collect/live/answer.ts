import { gunzipSync } from 'node:zlib';
import { Failure } from '../../net/failure.ts';
import { ApiError } from '../api.ts';
import { placeOf, type Where } from './errors.ts';
import { type Answer, MAX_BODY } from './request.ts';
import { clean, codeOf, isRecord, type Json } from './text.ts';

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};
const SHOWN = 120;

/** The object in an answer. Throws ApiError for what an API server refuses, Failure for what no API server would say. */
export function readAnswer(answer: Answer, where: Where): Json {
  const text = textOf(answer, where);
  const type = answer.headers['content-type'] ?? '';
  const object = type.includes('html') ? null : parse(text);
  const isFine = answer.status >= 200 && answer.status < 300;
  if (isRecord(object) && !(object['kind'] === 'Status' && object['status'] === 'Failure') && isFine) return object;
  if (isRecord(object) && object['kind'] === 'Status') throw statusError(answer.status, object);
  throw isFine || answer.status < 400 || looksLikePage(text, type) ? noApiServer(answer, where, text) : bareError(answer.status, text);
}

function textOf({ headers, body }: Answer, where: Where): string {
  if (headers['content-encoding'] !== 'gzip') return body.toString('utf8');
  try {
    return gunzipSync(body, { maxOutputLength: MAX_BODY, chunkSize: Math.min(1 << 20, Math.max(1 << 14, body.length * 8)) }).toString(
      'utf8',
    );
  } catch (error) {
    const why =
      codeOf(error) === 'ERR_BUFFER_TOO_LARGE' ? `its answer is longer than ${MAX_BODY / 2 ** 20} MiB` : 'its answer is broken gzip';
    throw new Failure(`${placeOf(where)}: ${why}`, 'try again with --disable-compression');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function statusError(httpStatus: number, status: Json): ApiError {
  const code = typeof status['code'] === 'number' && status['code'] >= 400 ? status['code'] : httpStatus;
  const reason = typeof status['reason'] === 'string' && status['reason'] !== '' ? clean(status['reason']) : reasonOf(code);
  const message = typeof status['message'] === 'string' && status['message'] !== '' ? clean(status['message']) : reason;
  return new ApiError(code, reason, message);
}

/** An error without a Status: the API server's own `404 page not found`, or a word of a proxy in front of it. */
function bareError(status: number, text: string): ApiError {
  const words = clean(text).slice(0, SHOWN);
  if (status === 404) return new ApiError(404, 'NotFound', 'the server could not find the requested resource');
  return new ApiError(status, reasonOf(status), words === '' ? `the server answered ${status} ${reasonOf(status)}` : words);
}

function reasonOf(status: number): string {
  return REASONS[status] ?? 'Unknown';
}

function looksLikePage(text: string, type: string): boolean {
  return type.includes('html') || /^\s*<(!doctype|html)/i.test(text) || text.startsWith('Client sent an HTTP request to an HTTPS server');
}

function noApiServer({ status, headers }: Answer, where: Where, text: string): Failure {
  const what =
    status >= 300 && status < 400
      ? `redirects to ${headers.location ?? 'another place'}`
      : `answers ${status} with ${kindOf(text, headers['content-type'])}`;
  const isTls = text.startsWith('Client sent an HTTP request');
  return new Failure(
    `the ${placeOf(where)} is no Kubernetes API server: it ${clean(what)}`,
    isTls
      ? 'the server wants https://, not http://'
      : 'check the server URL and its path in the kubeconfig; is a login page or a proxy in the way?',
  );
}

function kindOf(text: string, type: string | undefined): string {
  if (text.trim() === '') return 'an empty body';
  return looksLikePage(text, type ?? '') && text.trimStart().startsWith('<') ? 'an HTML page' : `"${clean(text).slice(0, SHOWN)}"`;
}
