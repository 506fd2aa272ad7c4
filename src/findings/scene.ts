import { createOracles, type Oracle } from '../analysis/flows.ts';
import type { Follow } from '../analysis/follow.ts';
import { type Provider, providerOf } from '../analysis/providers.ts';
import type { VerifyReport } from '../analysis/verify-report.ts';
import { keyOf } from '../cluster/endpoints.ts';
import type { Evidence } from '../cluster/evidence.ts';
import { clusterFrom, groupByKind, of } from '../cluster/from-kubernetes.ts';
import type { Cluster, Endpoint, Node, Service } from '../cluster/model.ts';
import { serviceKey } from '../cluster/model.ts';
import type { Kind, KubeObject, PodObject, ServiceObject } from '../cluster/objects.ts';
import { detectDataplane } from '../dataplane/detect.ts';
import type { Dataplane } from '../dataplane/types.ts';
import { type Balancer, balancersOf } from './scene/balancer.ts';
import { type Fronts, indexFronts } from './scene/fronts.ts';
import { lazy, memo } from './scene/lazy.ts';
import { indexPods, type PodIndex } from './scene/pods.ts';
import { type Slot, slotsOf } from './scene/slots.ts';

/** What rules look at besides the cluster's objects. */
export interface SceneExtras {
  /** Rules of the nodes against the expected ones, where they were asked for. */
  readonly verified?: VerifyReport;
  /** Follows a Service's flows through the rules of the nodes, where they were asked for. */
  readonly follow?: Follow;
  /** Services whose endpoints nobody can know yet, with the reason: their pods do not exist. */
  readonly endpointsUnknown?: ReadonlyMap<string, string>;
  /** Services (`ns/name`) that are in no cluster yet: what an API server allocates is missing, and that is no fault. */
  readonly unapplied?: ReadonlySet<string>;
  /** Services that manifests were laid over. */
  readonly fromManifests?: ReadonlySet<string>;
  /** Whether a TCP connection comes to a node's own processes, by the rules that were read from it. */
  readonly probeHost?: HostProbe;
}

/** Null: the node's rules were not read, or do not decide. */
export type HostProbe = (
  node: string,
  packet: { readonly source: string; readonly port: number },
) =>
  | { readonly reaches: true }
  | { readonly reaches: false; readonly hook: string; readonly line: string | null; readonly outcome: 'dropped' | 'rejected' }
  | null;

/** One cluster as all rules share it; everything that takes time is computed when a rule first asks for it. */
export interface ClusterScene {
  readonly evidence: Evidence;
  readonly cluster: Cluster;
  readonly dataplane: Dataplane;
  readonly verified: VerifyReport | null;
  readonly extras: SceneExtras;
  /** Every object of this kind was read: what is absent does not exist. */
  has(kind: Kind): boolean;
  objects<K extends Kind>(kind: K): readonly Extract<KubeObject, { kind: K }>[];
  /** An object by its name; the namespace is that of namespaced kinds. */
  object<K extends Kind>(kind: K, name: string, namespace?: string): Extract<KubeObject, { kind: K }> | null;
  readonly pods: () => PodIndex;
  readonly fronts: () => Fronts;
  /** Whether what a node's data plane does can be told. */
  isModelled(node: string): boolean;
  /** known: seen or derived on some node; assumed: supposed to be kube-proxy; unknown: none of the nodes' data planes is modelled. */
  readonly plane: 'known' | 'assumed' | 'unknown';
  /** Predicts flows to a Service: `scene.oracle(service).ask(client, target, via)`; clients come from analysis/clients.ts. */
  oracle(service: Service): Oracle;
  scene(service: Service): ServiceScene;
}

/** One Service and what its rules share. */
export interface ServiceScene {
  readonly cluster: ClusterScene;
  readonly service: Service;
  /** `ns/name`. */
  readonly key: string;
  /** As the API has it, for fields that the model leaves out; null: not there (it never is for a Service that was read). */
  readonly object: ServiceObject | null;
  /** externalTrafficPolicy is Local and in force. */
  readonly isLocal: boolean;
  /** Clients outside the cluster can reach it: node ports, a load balancer, externalIPs. */
  readonly isExternal: boolean;
  readonly isUnapplied: boolean;
  /** Ports × families. */
  readonly slots: () => readonly Slot[];
  /** Each endpoint once, whatever its ports. */
  readonly endpoints: () => readonly Endpoint[];
  /** LB addresses for which kube-proxy writes rules (ipMode is not Proxy). */
  readonly vips: readonly string[];
  /** Who implements its load balancer; null: unknown, or no LoadBalancer Service. */
  readonly provider: () => Provider | null;
  readonly balancer: () => Balancer;
  /** The pods that its selector picks; finished ones included. */
  readonly selected: () => readonly PodObject[];
  readonly oracle: () => Oracle;
  /** What rules computed for each other (scene/per-cluster.ts), by its kind. */
  readonly shared: Map<object, unknown>;
}

export function createClusterScene(evidence: Evidence, extras: SceneExtras = {}): ClusterScene {
  const cluster = clusterFrom(evidence);
  return sceneOf({ evidence, cluster, dataplane: detectDataplane(evidence, cluster) }, extras);
}

/** A scene of parts that are already there. */
export function sceneOf(
  { evidence, cluster, dataplane }: { readonly evidence: Evidence; readonly cluster: Cluster; readonly dataplane: Dataplane },
  extras: SceneExtras = {},
): ClusterScene {
  const byKind = groupByKind(evidence.objects);
  const named = memo((kind: Kind) => new Map(of(byKind, kind).map((object) => [keyOf(object.metadata), object])));
  const oracles = lazy(() => createOracles(cluster, dataplane));
  const balancers = balancersOf(cluster);
  const scene: ClusterScene = {
    evidence,
    cluster,
    dataplane,
    extras,
    verified: extras.verified ?? null,
    has: (kind) => evidence.complete.has(kind),
    objects: (kind) => of(byKind, kind),
    object: <K extends Kind>(kind: K, name: string, namespace = 'default') =>
      (named(kind).get(`${namespace}/${name}`) ?? null) as Extract<KubeObject, { kind: K }> | null,
    pods: lazy(() => indexPods(of(byKind, 'Pod'))),
    fronts: lazy(() =>
      indexFronts(cluster, {
        ingresses: of(byKind, 'Ingress'),
        classes: of(byKind, 'IngressClass'),
        gateways: of(byKind, 'Gateway'),
        routes: [...of(byKind, 'HTTPRoute'), ...of(byKind, 'GRPCRoute'), ...of(byKind, 'TLSRoute')],
      }),
    ),
    isModelled: (node) => (dataplane.classOf.get(node)?.candidates.length ?? 0) > 0,
    plane: planeOf(dataplane),
    oracle: (service) => oracles()(service),
    scene: (service) => serviceScene(scene, service, balancers),
  };
  return scene;
}

function planeOf({ classes }: Dataplane): ClusterScene['plane'] {
  const modelled = classes.filter((entry) => entry.candidates.length > 0);
  if (modelled.length === 0) return 'unknown';
  return modelled.every((entry) => entry.confidence === 'assumed') ? 'assumed' : 'known';
}

function serviceScene(cluster: ClusterScene, service: Service, balancers: ReturnType<typeof balancersOf>): ServiceScene {
  const object = cluster.object('Service', service.name, service.namespace);
  const provider = lazy(() => (service.type === 'LoadBalancer' ? providerOf(service, cluster.cluster) : null));
  const isOutside = service.externalTrafficPolicy !== null && service.unproxied === null;
  return {
    cluster,
    service,
    key: serviceKey(service),
    object,
    isLocal: isOutside && service.externalTrafficPolicy === 'Local',
    isExternal: isOutside,
    isUnapplied: cluster.extras.unapplied?.has(serviceKey(service)) === true,
    slots: lazy(() => slotsOf(service, object)),
    endpoints: lazy(() => [...new Map(service.ports.flatMap((port) => port.endpoints.map((one) => [one.address, one]))).values()]),
    vips: service.ingress.filter(({ ipMode }) => ipMode !== 'Proxy').flatMap(({ ip }) => (ip === null ? [] : [ip])),
    provider,
    balancer: lazy(() => balancers(service, provider())),
    selected: lazy(() => cluster.pods().selected(service.namespace, object?.spec?.selector ?? {})),
    oracle: lazy(() => cluster.oracle(service)),
    shared: new Map(),
  };
}

interface NodeRef {
  readonly kind: string;
  readonly name: string;
}

/** Thousands of findings may name the same fifty nodes. */
const nodeRefs = new WeakMap<Node, NodeRef>();

/** A node as findings name it. */
export function nodeRef(node: Node | string): NodeRef {
  if (typeof node === 'string') return { kind: 'Node', name: node };
  const known = nodeRefs.get(node) ?? { kind: 'Node', name: node.name };
  nodeRefs.set(node, known);
  return known;
}
