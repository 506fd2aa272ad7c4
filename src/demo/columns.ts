import { humanDuration } from './age.ts';
import type { Column } from './column.ts';
import { daemonSetColumns, deploymentColumns, replicaSetColumns, statefulSetColumns } from './columns-apps.ts';
import { endpointSliceColumns, endpointsColumns, ingressColumns, serviceCidrColumns, serviceColumns } from './columns-network.ts';
import { nodeColumns, podColumns } from './columns-nodes.ts';
import { type Json, record, text, valueAt } from './json.ts';
import type { ResourceType } from './resource-types.ts';

const NAME: Column = { name: 'Name', cell: (object) => text(valueAt(object, 'metadata.name')) };

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  services: serviceColumns,
  endpoints: endpointsColumns,
  endpointslices: endpointSliceColumns,
  ingresses: ingressColumns,
  servicecidrs: serviceCidrColumns,
  nodes: nodeColumns,
  pods: podColumns,
  daemonsets: daemonSetColumns,
  deployments: deploymentColumns,
  replicasets: replicaSetColumns,
  statefulsets: statefulSetColumns,
  namespaces: [{ name: 'Status', cell: (object) => text(valueAt(object, 'status.phase')) }],
  configmaps: [{ name: 'Data', type: 'integer', cell: (object) => Object.keys(record(object['data'])).length }],
};

/** The columns of a kind: its name first, its age behind those that are neither late nor for `-o wide`. */
export function columnsOf(type: ResourceType, now: number): readonly Column[] {
  const own = (type.custom ? undefined : COLUMNS[type.plural]) ?? [];
  const age: Column = { name: 'Age', cell: (object) => ageOf(object, now) };
  const behind = (column: Column): boolean => column.wide === true || column.late === true;
  return [NAME, ...own.filter((column) => !behind(column)), age, ...own.filter(behind)];
}

function ageOf(object: Json, now: number): string {
  const created = Date.parse(text(valueAt(object, 'metadata.creationTimestamp')));
  return Number.isNaN(created) ? '<unknown>' : humanDuration(now - created);
}
