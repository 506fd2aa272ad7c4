import type { ServiceObject } from '../cluster/objects.ts';
import { Failure } from '../net/failure.ts';
import { canonicalIp, parseCidr } from '../net/ip.ts';
import { didYouMean } from '../net/near.ts';

export type ServiceSpec = NonNullable<ServiceObject['spec']>;
type Setter = (spec: ServiceSpec, value: string) => ServiceSpec;

const MOST_AFFINITY_SECONDS = 86_400;

/** What `--set` can change, by the API's own names. */
const FIELDS: ReadonlyMap<string, Setter> = new Map<string, Setter>([
  ['type', (spec, value) => ({ ...spec, type: oneOf('type', value, ['ClusterIP', 'NodePort', 'LoadBalancer']) })],
  [
    'externalTrafficPolicy',
    (spec, value) => ({ ...spec, externalTrafficPolicy: oneOf('externalTrafficPolicy', value, ['Cluster', 'Local']) }),
  ],
  [
    'internalTrafficPolicy',
    (spec, value) => ({ ...spec, internalTrafficPolicy: oneOf('internalTrafficPolicy', value, ['Cluster', 'Local']) }),
  ],
  ['sessionAffinity', (spec, value) => ({ ...spec, sessionAffinity: oneOf('sessionAffinity', value, ['None', 'ClientIP']) })],
  [
    'sessionAffinityConfig.clientIP.timeoutSeconds',
    (spec, value) => ({
      ...spec,
      sessionAffinityConfig: { clientIP: { timeoutSeconds: numberIn('timeoutSeconds', value, MOST_AFFINITY_SECONDS) } },
    }),
  ],
  [
    'externalIPs',
    (spec, value) => ({ ...spec, externalIPs: listed('externalIPs', value, (text) => canonicalIp(text) !== null, 'IP addresses') }),
  ],
  [
    'loadBalancerSourceRanges',
    (spec, value) => ({
      ...spec,
      loadBalancerSourceRanges: listed(
        'loadBalancerSourceRanges',
        value,
        (text) => text.includes('/') && parseCidr(text) !== null,
        'networks (CIDRs)',
      ),
    }),
  ],
  ['healthCheckNodePort', (spec, value) => ({ ...spec, healthCheckNodePort: numberIn('healthCheckNodePort', value, 65_535) })],
  [
    'allocateLoadBalancerNodePorts',
    (spec, value) => ({ ...spec, allocateLoadBalancerNodePorts: flag('allocateLoadBalancerNodePorts', value) }),
  ],
  ['publishNotReadyAddresses', (spec, value) => ({ ...spec, publishNotReadyAddresses: flag('publishNotReadyAddresses', value) })],
]);

/** Fields of one port, as `nodePort` where there is one port, else `nodePort.PORT`. */
const NODE_PORT = 'nodePort';

/** The spec with one field set as a person would write it; a Failure for a field that is not known or a value that cannot be. */
export function withField(spec: ServiceSpec, field: string, value: string): ServiceSpec {
  const setter = FIELDS.get(field);
  if (setter !== undefined) return setter(spec, value);
  if (field === NODE_PORT || field.startsWith(`${NODE_PORT}.`)) return withNodePort(spec, field.slice(NODE_PORT.length + 1), value);
  const names = [...FIELDS.keys(), NODE_PORT];
  throw new Failure(
    `--set ${JSON.stringify(field)}: no such field, or none that changes where packets go`,
    didYouMean(field, names) ?? `use ${names.join(', ')}, or -f FILE`,
  );
}

function withNodePort(spec: ServiceSpec, name: string, value: string): ServiceSpec {
  const nodePort = numberIn('nodePort', value, 65_535);
  const ports = spec.ports ?? [];
  const labels = ports.map((port) => port.name ?? String(port.port));
  const wanted =
    name === '' && ports.length === 1 ? 0 : ports.findIndex((port, index) => labels[index] === name || String(port.port) === name);
  if (wanted < 0)
    throw new Failure(
      name === '' ? 'which port? the Service has several' : `the Service has no port "${name}"`,
      name === '' ? `use --set nodePort.${labels[0] ?? 'PORT'}=${value}` : (didYouMean(name, labels) ?? `it has ${labels.join(', ')}`),
    );
  return { ...spec, ports: ports.map((port, index) => (index === wanted ? { ...port, nodePort } : port)) };
}

function oneOf(field: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value;
  const near = allowed.find((each) => each.toLowerCase() === value.toLowerCase());
  throw new Failure(
    `${field} cannot be ${JSON.stringify(value)}`,
    near === undefined ? (didYouMean(value, allowed) ?? `use ${allowed.join(' or ')}`) : `did you mean ${JSON.stringify(near)}?`,
  );
}

function numberIn(field: string, value: string, most: number): number {
  const number = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  if (number >= 1 && number <= most) return number;
  throw new Failure(`${field} cannot be ${JSON.stringify(value)}`, `use a number from 1 to ${most}`);
}

function flag(field: string, value: string): boolean {
  return oneOf(field, value, ['true', 'false']) === 'true';
}

/** Values between commas; nothing for none. */
function listed(field: string, value: string, isValid: (text: string) => boolean, what: string): readonly string[] {
  const texts = value.split(',').map((text) => text.trim());
  if (value.trim() === '') return [];
  const wrong = texts.find((text) => !isValid(text));
  if (wrong === undefined) return texts;
  throw new Failure(`${field}: ${JSON.stringify(wrong)} is not possible`, `${what} between commas; nothing behind = takes them all away`);
}
