import { configHosts } from '../cluster/config-hosts.ts';
import type { Evidence, Gap } from '../cluster/evidence.ts';
import type { Kind, KubeObject } from '../cluster/objects.ts';
import { slim } from '../cluster/slim.ts';
import { Failure } from '../net/failure.ts';
import type { ApiClient } from './api.ts';
import { ApiError } from './api.ts';

/** One resource of the API, a list's or an object's. */
export interface Resource {
  readonly kind: Kind;
  readonly apiVersion: string;
  readonly path: string;
}

/** Reads objects and keeps what was found, what is complete, and what was refused. */
export type Reader = ReturnType<typeof createReader>;

export function createReader(api: ApiClient) {
  const objects: KubeObject[] = [];
  const complete = new Set<Kind>();
  const gaps: Gap[] = [];
  const known = new Set<string>();

  /** Lists may overlap with what was read by name. */
  function keep(object: KubeObject): void {
    const key = `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    if (known.has(key)) return;
    known.add(key);
    objects.push(object);
  }

  /** True when the list was read; false when the server does not know the resource. */
  async function readList(resource: Resource, query: Readonly<Record<string, string>>, cut: typeof slim = slim): Promise<boolean> {
    let found: KubeObject[] = [];
    try {
      await api.list(resource.path, query, {
        item: (raw) => {
          const object = cut(raw, resource);
          if (object !== null) found.push(object);
        },
        restart: () => {
          found = [];
        },
      });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    }
    for (const object of found) keep(object);
    return true;
  }

  return {
    add: keep,
    objectsOf: <K extends Kind>(kind: K) => objects.filter((object) => object.kind === kind) as Extract<KubeObject, { kind: K }>[],
    /** A list without which there is no answer. */
    need: async (resource: Resource, query: Readonly<Record<string, string>>, why: string, absent?: 'absent-is-ok'): Promise<boolean> => {
      try {
        const read = await readList(resource, query);
        if (read) complete.add(resource.kind);
        else if (absent === undefined) throw new Failure(`the server does not know ${plural(resource.kind)} (${resource.path})`, why);
        return read;
      } catch (error) {
        throw error instanceof ApiError ? refusal(error, plural(resource.kind), why) : error;
      }
    },
    /** A list that helps; refused, it becomes a gap. */
    list: async (
      resource: Resource,
      query: Readonly<Record<string, string>> = {},
      how?: 'absent-is-ok' | 'partial' | 'absent-is-none',
    ): Promise<void> => {
      try {
        const read = await readList(resource, query);
        // Where the server does not know a resource, there is nothing of its kind.
        const isWhole = read ? how !== 'partial' && Object.keys(query).length === 0 : how === 'absent-is-none';
        if (isWhole) complete.add(resource.kind);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        gaps.push({ what: plural(resource.kind), why: `${error.reason || error.status}: ${error.message}` });
      }
    },
    /**
     * A list that is refused for the whole cluster is asked for in one namespace: that helps, and is not complete. What was left out becomes a gap.
     * Throws nothing that an API server answers; says whether anything was read.
     */
    listOrWithin: async (resource: Resource, namespace: string, how?: 'absent-is-none'): Promise<ApiError | null> => {
      const name = plural(resource.kind);
      const whyNot = (error: ApiError): string => `${error.reason || error.status}: ${error.message}`;
      const refused = await refusedBy(readList(resource, {}));
      if (!(refused instanceof ApiError)) {
        if (refused || how === 'absent-is-none') complete.add(resource.kind);
        return null;
      }
      const within = refused.status === 403 ? await refusedBy(readList(withinNamespace(resource, namespace), {})) : refused;
      gaps.push({ what: within instanceof ApiError ? name : `${name} outside namespace ${namespace}`, why: whyNot(refused) });
      return within instanceof ApiError ? within : null;
    },
    /** ConfigMaps cut down to the hosts that they name; refused, a gap. Of one namespace, or of all. */
    configHosts: async (namespace: string | null): Promise<void> => {
      const all: Resource = { kind: 'ConfigMap', apiVersion: 'v1', path: '/api/v1/configmaps' };
      const refused = await refusedBy(readList(namespace === null ? all : withinNamespace(all, namespace), {}, configHosts));
      if (refused instanceof ApiError)
        gaps.push({ what: 'hosts that ConfigMaps name', why: `${refused.reason || refused.status}: ${refused.message}` });
    },
    /** A list that only makes a message better. */
    attempt: async (resource: Resource): Promise<void> => {
      await readList(resource, {}).catch(() => false);
    },
    /** One object that helps; refused, it becomes a gap. */
    get: async (resource: Resource): Promise<'read' | 'absent' | 'refused'> => {
      try {
        const object = slim(await api.get(resource.path), resource);
        if (object !== null) keep(object);
        return 'read';
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status === 404) return 'absent';
        gaps.push({
          what: `${resource.kind} ${resource.path.split('/').slice(-1).join('')}`,
          why: `${error.reason || error.status}: ${error.message}`,
        });
        return 'refused';
      }
    },
    evidence: (origin: string): Evidence => ({ origin, objects, complete, gaps, nodeFiles: [] }),
  };
}

async function refusedBy(read: Promise<boolean>): Promise<ApiError | boolean> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

/** `/apis/apps/v1/deployments` → `/apis/apps/v1/namespaces/shop/deployments`. */
function withinNamespace(resource: Resource, namespace: string): Resource {
  const at = resource.path.lastIndexOf('/');
  return { ...resource, path: `${resource.path.slice(0, at)}/namespaces/${segment(namespace)}${resource.path.slice(at)}` };
}

/** A name as one segment of a URL path. */
export function segment(name: string): string {
  return encodeURIComponent(name);
}

function plural(kind: Kind): string {
  if (/ss$/.test(kind)) return `${kind}es`;
  if (kind.endsWith('y')) return `${kind.slice(0, -1)}ies`;
  return kind.endsWith('s') ? kind : `${kind}s`;
}

/** What the server's refusal means for whoever asked. */
export function refusal(error: ApiError, what: string, why: string): Failure {
  if (error.status === 401)
    return new Failure(`the server does not accept your credentials (401): ${error.message}`, 'log in again, or see kubectl auth whoami');
  if (error.status === 403)
    return new Failure(
      `you may not read ${what}: ${error.message}`,
      why === '' ? 'ask for get on services (examples/rbac/clusterrole.yaml)' : `${why}; examples/rbac/clusterrole.yaml has what is needed`,
    );
  return new Failure(`${what} could not be read: ${error.message} (${error.status})`, why === '' ? undefined : why);
}
