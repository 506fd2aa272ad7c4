import type { Column } from './column.ts';
import { labelText } from './columns-network.ts';
import { type Json, records, text, valueAt } from './json.ts';

const CONTAINERS: readonly Column[] = [
  { name: 'Containers', wide: true, cell: (workload) => containers(workload, 'name') },
  { name: 'Images', wide: true, cell: (workload) => containers(workload, 'image') },
  { name: 'Selector', wide: true, cell: (workload) => labelText(valueAt(workload, 'spec.selector.matchLabels')) },
];

export const daemonSetColumns: readonly Column[] = [
  { name: 'Desired', type: 'integer', cell: (set) => count(set, 'status.desiredNumberScheduled') },
  { name: 'Current', type: 'integer', cell: (set) => count(set, 'status.currentNumberScheduled') },
  { name: 'Ready', type: 'integer', cell: (set) => count(set, 'status.numberReady') },
  { name: 'Up-to-date', type: 'integer', cell: (set) => count(set, 'status.updatedNumberScheduled') },
  { name: 'Available', type: 'integer', cell: (set) => count(set, 'status.numberAvailable') },
  { name: 'Node Selector', cell: (set) => labelText(valueAt(set, 'spec.template.spec.nodeSelector')) },
  ...CONTAINERS,
];

export const deploymentColumns: readonly Column[] = [
  { name: 'Ready', cell: readyReplicas },
  { name: 'Up-to-date', type: 'integer', cell: (deployment) => count(deployment, 'status.updatedReplicas') },
  { name: 'Available', type: 'integer', cell: (deployment) => count(deployment, 'status.availableReplicas') },
  ...CONTAINERS,
];

export const replicaSetColumns: readonly Column[] = [
  { name: 'Desired', type: 'integer', cell: (set) => count(set, 'spec.replicas') },
  { name: 'Current', type: 'integer', cell: (set) => count(set, 'status.replicas') },
  { name: 'Ready', type: 'integer', cell: (set) => count(set, 'status.readyReplicas') },
  ...CONTAINERS,
];

export const statefulSetColumns: readonly Column[] = [{ name: 'Ready', cell: readyReplicas }, ...CONTAINERS.slice(0, 2)];

function readyReplicas(workload: Json): string {
  return `${count(workload, 'status.readyReplicas')}/${count(workload, 'spec.replicas')}`;
}

function count(object: Json, path: string): number {
  return Number(valueAt(object, path)) || 0;
}

function containers(workload: Json, field: 'name' | 'image'): string {
  return records(valueAt(workload, 'spec.template.spec.containers'))
    .map((container) => text(container[field]))
    .join(',');
}
