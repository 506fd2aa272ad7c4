import { type Asker, nodeAsker, podAsker } from '../../analysis/clients.ts';
import { namespaceOf } from '../../cluster/endpoints.ts';
import type { Node, Pod, Service } from '../../cluster/model.ts';
import { serviceKey } from '../../cluster/model.ts';
import type { ChallengeObject, PodObject } from '../../cluster/objects.ts';
import { hostPort } from '../../net/ip.ts';
import type { ClusterScene } from '../scene.ts';
import type { ObjectRef } from '../types.ts';
import { namedInConfigOf } from './config-names.ts';
import type { Front } from './fronts.ts';
import { append, memo } from './lazy.ts';
import { hostsIn, IN_ARGUMENTS, type Named, namedBy, registryOf } from './named.ts';
import { isRewritten, namesOf } from './names.ts';
import { perCluster } from './per-cluster.ts';

/** Somebody in the cluster who asks for a Service by an outside address or name of it. */
export interface Caller {
  /** challenge: cert-manager's check of a host; auth-url: an Ingress has its controller ask; image: the kubelet pulls; names: a pod's manifest names it. */
  readonly sign: 'challenge' | 'auth-url' | 'image' | 'names';
  /** `pod shop/api-0`, `cert-manager`. */
  readonly who: string;
  /** `env API_URL names app.example.com`. */
  readonly how: string;
  readonly host: string;
  readonly port: number | null;
  readonly object: ObjectRef;
  /** The node it runs on, where that is known. */
  readonly node: Node | null;
  /** It serves that host itself, and may well only know its own name. */
  readonly isBackend: boolean;
  /** As a client of the prediction; null: it runs on no known node. */
  asker(): Asker | null;
}

export interface Callers {
  to(service: Service): readonly Caller[];
  /** Who names an address of a node with a node port of the Service, and which node's. */
  toNodePorts(service: Service): readonly (Caller & { readonly target: Node })[];
}

const AUTH_URL = 'nginx.ingress.kubernetes.io/auth-url';

export const callersOf: (scene: ClusterScene) => Callers = perCluster((scene) => {
  const found: Found = { byService: new Map(), byNodePort: new Map() };
  const reach = reachOf(scene);
  const certManager = scene.pods().all.filter(isCertManager);
  const models = new Map(scene.cluster.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
  const look = memo(hostsIn);
  const inConfig = namedInConfigOf(scene, ({ host, port }) => reach.nodePortAt(host, port) !== null || reach.servicesAt(host).length > 0);
  const callerFor = (pod: PodObject, rest: Pick<Caller, 'sign' | 'how' | 'host' | 'port'> & Partial<Caller>): Caller =>
    callerOf(scene, models.get(`${namespaceOf(pod.metadata)}/${pod.metadata.name}`) ?? null, pod, rest);
  for (const challenge of scene.objects('Challenge')) {
    const host = challenge.spec?.dnsName?.toLowerCase() ?? '';
    for (const service of asksByHttp(challenge) ? reach.servicesAt(host) : [])
      for (const pod of certManager.length === 0 ? [null] : certManager)
        append(found.byService, serviceKey(service), checker(challenge, pod === null ? null : callerFor(pod, checked(host))));
  }
  for (const front of scene.fronts().all)
    addAuthUrl(scene, front, reach, (service, pod, told) => append(found.byService, serviceKey(service), callerFor(pod, told)));
  // Those that only name an address come last: the others are sure to call.
  for (const pod of scene.pods().all) {
    if (isFinished(pod) || isSolver(pod)) continue;
    const given = inConfig(pod).filter(({ host }) => !isFrontOf(scene, reach, pod, host));
    for (const named of uniqueNames([...given, ...namedBy(pod, look)]))
      addNamed(found, reach, named, () => callerFor(pod, toldOf(scene, pod, named)));
    for (const named of imagesOf(pod)) {
      for (const service of reach.servicesAt(named.host))
        append(found.byService, serviceKey(service), puller(callerFor(pod, toldOf(scene, pod, named))));
    }
  }
  return {
    to: (service) => found.byService.get(serviceKey(service)) ?? [],
    toNodePorts: (service) => found.byNodePort.get(serviceKey(service)) ?? [],
  };
});

interface Found {
  readonly byService: Map<string, Caller[]>;
  readonly byNodePort: Map<string, (Caller & { readonly target: Node })[]>;
}

interface Reach {
  servicesAt(host: string): readonly Service[];
  nodePortAt(host: string, port: number | null): { readonly service: Service; readonly target: Node } | null;
}

/** What a name or an address leads to from outside. */
function reachOf(scene: ClusterScene): Reach {
  const names = namesOf(scene);
  const byAddress = new Map<string, Service[]>();
  const byNodePort = new Map<number, Service>();
  for (const service of scene.cluster.services) {
    const ips = [...service.externalIPs, ...service.ingress.flatMap(({ ip }) => (ip === null ? [] : [ip]))];
    for (const ip of new Set(ips)) append(byAddress, ip, service);
    for (const { nodePort } of service.ports) if (nodePort !== null) byNodePort.set(nodePort, service);
  }
  const nodes = new Map<string, Node>();
  for (const node of scene.cluster.nodes) for (const ip of [node.name, ...node.internalIPs, ...node.externalIPs]) nodes.set(ip, node);
  return {
    servicesAt: (host) => byAddress.get(host) ?? (isRewritten(scene, host) ? [] : names.servicesAt(host)),
    nodePortAt: (host, port) => {
      const [target, service] = [nodes.get(host), byNodePort.get(port ?? 0)];
      return target === undefined || service === undefined ? null : { service, target };
    },
  };
}

function addNamed({ byService, byNodePort }: Found, reach: Reach, { host, port }: Named, make: () => Caller): void {
  const at = reach.nodePortAt(host, port);
  if (at !== null) append(byNodePort, serviceKey(at.service), { ...make(), target: at.target });
  for (const service of reach.servicesAt(host))
    if (port === null || service.ports.some((one) => one.port === port)) append(byService, serviceKey(service), make());
}

// ---- one caller ------------------------------------------------------------------------------

function callerOf(
  { cluster }: ClusterScene,
  model: Pod | null,
  { metadata }: PodObject,
  rest: Pick<Caller, 'sign' | 'how' | 'host' | 'port'> & Partial<Caller>,
): Caller {
  const node = cluster.nodeByName.get(model?.node ?? '') ?? null;
  const namespace = namespaceOf(metadata);
  return {
    who: `pod ${namespace}/${metadata.name}`,
    object: { kind: 'Pod', namespace, name: metadata.name },
    node,
    isBackend: false,
    asker: () => (model === null || node === null ? null : podAsker(model, cluster)),
    ...rest,
  };
}

function toldOf(scene: ClusterScene, pod: PodObject, { host, port, where }: Named) {
  const isImage = where === 'its image';
  const how = isImage
    ? `its image comes from ${host}`
    : `${where} ${where === IN_ARGUMENTS ? 'name' : 'names'} ${port === null ? host : hostPort(host, port)}`;
  return { sign: isImage ? 'image' : 'names', how, host, port, isBackend: serves(scene, pod, host) } as const;
}

/** Whether a pod is one of those that an Ingress or a route sends this host's requests to. */
function serves(scene: ClusterScene, pod: PodObject, host: string): boolean {
  const namespace = namespaceOf(pod.metadata);
  return [...namesOf(scene).backendsAt(host)].some((key) => {
    const name = key.startsWith(`${namespace}/`) ? key.slice(namespace.length + 1) : null;
    const selector = name === null ? undefined : scene.object('Service', name, namespace)?.spec?.selector;
    return selector !== undefined && scene.pods().selected(namespace, selector).includes(pod);
  });
}

/** Whether a pod is the front itself for this host: a proxy's files are full of the hosts that it serves. */
function isFrontOf(scene: ClusterScene, reach: Reach, pod: PodObject, host: string): boolean {
  const namespace = namespaceOf(pod.metadata);
  return reach.servicesAt(host).some((service) => {
    const selector = service.namespace === namespace ? scene.object('Service', service.name, namespace)?.spec?.selector : undefined;
    return selector !== undefined && scene.pods().selected(namespace, selector).includes(pod);
  });
}

function uniqueNames(named: readonly Named[]): Named[] {
  return [...new Map(named.map((one) => [`${one.host} ${one.port}`, one])).values()];
}

function isFinished({ status }: PodObject): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

// ---- kubelets --------------------------------------------------------------------------------

function imagesOf({ spec }: PodObject): Named[] {
  const registries = (spec?.containers ?? []).flatMap(({ image = '' }) => registryOf(image) ?? []);
  return uniqueNames(registries.map((registry) => ({ ...registry, where: 'its image' })));
}

/** Images are pulled by the node, not by the pod. */
function puller(caller: Caller): Caller {
  const { node } = caller;
  return {
    ...caller,
    who: node === null ? `the kubelet of ${caller.who}` : `the kubelet of node ${node.name}`,
    how: `the image of ${caller.who} comes from ${caller.host}`,
    asker: () => (node === null ? null : nodeAsker(node, true)),
  };
}

// ---- cert-manager ----------------------------------------------------------------------------

function isCertManager({ metadata: { labels = {} }, spec, status }: PodObject): boolean {
  if (status?.phase !== 'Running') return false;
  const isOfIt = labels['app.kubernetes.io/name'] === 'cert-manager' || labels['app'] === 'cert-manager';
  const component = labels['app.kubernetes.io/component'];
  const images = (spec?.containers ?? []).map(({ image = '' }) => image);
  return (
    (isOfIt && (component === undefined || component === 'controller')) || images.some((image) => /cert-manager-controller/.test(image))
  );
}

/** It answers challenges, and names the host that it answers for. */
function isSolver({ metadata: { labels = {} } }: PodObject): boolean {
  return labels['acme.cert-manager.io/http01-solver'] === 'true';
}

/** DNS-01 asks name servers, not the host. */
function asksByHttp({ spec, status }: ChallengeObject): boolean {
  return spec?.type !== 'DNS-01' && status?.state !== 'valid';
}

function checked(host: string) {
  return { sign: 'challenge', how: `checks http://${host}/.well-known/acme-challenge/`, host, port: 80 } as const;
}

function checker({ metadata, spec }: ChallengeObject, by: Caller | null): Caller {
  const host = spec?.dnsName?.toLowerCase() ?? '';
  const base = by ?? { ...checked(host), node: null, isBackend: false, asker: () => null };
  const namespace = namespaceOf(metadata);
  return {
    ...base,
    who: by === null ? 'cert-manager' : `cert-manager (${by.who})`,
    object: { kind: 'Challenge', namespace, name: metadata.name },
  };
}

// ---- ingress controllers ---------------------------------------------------------------------

/** The controller's pods ask the auth-url of an Ingress; auth-signin is where browsers are sent, and nobody in the cluster asks it. */
function addAuthUrl(
  scene: ClusterScene,
  front: Front,
  reach: Reach,
  add: (service: Service, pod: PodObject, told: Pick<Caller, 'sign' | 'how' | 'host' | 'port'>) => void,
): void {
  const [url] = hostsIn(front.annotations[AUTH_URL] ?? '');
  if (url === undefined) return;
  const how = `${AUTH_URL} of Ingress ${front.namespace}/${front.name} names ${url.host}`;
  for (const service of reach.servicesAt(url.host)) {
    for (const controller of scene.fronts().controllersOf(front)) {
      const selector = scene.object('Service', controller.name, controller.namespace)?.spec?.selector ?? {};
      for (const pod of scene.pods().selected(controller.namespace, selector)) add(service, pod, { sign: 'auth-url', how, ...url });
    }
  }
}
