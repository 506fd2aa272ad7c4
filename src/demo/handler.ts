import type { IncomingMessage } from 'node:http';
import { chooseForm } from './accept.ts';
import { type AccessOptions, checkAccess, userOf } from './access.ts';
import { aggregatedDiscovery, coreVersions, groupAnswer, groupList, resourceList } from './discovery.ts';
import { answerObjects } from './objects.ts';
import { openapiV2, openapiV3, openapiV3Group } from './openapi.ts';
import type { Pager } from './paging.ts';
import type { Programs } from './programs.ts';
import { type Answer, jsonAnswer, textAnswer } from './reply.ts';
import { type ObjectRoute, parseRoute, type Route } from './route.ts';
import { badRequest, notAllowed, StatusError, statusBody } from './status.ts';
import type { Store } from './store.ts';
import type { PodWriter } from './writable-pods.ts';

/** What answering takes. */
export interface HandlerContext {
  readonly store: Store;
  readonly pager: Pager;
  readonly access: AccessOptions;
  /** `v1.33.4` */
  readonly version: string;
  readonly pathPrefix: string;
  /** Null: the cluster is read-only. */
  readonly pods: PodWriter | null;
  readonly programs: Programs | undefined;
}

/** An answer, and who got it (null: nobody was asked for a name). */
export interface Handled {
  readonly answer: Answer;
  readonly user: string | null;
}

const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Answers one request; refusals are answers too. */
export function handle(context: HandlerContext, request: IncomingMessage, body: unknown): Handled {
  let user: string | null = null;
  try {
    const { route, parameters } = readUrl(context, request);
    const open = openAnswer(context, route);
    if (open !== null && isRead(request)) return { answer: open, user };
    user = userOf(request, context.access);
    const asked = { request, route, parameters, user };
    return { answer: isRead(request) ? answerRoute(context, asked) : answerWrite(context, asked, body), user };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { answer: jsonAnswer(statusBody(error.status), { status: error.status.code }), user };
  }
}

interface Asked {
  readonly request: IncomingMessage;
  readonly route: Route;
  readonly parameters: URLSearchParams;
  readonly user: string;
}

function answerRoute(context: HandlerContext, asked: Asked): Answer {
  const { route, request } = asked;
  const { types } = context.store;
  switch (route.kind) {
    case 'core-versions':
      return discovery(
        request,
        () => aggregatedDiscovery(types, false),
        () => coreVersions(request.headers.host ?? ''),
      );
    case 'groups':
      return discovery(
        request,
        () => aggregatedDiscovery(types, true),
        () => groupList(types),
      );
    case 'group':
      return found(groupAnswer(types, route.group));
    case 'resources':
      return found(resourceList(types, route));
    case 'openapi-v2':
      return jsonAnswer(openapiV2(context.version));
    case 'openapi-v3':
      return jsonAnswer(openapiV3(types));
    case 'openapi-v3-group':
      return jsonAnswer(openapiV3Group(types, { ...route, serverVersion: context.version }));
    case 'objects':
      return objectAnswer(context, asked, route);
    case 'exec':
      throw badRequest('Upgrade request required');
    case 'health':
    case 'version':
    case 'unknown':
      return openAnswer(context, route) ?? missing();
  }
}

/** What a server tells everyone, logged in or not. */
function openAnswer(context: HandlerContext, route: Route): Answer | null {
  if (route.kind === 'health') return textAnswer('ok');
  return route.kind === 'version' ? jsonAnswer(versionInfo(context.version)) : null;
}

function objectAnswer({ store, pager, access }: HandlerContext, { request, parameters, user }: Asked, route: ObjectRoute): Answer {
  const type = store.find(route.group, route.version, route.plural);
  if (type === undefined || misplaced(type.namespaced, route)) return missing();
  checkAccess(type, route, { user, deny: access.deny ?? [], verb: route.name === null ? 'list' : 'get' });
  return answerObjects(store, pager, { type, route, parameters, form: chooseForm(request.headers.accept) });
}

/** Pods can be made and deleted where the server lets them be; nothing else can. */
function answerWrite({ store, access, pods }: HandlerContext, { request, route, user }: Asked, body: unknown): Answer {
  if (route.kind === 'exec') throw badRequest('Upgrade request required');
  if (pods === null || route.kind !== 'objects' || route.plural !== 'pods' || route.namespace === null) throw notAllowed();
  const { namespace, name } = route;
  const type = store.find(route.group, route.version, route.plural);
  if (type === undefined) return missing();
  const check = (verb: 'create' | 'delete'): void => checkAccess(type, route, { user, deny: access.deny ?? [], verb });
  if (request.method === 'POST' && name === null) {
    check('create');
    return jsonAnswer(pods.create(type, namespace, body).object, { status: 201 });
  }
  if (request.method !== 'DELETE' || name === null) throw notAllowed();
  check('delete');
  return jsonAnswer(pods.remove(type, namespace, name).object);
}

function misplaced(namespaced: boolean, route: ObjectRoute): boolean {
  return namespaced ? route.namespace === null && route.name !== null : route.namespace !== null;
}

function discovery(request: IncomingMessage, aggregated: () => unknown, plain: () => unknown): Answer {
  return chooseForm(request.headers.accept) === 'discovery' ? jsonAnswer(aggregated(), { type: DISCOVERY }) : jsonAnswer(plain());
}

function found(value: unknown): Answer {
  return value === null ? missing() : jsonAnswer(value);
}

// A real server's mux answers an unknown path in plain text; only an unknown object gets a Status.
function missing(): Answer {
  return textAnswer('404 page not found\n', 404);
}

/** The route and the parameters in a request's URL. */
export function readUrl({ pathPrefix }: HandlerContext, request: IncomingMessage): { route: Route; parameters: URLSearchParams } {
  const [path = '', query = ''] = splitOnce(request.url ?? '/', '?');
  const parameters = new URLSearchParams(query);
  return { route: path.startsWith(`${pathPrefix}/`) ? parseRoute(path.slice(pathPrefix.length)) : { kind: 'unknown' }, parameters };
}

function splitOnce(source: string, separator: string): [string, string] {
  const at = source.indexOf(separator);
  return at < 0 ? [source, ''] : [source.slice(0, at), source.slice(at + 1)];
}

function isRead(request: IncomingMessage): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

function versionInfo(gitVersion: string): unknown {
  const [major = '', minor = ''] = gitVersion.replace(/^v/, '').split('.');
  return {
    major,
    minor,
    gitVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '2025-01-01T00:00:00Z',
    goVersion: '',
    compiler: 'gc',
    platform: 'linux/amd64',
  };
}
