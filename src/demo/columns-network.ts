import type { Column } from './column.ts';
import { type Json, record, records, text, texts, valueAt } from './json.ts';

const NONE = '<none>';

export const serviceColumns: readonly Column[] = [
  { name: 'Type', cell: (service) => text(valueAt(service, 'spec.type')) },
  { name: 'Cluster-IP', cell: (service) => text(valueAt(service, 'spec.clusterIP')) || NONE },
  { name: 'External-IP', cell: externalAddress },
  { name: 'Port(s)', cell: (service) => joined(records(valueAt(service, 'spec.ports')).map(servicePort)) },
  { name: 'Selector', wide: true, cell: (service) => labelText(valueAt(service, 'spec.selector')) },
];

export const endpointsColumns: readonly Column[] = [
  {
    name: 'Endpoints',
    cell: (endpoints) =>
      shortened(
        records(endpoints['subsets']).flatMap((subset) =>
          records(subset['ports']).flatMap((port) =>
            records(subset['addresses']).map((address) => `${text(address['ip'])}:${String(port['port'])}`),
          ),
        ),
      ),
  },
];

export const endpointSliceColumns: readonly Column[] = [
  { name: 'AddressType', cell: (slice) => text(slice['addressType']) },
  {
    name: 'Ports',
    cell: (slice) =>
      shortened(
        records(slice['ports']).map((port) => String(port['port'] ?? '*')),
        '<unset>',
      ),
  },
  {
    name: 'Endpoints',
    cell: (slice) =>
      shortened(
        records(slice['endpoints']).flatMap((endpoint) => texts(endpoint['addresses'])),
        '<unset>',
      ),
  },
];

export const ingressColumns: readonly Column[] = [
  { name: 'Class', cell: (ingress) => text(valueAt(ingress, 'spec.ingressClassName')) || NONE },
  {
    name: 'Hosts',
    cell: (ingress) =>
      shortened(
        records(valueAt(ingress, 'spec.rules')).map((rule) => text(rule['host']) || '*'),
        '*',
      ),
  },
  { name: 'Address', cell: (ingress) => loadBalancerAddresses(ingress).join(',') },
  { name: 'Ports', cell: (ingress) => (records(valueAt(ingress, 'spec.tls')).length === 0 ? '80' : '80, 443') },
];

export const serviceCidrColumns: readonly Column[] = [{ name: 'CIDRs', cell: (range) => joined(texts(valueAt(range, 'spec.cidrs'))) }];

/** `a=b,c=d`, or `<none>`. */
export function labelText(labels: unknown): string {
  return joined(Object.entries(record(labels)).map(([key, value]) => `${key}=${String(value)}`));
}

function externalAddress(service: Json): string {
  const type = text(valueAt(service, 'spec.type'));
  if (type === 'ExternalName') return text(valueAt(service, 'spec.externalName'));
  const external = texts(valueAt(service, 'spec.externalIPs'));
  if (type !== 'LoadBalancer') return joined(external);
  return [...loadBalancerAddresses(service), ...external].join(',') || '<pending>';
}

function loadBalancerAddresses(object: Json): string[] {
  return records(valueAt(object, 'status.loadBalancer.ingress')).map((ingress) => text(ingress['ip']) || text(ingress['hostname']));
}

function servicePort(port: Json): string {
  const number = port['nodePort'] === undefined ? String(port['port']) : `${String(port['port'])}:${String(port['nodePort'])}`;
  return `${number}/${text(port['protocol']) || 'TCP'}`;
}

function joined(words: readonly string[]): string {
  return words.length === 0 ? NONE : words.join(',');
}

function shortened(words: readonly string[], empty: string = NONE): string {
  if (words.length === 0) return empty;
  return words.length <= 3 ? words.join(',') : `${words.slice(0, 3).join(',')} + ${words.length - 3} more...`;
}
