import { type Json, record, text, texts, valueAt } from './json.ts';

/** One kind of object as the API server offers it: where it is found, and under which names. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Defined by a CustomResourceDefinition: items of its lists carry apiVersion and kind. */
  readonly custom: boolean;
}

type Row = readonly [kind: string, plural: string, shortNames: string, scope: 'namespaced' | 'cluster', categories?: string];

/** Kinds that every cluster serves, whether it has such objects or not; `kubectl describe` lists some of them (events). */
const BUILT_IN: Readonly<Record<string, readonly Row[]>> = {
  v1: [
    ['ConfigMap', 'configmaps', 'cm', 'namespaced'],
    ['Endpoints', 'endpoints', 'ep', 'namespaced'],
    ['Event', 'events', 'ev', 'namespaced'],
    ['Namespace', 'namespaces', 'ns', 'cluster'],
    ['Node', 'nodes', 'no', 'cluster'],
    ['PersistentVolumeClaim', 'persistentvolumeclaims', 'pvc', 'namespaced'],
    ['Pod', 'pods', 'po', 'namespaced', 'all'],
    ['ReplicationController', 'replicationcontrollers', 'rc', 'namespaced', 'all'],
    ['Secret', 'secrets', '', 'namespaced'],
    ['ServiceAccount', 'serviceaccounts', 'sa', 'namespaced'],
    ['Service', 'services', 'svc', 'namespaced', 'all'],
  ],
  'apiextensions.k8s.io/v1': [['CustomResourceDefinition', 'customresourcedefinitions', 'crd,crds', 'cluster', 'api-extensions']],
  'apps/v1': [
    ['DaemonSet', 'daemonsets', 'ds', 'namespaced', 'all'],
    ['Deployment', 'deployments', 'deploy', 'namespaced', 'all'],
    ['ReplicaSet', 'replicasets', 'rs', 'namespaced', 'all'],
    ['StatefulSet', 'statefulsets', 'sts', 'namespaced', 'all'],
  ],
  'batch/v1': [
    ['CronJob', 'cronjobs', 'cj', 'namespaced', 'all'],
    ['Job', 'jobs', '', 'namespaced', 'all'],
  ],
  'coordination.k8s.io/v1': [['Lease', 'leases', '', 'namespaced']],
  'discovery.k8s.io/v1': [['EndpointSlice', 'endpointslices', '', 'namespaced']],
  'networking.k8s.io/v1': [
    ['Ingress', 'ingresses', 'ing', 'namespaced'],
    ['IngressClass', 'ingressclasses', '', 'cluster'],
    ['IPAddress', 'ipaddresses', 'ip', 'cluster'],
    ['NetworkPolicy', 'networkpolicies', 'netpol', 'namespaced'],
    ['ServiceCIDR', 'servicecidrs', '', 'cluster'],
  ],
  'rbac.authorization.k8s.io/v1': [
    ['ClusterRoleBinding', 'clusterrolebindings', '', 'cluster'],
    ['ClusterRole', 'clusterroles', '', 'cluster'],
    ['RoleBinding', 'rolebindings', '', 'namespaced'],
    ['Role', 'roles', '', 'namespaced'],
  ],
};

/** The kinds that are there before any object is. */
export function builtInTypes(): ResourceType[] {
  return Object.entries(BUILT_IN).flatMap(([apiVersion, rows]) => rows.map((row) => fromRow(apiVersion, row)));
}

function fromRow(apiVersion: string, [kind, plural, shortNames, scope, categories = '']: Row): ResourceType {
  return {
    ...splitApiVersion(apiVersion),
    kind,
    plural,
    namespaced: scope === 'namespaced',
    shortNames: words(shortNames),
    categories: words(categories),
    custom: false,
  };
}

/** The types that a CustomResourceDefinition brings, one for each version it serves. */
export function typesOfDefinition(definition: Json): ResourceType[] {
  const spec = record(definition['spec']);
  const names = record(spec['names']);
  const versions = Array.isArray(spec['versions']) ? spec['versions'].map(record) : [];
  return versions
    .filter((version) => version['served'] === true)
    .map((version) => ({
      group: text(spec['group']),
      version: text(version['name']),
      kind: text(names['kind']),
      plural: text(names['plural']),
      namespaced: spec['scope'] === 'Namespaced',
      shortNames: texts(names['shortNames']),
      categories: texts(names['categories']),
      custom: true,
    }));
}

/** A type for an object of a kind that nothing announced: the same names that a definition would have by habit. */
export function typeOfObject(object: Json): ResourceType {
  const kind = text(object['kind']);
  const known = builtInTypes().find((type) => type.kind === kind && type.group === splitApiVersion(text(object['apiVersion'])).group);
  return {
    ...splitApiVersion(text(object['apiVersion'])),
    kind,
    plural: known?.plural ?? pluralOf(kind.toLowerCase()),
    namespaced: known?.namespaced ?? typeof valueAt(object, 'metadata.namespace') === 'string',
    shortNames: known?.shortNames ?? [],
    categories: known?.categories ?? [],
    custom: known === undefined,
  };
}

export function apiVersionOf(type: Pick<ResourceType, 'group' | 'version'>): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** `services` or `ippools.crd.projectcalico.org`, as messages of the API server name a resource. */
export function qualifiedName(type: Pick<ResourceType, 'group' | 'plural'>): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}

function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? { group: '', version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

function pluralOf(singular: string): string {
  if (/(s|x|z|ch|sh)$/.test(singular)) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

function words(list: string): string[] {
  return list.split(',').filter((word) => word !== '');
}
