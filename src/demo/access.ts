import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { ResourceType } from './resource-types.ts';
import { forbidden, unauthorized } from './status.ts';

export type Verb = 'get' | 'list' | 'create' | 'delete';

/** What a user may not do. A part that is left out holds for everything. */
export interface DenyRule {
  readonly user?: string;
  readonly verbs?: readonly Verb[];
  /** Plural names, e.g. `nodes`; a subresource is one of its own: `pods/exec`. */
  readonly resources?: readonly string[];
  /** Only requests inside these namespaces. */
  readonly namespaces?: readonly string[];
  /** Only requests for objects of these names. */
  readonly names?: readonly string[];
}

/** Who may ask. */
export interface AccessOptions {
  /** Bearer tokens and the user that each stands for. When given, a request needs one (or a client certificate). */
  readonly tokens?: Readonly<Record<string, string>>;
  readonly deny?: readonly DenyRule[];
  /** Client certificates of a known CA are asked for, and required when there are no tokens. */
  readonly certificates?: boolean;
}

const DEFAULT_USER = 'kubernetes-admin';

/** The user who asks: impersonated, else by certificate or token. Throws 401 when one is required and missing. */
export function userOf(request: IncomingMessage, { tokens, certificates }: AccessOptions): string {
  const user = certificateUser(request) ?? tokenUser(request, tokens);
  const required = tokens !== undefined || certificates === true;
  if (user === null && required) throw unauthorized();
  const impersonated = request.headers['impersonate-user'];
  return typeof impersonated === 'string' ? impersonated : (user ?? DEFAULT_USER);
}

/** What a request is about. */
export interface Subject {
  readonly namespace: string | null;
  readonly name: string | null;
  readonly subresource?: string;
}

/** Throws 403 when a rule denies the request. */
export function checkAccess(type: ResourceType, route: Subject, asked: { user: string; deny: readonly DenyRule[]; verb: Verb }): void {
  const { verb } = asked;
  const resource = route.subresource === undefined ? type.plural : `${type.plural}/${route.subresource}`;
  const denied = asked.deny.some(
    (rule) =>
      (rule.user === undefined || rule.user === asked.user) &&
      (rule.verbs === undefined || rule.verbs.includes(verb)) &&
      (rule.resources === undefined || rule.resources.includes(resource)) &&
      (rule.namespaces === undefined || (route.namespace !== null && rule.namespaces.includes(route.namespace))) &&
      (rule.names === undefined || (route.name !== null && rule.names.includes(route.name))),
  );
  if (denied) throw forbidden(type, { ...route, user: asked.user, verb });
}

function certificateUser(request: IncomingMessage): string | null {
  const { socket } = request;
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const name = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : null;
}

function tokenUser(request: IncomingMessage, tokens: Readonly<Record<string, string>> | undefined): string | null {
  const token = /^Bearer (?<token>.+)$/.exec(request.headers.authorization ?? '')?.groups?.['token'];
  return token !== undefined && tokens !== undefined && Object.hasOwn(tokens, token) ? (tokens[token] ?? null) : null;
}
