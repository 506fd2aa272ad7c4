import type { Json } from './json.ts';
import { apiVersionOf, type ResourceType } from './resource-types.ts';

const VERBS = ['get', 'list'];

/** `/api`: the versions of the core group. */
export function coreVersions(address: string): Json {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** `/apis`: every named group. */
export function groupList(types: readonly ResourceType[]): Json {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupNames(types).map((group) => groupOf(types, group)) };
}

/** `/apis/GROUP`, or null when there is no such group. */
export function groupAnswer(types: readonly ResourceType[], group: string): Json | null {
  return groupNames(types).includes(group) ? { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(types, group) } : null;
}

/** `/apis/GROUP/VERSION`, or null when there is no such version. */
export function resourceList(types: readonly ResourceType[], where: { group: string; version: string }): Json | null {
  const own = types.filter((type) => type.group === where.group && type.version === where.version);
  if (own.length === 0) return null;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf(where), resources: own.map(resourceOf) };
}

/** `/api` (named: false) and `/apis` in one answer each, as kubectl asks since 1.26. */
export function aggregatedDiscovery(types: readonly ResourceType[], named: boolean): Json {
  const groups = named ? groupNames(types) : [''];
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versionsOf(types, group).map((version) => ({
        version,
        freshness: 'Current',
        resources: types.filter((type) => type.group === group && type.version === version).map(discoveredOf),
      })),
    })),
  };
}

/** The versions served of each group, for documents that list them. */
export function groupVersions(types: readonly ResourceType[]): { readonly group: string; readonly version: string }[] {
  return ['', ...groupNames(types)].flatMap((group) => versionsOf(types, group).map((version) => ({ group, version })));
}

function groupNames(types: readonly ResourceType[]): string[] {
  return [...new Set(types.map((type) => type.group))].filter((group) => group !== '').sort();
}

// "v1" sorts before "v1beta1", and the first version is the one that clients prefer.
function versionsOf(types: readonly ResourceType[], group: string): string[] {
  return [...new Set(types.filter((type) => type.group === group).map((type) => type.version))].sort();
}

function groupOf(types: readonly ResourceType[], group: string): Json {
  const versions = versionsOf(types, group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function resourceOf(type: ResourceType): Json {
  return {
    name: type.plural,
    singularName: type.kind.toLowerCase(),
    namespaced: type.namespaced,
    kind: type.kind,
    verbs: VERBS,
    ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
    ...(type.categories.length === 0 ? {} : { categories: type.categories }),
  };
}

function discoveredOf(type: ResourceType): Json {
  return {
    resource: type.plural,
    responseKind: { group: type.group, version: type.version, kind: type.kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.kind.toLowerCase(),
    verbs: VERBS,
    ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
    ...(type.categories.length === 0 ? {} : { categories: type.categories }),
  };
}
