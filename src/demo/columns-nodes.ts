import type { Column } from './column.ts';
import { type Json, record, records, text, valueAt } from './json.ts';

const NONE = '<none>';
const ROLE = 'node-role.kubernetes.io/';

export const nodeColumns: readonly Column[] = [
  { name: 'Status', cell: nodeStatus },
  { name: 'Roles', cell: nodeRoles },
  { name: 'Version', late: true, cell: (node) => text(valueAt(node, 'status.nodeInfo.kubeletVersion')) },
  { name: 'Internal-IP', wide: true, cell: (node) => nodeAddress(node, 'InternalIP') },
  { name: 'External-IP', wide: true, cell: (node) => nodeAddress(node, 'ExternalIP') },
  { name: 'OS-Image', wide: true, cell: (node) => text(valueAt(node, 'status.nodeInfo.osImage')) },
  { name: 'Kernel-Version', wide: true, cell: (node) => text(valueAt(node, 'status.nodeInfo.kernelVersion')) },
  { name: 'Container-Runtime', wide: true, cell: (node) => text(valueAt(node, 'status.nodeInfo.containerRuntimeVersion')) },
];

export const podColumns: readonly Column[] = [
  { name: 'Ready', cell: podReady },
  { name: 'Status', cell: (pod) => (valueAt(pod, 'metadata.deletionTimestamp') === undefined ? podPhase(pod) : 'Terminating') },
  { name: 'Restarts', cell: podRestarts },
  { name: 'IP', wide: true, cell: (pod) => text(valueAt(pod, 'status.podIP')) || NONE },
  { name: 'Node', wide: true, cell: (pod) => text(valueAt(pod, 'spec.nodeName')) || NONE },
  { name: 'Nominated Node', wide: true, cell: (pod) => text(valueAt(pod, 'status.nominatedNodeName')) || NONE },
  { name: 'Readiness Gates', wide: true, cell: () => NONE },
];

function nodeStatus(node: Json): string {
  const ready = records(valueAt(node, 'status.conditions')).find((condition) => condition['type'] === 'Ready');
  const word = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady';
  return valueAt(node, 'spec.unschedulable') === true ? `${word},SchedulingDisabled` : word;
}

function nodeRoles(node: Json): string {
  const labels = Object.keys(record(valueAt(node, 'metadata.labels')));
  const roles = labels.filter((label) => label.startsWith(ROLE)).map((label) => label.slice(ROLE.length));
  return roles.length === 0 ? NONE : roles.sort().join(',');
}

function nodeAddress(node: Json, type: string): string {
  const address = records(valueAt(node, 'status.addresses')).find((candidate) => candidate['type'] === type);
  return address === undefined ? NONE : text(address['address']);
}

function podReady(pod: Json): string {
  const ready = records(valueAt(pod, 'status.containerStatuses')).filter((container) => container['ready'] === true).length;
  return `${ready}/${records(valueAt(pod, 'spec.containers')).length}`;
}

/** The reason why a container waits says more than the phase. */
function podPhase(pod: Json): string {
  const waiting = records(valueAt(pod, 'status.containerStatuses'))
    .map((container) => text(valueAt(container, 'state.waiting.reason')))
    .find((reason) => reason !== '');
  return waiting ?? text(valueAt(pod, 'status.phase'));
}

function podRestarts(pod: Json): string {
  const counts = records(valueAt(pod, 'status.containerStatuses')).map((container) => Number(container['restartCount']) || 0);
  return String(counts.reduce((sum, count) => sum + count, 0));
}
