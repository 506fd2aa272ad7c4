import { namespaceOf } from '../../cluster/endpoints.ts';
import type { Cluster, Service } from '../../cluster/model.ts';
import { serviceKey } from '../../cluster/model.ts';
import type { GatewayObject, IngressClassObject, IngressObject, RouteObject } from '../../cluster/objects.ts';
import { append } from './lazy.ts';

/** An Ingress, a Gateway or a route of the Gateway API. */
export interface Front {
  readonly kind: 'Ingress' | 'Gateway' | RouteObject['kind'];
  readonly namespace: string;
  readonly name: string;
  /** Lower case; wildcards as written. */
  readonly hosts: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Addresses or host names that its status publishes. */
  readonly published: readonly string[];
  /** `ns/name` of the Services behind it. */
  readonly backends: readonly string[];
  /** Class of an Ingress, `ns/name` of a route's Gateways. */
  readonly via: readonly string[];
}

/** A front, and how it is known whose it is: its status publishes the Service's address, or class and labels agree. */
export interface Served extends Front {
  readonly evidence: 'status' | 'class';
}

export interface Fronts {
  readonly all: readonly Front[];
  /** What comes into the cluster through a Service: it is the controller's. */
  servedBy(service: Service): readonly Served[];
  /** The fronts that send to a Service. */
  backedBy(service: Service): readonly Front[];
  /** The Services through which a front's traffic comes in. */
  controllersOf(front: Front): readonly Service[];
}

export interface FrontObjects {
  readonly ingresses: readonly IngressObject[];
  readonly classes: readonly IngressClassObject[];
  readonly gateways: readonly GatewayObject[];
  readonly routes: readonly RouteObject[];
}

export function indexFronts(cluster: Cluster, objects: FrontObjects): Fronts {
  const fronts = [...objects.ingresses.map(fromIngress), ...objects.gateways.map(fromGateway), ...objects.routes.map(fromRoute)];
  const find = controllerFinder(cluster, objects, fronts);
  const served = new Map<string, Served[]>();
  const backed = new Map<string, Front[]>();
  const controllers = new Map<Front, readonly Service[]>();
  for (const front of fronts) {
    const { services, evidence } = find(front);
    controllers.set(front, services);
    for (const service of services) append(served, serviceKey(service), { ...front, evidence });
    for (const key of new Set(front.backends)) append(backed, key, front);
  }
  return {
    all: fronts,
    servedBy: (service) => served.get(serviceKey(service)) ?? [],
    backedBy: (service) => backed.get(serviceKey(service)) ?? [],
    controllersOf: (front) => controllers.get(front) ?? [],
  };
}

function fromIngress({ metadata, spec, status }: IngressObject): Front {
  const namespace = namespaceOf(metadata);
  const rules = spec?.rules ?? [];
  const backends = [spec?.defaultBackend, ...rules.flatMap((rule) => (rule.http?.paths ?? []).map((path) => path.backend))];
  const className = spec?.ingressClassName ?? metadata.annotations?.['kubernetes.io/ingress.class'];
  return {
    kind: 'Ingress',
    namespace,
    name: metadata.name,
    hosts: lower([...rules.map((rule) => rule.host), ...(spec?.tls ?? []).flatMap((entry) => entry.hosts ?? [])]),
    annotations: metadata.annotations ?? {},
    published: (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) =>
      [ip, hostname].filter((text) => text !== undefined && text !== ''),
    ) as string[],
    backends: backends.flatMap((backend) => (backend?.service?.name === undefined ? [] : [`${namespace}/${backend.service.name}`])),
    via: className === undefined ? [] : [className],
  };
}

function fromGateway({ metadata, spec, status }: GatewayObject): Front {
  return {
    kind: 'Gateway',
    namespace: namespaceOf(metadata),
    name: metadata.name,
    hosts: lower((spec?.listeners ?? []).map((listener) => listener.hostname)),
    annotations: metadata.annotations ?? {},
    published: (status?.addresses ?? []).map((address) => address.value ?? '').filter((value) => value !== ''),
    backends: [],
    via: spec?.gatewayClassName === undefined ? [] : [spec.gatewayClassName],
  };
}

function fromRoute({ kind, metadata, spec }: RouteObject): Front {
  const namespace = namespaceOf(metadata);
  const refs = (spec?.rules ?? []).flatMap((rule) => rule.backendRefs ?? []);
  const parents = (spec?.parentRefs ?? []).filter((parent) => (parent.kind ?? 'Gateway') === 'Gateway' && parent.name !== undefined);
  return {
    kind,
    namespace,
    name: metadata.name,
    hosts: lower(spec?.hostnames ?? []),
    annotations: {},
    published: [],
    backends: refs.filter((ref) => (ref.kind ?? 'Service') === 'Service').map((ref) => `${ref.namespace ?? namespace}/${ref.name ?? ''}`),
    via: parents.map((parent) => `${parent.namespace ?? namespace}/${parent.name ?? ''}`),
  };
}

function lower(hosts: readonly (string | undefined)[]): string[] {
  return [...new Set(hosts.flatMap((host) => (host === undefined || host === '' ? [] : [host.toLowerCase()])))];
}

interface Owners {
  readonly services: readonly Service[];
  readonly evidence: Served['evidence'];
}

function controllerFinder(cluster: Cluster, { classes }: FrontObjects, fronts: readonly Front[]): (front: Front) => Owners {
  const outside = cluster.services.filter((service) => service.externalTrafficPolicy !== null);
  const byAddress = new Map<string, Service[]>();
  for (const service of outside) {
    const addresses = [...service.externalIPs, ...service.ingress.flatMap(({ ip, hostname }) => [ip, hostname])];
    for (const address of new Set(addresses)) if (address !== null) append(byAddress, address, service);
  }
  const gateways = new Map(fronts.filter(({ kind }) => kind === 'Gateway').map((front) => [`${front.namespace}/${front.name}`, front]));
  const controllerOf = new Map(classes.map(({ metadata, spec }) => [metadata.name, spec?.controller ?? '']));
  const direct = (front: Front): Owners => {
    const owners = [...new Set(front.published.flatMap((address) => byAddress.get(address) ?? []))];
    if (owners.length > 0) return { services: owners, evidence: 'status' };
    return { services: outside.filter((service) => isLabelledFor(service, front, controllerOf)), evidence: 'class' };
  };
  return (front) => {
    if (front.kind === 'Ingress' || front.kind === 'Gateway') return direct(front);
    const parents = front.via.flatMap((key) => gateways.get(key) ?? []).map(direct);
    const evidence = parents.every((parent) => parent.evidence === 'status') ? 'status' : 'class';
    return { services: [...new Set(parents.flatMap((parent) => parent.services))], evidence };
  };
}

/** By the labels that charts and gateway controllers give to the Services that they make. */
function isLabelledFor({ labels }: Service, front: Front, controllerOf: ReadonlyMap<string, string>): boolean {
  if (front.kind === 'Gateway') {
    const name = labels['gateway.networking.k8s.io/gateway-name'] ?? labels['gateway.envoyproxy.io/owning-gateway-name'];
    return name === front.name;
  }
  const controller = controllerOf.get(front.via[0] ?? '') ?? '';
  const app = controller.slice(controller.lastIndexOf('/') + 1).replace(/-controller$/, '');
  const part = labels['app.kubernetes.io/component'];
  const name = labels['app.kubernetes.io/name'] ?? labels['app'] ?? '';
  if (app === '' || (part !== undefined && part !== 'controller')) return false;
  return name === app || name === app.replace(/^ingress-|-ingress$/, '') || (app === 'ingress' && name === controller.split(/[./]/)[0]);
}
