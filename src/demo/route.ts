/** What a path asks for. */
export type Route =
  | { readonly kind: 'health' | 'version' | 'core-versions' | 'groups' | 'openapi-v2' | 'openapi-v3' | 'unknown' }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'resources' | 'openapi-v3-group'; readonly group: string; readonly version: string }
  | ExecRoute
  | ObjectRoute;

export interface ObjectRoute {
  readonly kind: 'objects';
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | null;
  /** Null for a list. */
  readonly name: string | null;
}

/** A program to run in a pod. */
export interface ExecRoute {
  readonly kind: 'exec';
  readonly namespace: string;
  readonly name: string;
}

const UNKNOWN: Route = { kind: 'unknown' };

/** Understands the paths of an API server. */
export function parseRoute(path: string): Route {
  const segments = decodedSegments(path);
  const [root, ...rest] = segments;
  switch (root) {
    case 'healthz':
    case 'readyz':
    case 'livez':
      return { kind: 'health' };
    case 'version':
      return { kind: 'version' };
    case 'openapi':
      return openapiRoute(rest);
    case 'api': {
      const [version, ...objects] = rest;
      return version === undefined ? { kind: 'core-versions' } : groupRoute({ group: '', version }, objects);
    }
    case 'apis': {
      const [group, version, ...objects] = rest;
      if (group === undefined) return { kind: 'groups' };
      return version === undefined ? { kind: 'group', group } : groupRoute({ group, version }, objects);
    }
    default:
      return UNKNOWN;
  }
}

function groupRoute(where: { group: string; version: string }, segments: readonly string[]): Route {
  const [first, second, third, fourth, ...more] = segments;
  if (first === undefined) return { kind: 'resources', ...where };
  if (first === 'namespaces' && second !== undefined && third === 'pods' && fourth !== undefined && more.length === 1 && more[0] === 'exec')
    return { kind: 'exec', namespace: second, name: fourth };
  if (first === 'namespaces' && second !== undefined && third !== undefined) {
    return more.length > 0 ? UNKNOWN : { kind: 'objects', ...where, plural: third, namespace: second, name: fourth ?? null };
  }
  return third === undefined ? { kind: 'objects', ...where, plural: first, namespace: null, name: second ?? null } : UNKNOWN;
}

function openapiRoute([format, root, group, version]: readonly string[]): Route {
  if (format === 'v2') return { kind: 'openapi-v2' };
  if (format !== 'v3') return UNKNOWN;
  if (root === undefined) return { kind: 'openapi-v3' };
  if (root === 'api' && group !== undefined) return { kind: 'openapi-v3-group', group: '', version: group };
  return root === 'apis' && group !== undefined && version !== undefined ? { kind: 'openapi-v3-group', group, version } : UNKNOWN;
}

function decodedSegments(path: string): string[] {
  try {
    return path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent);
  } catch {
    return [];
  }
}
