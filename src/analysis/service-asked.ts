import type { Evidence } from '../cluster/evidence.ts';
import { findService } from '../cluster/from-kubernetes.ts';
import type { Cluster, Service } from '../cluster/model.ts';
import { Failure } from '../net/failure.ts';
import { didYouMean } from '../net/near.ts';
import { shellWord } from './command.ts';
import type { Question } from './question.ts';

const MOST_NAMESPACES = 3;

/** The Service that was asked about. Throws a Failure where it is not there, or kube-proxy has nothing to do with it. */
export function serviceAsked(cluster: Cluster, evidence: Evidence, { namespace, name }: Question): Service {
  const service = findService(cluster, namespace, name);
  if (service === null) {
    const hint = hintForMissing(cluster, namespace, name);
    throw new Failure(`Service "${name}" not found in namespace "${namespace}" (${evidence.origin})`, hint);
  }
  refuseUnproxied(service);
  if (service.endpointsFrom === 'none') {
    throw new Failure(
      `nothing in ${evidence.origin} tells the endpoints of Service ${namespace}/${name}`,
      `EndpointSlices are needed (kubectl get endpointslices -n ${shellWord(namespace)} -o yaml)`,
    );
  }
  if (service.clusterIPs.length === 0)
    throw new Failure(
      `Service ${namespace}/${name} has no clusterIP yet`,
      'its spec was not allocated by an API server; give the live Service',
    );
  return service;
}

function refuseUnproxied({ namespace, name, unproxied }: Service): void {
  switch (unproxied?.why) {
    case undefined:
      return;
    case 'headless':
      throw new Failure(
        `Service ${namespace}/${name} is headless: no service proxy handles it`,
        'clients get the pod addresses from DNS and connect to them directly; nothing is redirected or masqueraded by kube-proxy',
      );
    case 'ExternalName':
      throw new Failure(
        `Service ${namespace}/${name} is of type ExternalName: a DNS alias for ${JSON.stringify(unproxied.externalName)}`,
        'no traffic passes through it; ask about the Service behind that name',
      );
    case 'other-proxy':
      throw new Failure(
        `Service ${namespace}/${name} is left to another proxy: label service.kubernetes.io/service-proxy-name is ${JSON.stringify(unproxied.proxy)}`,
        'kube-proxy ignores it, so its behaviour cannot be predicted here',
      );
  }
}

function hintForMissing({ services, namespaces: read }: Cluster, namespace: string, name: string): string {
  const namespaces = new Set([...read, ...services.map((service) => service.namespace)]);
  const isThere = namespaces.size === 0 || namespaces.has(namespace);
  const missing = isThere ? '' : `there is no namespace "${namespace}"; `;
  const elsewhere = services.filter((service) => service.name === name).map((service) => `-n ${shellWord(service.namespace)}`);
  if (elsewhere.length > 0) {
    const more = elsewhere.length > MOST_NAMESPACES ? ` and ${elsewhere.length - MOST_NAMESPACES} more` : '';
    return `${missing}there is one in ${elsewhere.slice(0, MOST_NAMESPACES).join(', ')}${more}`;
  }
  if (!isThere) return missing + (didYouMean(namespace, namespaces) ?? 'see kubectl get namespaces');
  const names = services.filter((service) => service.namespace === namespace).map((service) => service.name);
  return didYouMean(name, names) ?? 'see kubectl get services -A';
}
