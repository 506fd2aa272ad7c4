import type { Json } from './json.ts';
import { qualifiedName, type ResourceType } from './resource-types.ts';

/** A refusal of the API server, in the form in which it sends it. */
export interface Status {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: Json;
  readonly metadata?: Json;
}

/** Carries a refusal from the depths of a handler to where it is answered. */
export class StatusError extends Error {
  readonly status: Status;

  constructor(status: Status) {
    super(status.message);
    this.name = 'StatusError';
    this.status = status;
  }
}

export function statusBody({ code, reason, message, details, metadata }: Status): Json {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: metadata ?? {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  };
}

export function badRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: 'BadRequest', message });
}

export function unauthorized(): StatusError {
  return new StatusError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
}

export function notFound(type: ResourceType, name: string): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: `${qualifiedName(type)} "${name}" not found`,
    details: detailsOf(type, name),
  });
}

export function notAllowed(): StatusError {
  return new StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource: a recorded cluster is read-only',
    details: {},
  });
}

export function notAcceptable(): StatusError {
  return new StatusError({
    code: 406,
    reason: 'NotAcceptable',
    message: 'only the following media types are accepted: application/json',
  });
}

/** An expired `continue` token. The answer brings a token that goes on where the old one stood. */
export function expired(freshToken: string): StatusError {
  return new StatusError({
    code: 410,
    reason: 'Expired',
    message:
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results.',
    metadata: { continue: freshToken },
  });
}

export function alreadyExists(type: ResourceType, name: string): StatusError {
  const message = `${qualifiedName(type)} "${name}" already exists`;
  return new StatusError({ code: 409, reason: 'AlreadyExists', message, details: detailsOf(type, name) });
}

export function forbidden(
  type: ResourceType,
  asked: { user: string; verb: string; namespace: string | null; name: string | null; subresource?: string },
): StatusError {
  const subject = asked.name === null ? qualifiedName(type) : `${qualifiedName(type)} "${asked.name}"`;
  const scope = asked.namespace === null ? 'at the cluster scope' : `in the namespace "${asked.namespace}"`;
  return new StatusError({
    code: 403,
    reason: 'Forbidden',
    message: `${subject} is forbidden: User "${asked.user}" cannot ${asked.verb} resource "${type.plural}${asked.subresource === undefined ? '' : `/${asked.subresource}`}" in API group "${type.group}" ${scope}`,
    details: detailsOf(type, asked.name),
  });
}

function detailsOf(type: ResourceType, name: string | null): Json {
  return { ...(name === null ? {} : { name }), ...(type.group === '' ? {} : { group: type.group }), kind: type.plural };
}
