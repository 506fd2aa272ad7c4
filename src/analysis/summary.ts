import type { Gap } from '../cluster/evidence.ts';
import type { Cluster, Service, ServicePort } from '../cluster/model.ts';
import { nodesOfClass } from '../dataplane/detect.ts';
import type { Dataplane, DataplaneClass } from '../dataplane/types.ts';
import { shownVersion } from '../dataplane/version.ts';
import type { DataplaneEntry, PortSummary, ServiceSummary } from './report.ts';

/** The Service as the report shows it. */
export function summaryOf(service: Service): ServiceSummary {
  return {
    namespace: service.namespace,
    name: service.name,
    type: service.type,
    externalTrafficPolicy: service.externalTrafficPolicy,
    internalTrafficPolicy: service.internalTrafficPolicy,
    clusterIPs: service.clusterIPs,
    externalIPs: service.externalIPs,
    loadBalancerIngress: service.ingress,
    loadBalancerSourceRanges: service.sourceRanges.map((cidr) => cidr.text),
    healthCheckNodePort: service.healthCheckNodePort,
    sessionAffinitySeconds: service.affinitySeconds,
    ports: service.ports.map(portSummary),
  };
}

function portSummary({ name, protocol, port, nodePort, targetPort, endpoints }: ServicePort): PortSummary {
  const ready = endpoints.filter((endpoint) => endpoint.ready).length;
  const servingTerminating = endpoints.filter((endpoint) => !endpoint.ready && endpoint.serving && endpoint.terminating).length;
  const states = { ready, servingTerminating, notReady: endpoints.length - ready - servingTerminating };
  return { name: name === '' ? null : name, protocol, port, nodePort, targetPort, endpoints: states };
}

/** What serves the nodes, class by class. */
export function dataplaneEntries(dataplane: Dataplane, cluster: Cluster): DataplaneEntry[] {
  return dataplane.classes.map((entry) => dataplaneEntry(entry, dataplane, nodesOfClass(dataplane, entry, cluster.nodes)));
}

function dataplaneEntry(entry: DataplaneClass, { networks }: Dataplane, nodes: readonly string[]): DataplaneEntry {
  const [network] = networks;
  return {
    nodes,
    implementation: entry.implementation,
    mode: entry.mode,
    version: entry.version === null ? null : shownVersion(entry.version),
    localDetection: entry.localDetection,
    masqueradeAll: agreed(entry.candidates.map((config) => config.masqueradeAll)),
    nodePortAddresses: entry.candidates.length === 1 ? (entry.candidates[0]?.nodePortAddresses ?? []) : [],
    cni: network?.name ?? null,
    cniMasquerades: agreed(networks.map(({ masquerade }) => masquerade.style !== 'none')),
    confidence: entry.confidence,
    evidence: [...entry.evidence, ...(network?.evidence ?? [])],
  };
}

/** What all say, or null. */
function agreed(values: readonly boolean[]): boolean | null {
  const [first, ...others] = values;
  return first !== undefined && others.every((value) => value === first) ? first : null;
}

/** What is less certain where endpoints were not read from EndpointSlices. */
export function endpointGaps(service: Service): Gap[] {
  const what = `EndpointSlices of ${service.namespace}/${service.name}`;
  switch (service.endpointsFrom) {
    case 'Endpoints':
      return [{ what, why: 'not gathered; the Endpoints object was used, which does not show terminating endpoints' }];
    case 'pods':
      return [{ what, why: 'not gathered, and no Endpoints either; the pods that the selector picks were used' }];
    case 'EndpointSlice':
    case 'none':
      return [];
  }
}
