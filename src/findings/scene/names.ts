import type { Service } from '../../cluster/model.ts';
import { serviceKey } from '../../cluster/model.ts';
import type { ClusterScene, ServiceScene } from '../scene.ts';
import { append } from './lazy.ts';
import { perCluster } from './per-cluster.ts';

/** By which names clients outside ask for Services: hosts of Ingresses and Gateways, host names in a status, external-dns. */
export interface Names {
  /** Services that answer to a host, wildcards included. */
  servicesAt(host: string): readonly Service[];
  /** Hosts as they are written, wildcards included. */
  hostsOf(service: Service): readonly string[];
  /** `ns/name` of the Services behind an Ingress or route for this host. */
  backendsAt(host: string): ReadonlySet<string>;
}

const EXTERNAL_DNS = 'external-dns.alpha.kubernetes.io/hostname';

export const namesOf: (scene: ClusterScene) => Names = perCluster((scene) => {
  const services = new Map<string, Service[]>();
  const hosts = new Map<string, string[]>();
  const backends = new Map<string, string[]>();
  const name = (host: string, service: Service): void => {
    if ((services.get(host) ?? []).includes(service)) return;
    append(services, host, service);
    append(hosts, serviceKey(service), host);
  };
  for (const service of scene.cluster.services) {
    if (service.externalTrafficPolicy === null) continue;
    const listed = (service.annotations[EXTERNAL_DNS] ?? '').split(',');
    for (const host of [...listed, ...service.ingress.map(({ hostname }) => hostname ?? '')])
      if (host.trim() !== '') name(host.trim().toLowerCase(), service);
  }
  for (const front of scene.fronts().all) {
    for (const host of front.hosts) {
      for (const service of scene.fronts().controllersOf(front)) name(host, service);
      for (const backend of front.backends) append(backends, host, backend);
    }
  }
  return {
    servicesAt: (host) => services.get(host) ?? services.get(wildcardOf(host)) ?? [],
    hostsOf: (service) => hosts.get(serviceKey(service)) ?? [],
    backendsAt: (host) => new Set([...(backends.get(host) ?? []), ...(backends.get(wildcardOf(host)) ?? [])]),
  };
});

function wildcardOf(host: string): string {
  return `*${host.slice(Math.max(0, host.indexOf('.')))}`;
}

/** Whether the cluster's DNS answers otherwise for this host than the world's: then nobody in the cluster comes by the outside address. */
export function isRewritten(cluster: ClusterScene, host: string): boolean {
  return rewrites(cluster).some((line) => line.split(/\s+/).includes(host));
}

const rewrites = perCluster((scene) => {
  const corefile = scene.object('ConfigMap', 'coredns', 'kube-system')?.data?.['Corefile'] ?? '';
  const lines = corefile.split('\n').map((line) => line.trim().toLowerCase());
  return lines.filter((line) => /^rewrite\s|^(\d{1,3}\.){3}\d{1,3}\s|^template\s/.test(line));
});

/** A proxy in the cluster that adds the header for clients inside (compumike/hairpin-proxy). */
export function hasHairpinProxy(scene: ServiceScene): boolean {
  return isHairpinProxied(scene.cluster);
}

const isHairpinProxied = perCluster((scene) => {
  const corefile = scene.object('ConfigMap', 'coredns', 'kube-system')?.data?.['Corefile'] ?? '';
  return corefile.includes('hairpin-proxy') || scene.cluster.services.some(({ namespace }) => namespace === 'hairpin-proxy');
});
