import type { Evidence } from '../cluster/evidence.ts';
import type { EndpointSliceObject, ServiceObject } from '../cluster/objects.ts';
import { Failure } from '../net/failure.ts';
import type { FreePorts } from './admit.ts';
import { admit } from './admit.ts';
import { withField } from './fields.ts';
import type { Changed, Subject } from './stage.ts';
import { namespaceOf, objectsOf, replaced } from './stage.ts';

const HIGHEST_NODE_PORT = 32_767;

export interface FieldValue {
  readonly field: string;
  readonly value: string;
}

/** All fields at once: what the API server refuses of one alone may be right together with another. */
export function setFields(evidence: Evidence, subject: Subject, fields: readonly FieldValue[]): Changed {
  const old = serviceObject(evidence, subject.namespace, subject.name);
  const spec = fields.reduce((sum, { field, value }) => withField(sum, field, value), old.spec ?? {});
  return admitted(evidence, subject, { old, wanted: { ...old, spec } });
}

/** The evidence with a Service as it would be stored. */
export function admitted(
  evidence: Evidence,
  { portsAsked = [] }: Subject,
  { old, wanted }: { readonly old: ServiceObject; readonly wanted: ServiceObject },
): Changed {
  const { service, gaps, ports } = admit(old, wanted, freePorts(evidence, portsAsked));
  const stored = replaced(evidence, 'Service', (object) => (object === old ? service : object));
  const before = old.spec?.publishNotReadyAddresses === true;
  const after = service.spec?.publishNotReadyAddresses === true;
  return { evidence: before === after ? stored : published(stored, service, after), gaps, ports };
}

export function serviceObject(evidence: Evidence, namespace: string, name: string): ServiceObject {
  const found = objectsOf(evidence, 'Service').find((object) => namespaceOf(object) === namespace && object.metadata.name === name);
  if (found !== undefined) return found;
  throw new Failure(`Service "${name}" not found in namespace "${namespace}" (${evidence.origin})`, 'see kubectl get services -A');
}

function freePorts(evidence: Evidence, avoid: readonly number[]): FreePorts {
  const holders = new Map<string, string>();
  const used = new Set<number>(avoid);
  for (const object of objectsOf(evidence, 'Service')) {
    for (const { nodePort, protocol = 'TCP' } of object.spec?.ports ?? []) {
      if (!nodePort) continue;
      used.add(nodePort);
      holders.set(`${protocol} ${nodePort}`, `${namespaceOf(object)}/${object.metadata.name}`);
    }
    if (object.spec?.healthCheckNodePort) used.add(object.spec.healthCheckNodePort);
  }
  let last = HIGHEST_NODE_PORT;
  return {
    holders,
    next: () => {
      while (used.has(last)) last--;
      used.add(last);
      return last;
    },
  };
}

/** k8s pkg/controller/endpointslice podToEndpoint: ready is what publishNotReadyAddresses says, else serving and not terminating. */
function published(evidence: Evidence, service: ServiceObject, all: boolean): Evidence {
  return replaced(evidence, 'EndpointSlice', (slice) => {
    const isOwn =
      namespaceOf(slice) === namespaceOf(service) && slice.metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name;
    return isOwn ? withReadiness(slice, all) : slice;
  });
}

function withReadiness(slice: EndpointSliceObject, all: boolean): EndpointSliceObject {
  if (slice.endpoints === undefined || slice.endpoints === null) return slice;
  const endpoints = slice.endpoints.map((endpoint) => {
    const { serving, terminating } = endpoint.conditions ?? {};
    const ready = all || ((serving ?? true) && !(terminating ?? false));
    return { ...endpoint, conditions: { ...endpoint.conditions, ready } };
  });
  return { ...slice, endpoints };
}
