import type { IncomingMessage, ServerResponse } from 'node:http';
import { loadAll } from 'js-yaml';

/** One rule of a Role or ClusterRole, as Kubernetes reads it. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
  /** Null: everywhere. */
  readonly namespace: string | null;
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Omit<PolicyRule, 'namespace'>[];
}

/** The rules of the Roles and ClusterRoles in a manifest, one permission each: one group, resource and verb. */
export function permissionsIn(yaml: string): PolicyRule[] {
  return (loadAll(yaml) as Manifest[]).flatMap(({ metadata, rules = [] }) =>
    rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => ({
            apiGroups: [group],
            resources: [resource],
            verbs: [verb],
            ...(resourceNames === undefined ? {} : { resourceNames }),
            namespace: metadata.namespace ?? null,
          })),
        ),
      ),
    ),
  );
}

export function nameOf({ apiGroups, resources, verbs, namespace }: PolicyRule): string {
  const group = apiGroups[0] === '' ? '' : `.${apiGroups[0]}`;
  return `${verbs[0]} ${resources[0]}${group}${namespace === null ? '' : ` in ${namespace}`}`;
}

/** Refuses what no rule allows, with the Status of an API server, before it looks whether the resource exists. */
export function onlyAllowed(rules: readonly PolicyRule[]): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const asked = parsePath(request.url ?? '');
    if (asked === null || rules.some((rule) => allows(rule, asked))) return false;
    const { verb, resource, group, namespace, name } = asked;
    const scope = namespace === null ? 'at the cluster scope' : `in the namespace "${namespace}"`;
    const body = {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'Forbidden',
      code: 403,
      message: `${resource}${group === '' ? '' : `.${group}`}${name === null ? '' : ` "${name}"`} is forbidden: User "jane" cannot ${verb} resource "${resource}" in API group "${group}" ${scope}`,
    };
    response.writeHead(403, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    return true;
  };
}

/** Whether a rule is what lets a request through. */
export function isUsedBy(rule: PolicyRule, url: string): boolean {
  const asked = parsePath(url);
  return asked !== null && allows(rule, asked);
}

interface Asked {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string | null;
  readonly name: string | null;
}

const PATH =
  /^\/api(?:s\/(?<group>[^/]+))?\/v[^/]+(?:\/namespaces\/(?<namespace>[^/]+)(?=\/))?\/(?<resource>[^/?]+)(?:\/(?<name>[^/?]+))?(?:\?.*)?$/;

function parsePath(url: string): Asked | null {
  const groups = PATH.exec(url)?.groups;
  if (groups?.['resource'] === undefined) return null;
  const { group = '', resource, namespace = null, name = null } = groups;
  return { verb: name === null ? 'list' : 'get', group, resource, namespace, name };
}

function allows(rule: PolicyRule, asked: Asked): boolean {
  return (
    rule.apiGroups.includes(asked.group) &&
    rule.resources.includes(asked.resource) &&
    rule.verbs.includes(asked.verb) &&
    (rule.namespace === null || rule.namespace === asked.namespace) &&
    (rule.resourceNames === undefined || (asked.name !== null && rule.resourceNames.includes(asked.name)))
  );
}
