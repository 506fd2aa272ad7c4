import type { Cluster, Endpoint, Pod } from '../cluster/model.ts';
import type { Arrival } from './types.ts';

/** Who has an address, by what the API says. */
export interface Directory {
  /** Every pod of the cluster is known, so that an address outside is nobody's. */
  readonly complete: boolean;
  podAt(address: string): { readonly pod: Pod | null; readonly node: string | null } | null;
  /** The endpoint of any Service at this address and port. */
  endpointAt(address: string, port: number): Arrival | null;
  /** The node in whose podCIDR an address lies. */
  holderOf(address: string): string | null;
  /** A hostNetwork pod of this node that declares the port. */
  listenerOn(node: string, port: number): string | null;
  /** The address of some ordinary pod of this node, of a family. */
  somePodOf(node: string, family: 4 | 6): string | null;
}

export function directoryOf(cluster: Cluster): Directory {
  const pods = new Map<string, Pod>();
  const onHosts = new Map<string, Pod[]>();
  for (const pod of cluster.pods) {
    if (pod.phase === 'Succeeded' || pod.phase === 'Failed') continue;
    if (pod.hostNetwork && pod.node !== null) onHosts.set(pod.node, [...(onHosts.get(pod.node) ?? []), pod]);
    if (!pod.hostNetwork) for (const address of pod.addresses) pods.set(address, pod);
  }
  const endpoints = new Map<string, Endpoint>();
  const ofEndpoints = new Map<string, Endpoint>();
  const hosts = new Set(cluster.nodes.flatMap((node) => [...node.internalIPs, ...node.externalIPs]));
  for (const endpoint of cluster.services.flatMap((service) => service.ports.flatMap((port) => port.endpoints))) {
    endpoints.set(`${endpoint.address} ${endpoint.port}`, endpoint);
    if (!hosts.has(endpoint.address)) ofEndpoints.set(endpoint.address, endpoint);
  }
  const holders = cluster.nodes.flatMap((node) => node.podCidrs.map((cidr) => ({ node: node.name, cidr })));
  const holderOf = (address: string): string | null => holders.find(({ cidr }) => cidr.contains(address))?.node ?? null;
  return {
    complete: cluster.podsComplete,
    podAt: (address) => {
      const pod = pods.get(address);
      if (pod !== undefined) return { pod, node: pod.node };
      const endpoint = ofEndpoints.get(address);
      return endpoint === undefined ? null : { pod: null, node: endpoint.node ?? holderOf(address) };
    },
    endpointAt: (address, port) => {
      const endpoint = endpoints.get(`${address} ${port}`);
      return endpoint === undefined ? null : { address, port, node: endpoint.node, pod: endpoint.pod };
    },
    holderOf,
    listenerOn: (node, port) => {
      const pod = onHosts.get(node)?.find((candidate) => candidate.ports.some((declared) => declared.port === port));
      return pod === undefined ? null : `${pod.namespace}/${pod.name}`;
    },
    somePodOf: (node, family) => {
      const has = (address: string): boolean => address.includes(':') === (family === 6);
      for (const pod of pods.values()) {
        const address = pod.node === node ? pod.addresses.find(has) : undefined;
        if (address !== undefined) return address;
      }
      return null;
    },
  };
}
