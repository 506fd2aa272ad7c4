import { groupVersions } from './discovery.ts';
import type { Json } from './json.ts';
import type { ResourceType } from './resource-types.ts';

/** `/openapi/v2`: no schema, so a client that validates finds nothing to complain about. */
export function openapiV2(version: string): Json {
  return { swagger: '2.0', info: { title: 'Kubernetes', version }, paths: {}, definitions: {} };
}

/** `/openapi/v3`: where the document of each group version is. */
export function openapiV3(types: readonly ResourceType[]): Json {
  const paths = groupVersions(types).map(({ group, version }) => (group === '' ? `api/${version}` : `apis/${group}/${version}`));
  return { paths: Object.fromEntries(paths.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }])) };
}

/** `/openapi/v3/apis/GROUP/VERSION`: each kind as an object of unknown fields. */
export function openapiV3Group(types: readonly ResourceType[], where: { group: string; version: string; serverVersion: string }): Json {
  const own = types.filter((type) => type.group === where.group && type.version === where.version);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: where.serverVersion },
    paths: {},
    components: {
      schemas: Object.fromEntries(own.map((type) => [`${type.group || 'core'}.${type.version}.${type.kind}`, schemaOf(type)])),
    },
  };
}

function schemaOf({ group, version, kind }: ResourceType): Json {
  return {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  };
}
