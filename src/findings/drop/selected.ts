import type { ContainerObject, PodObject, ServiceObject } from '../../cluster/objects.ts';
import { perService } from '../scene/per-cluster.ts';
import { matchesLabels } from '../scene/selector.ts';
import type { ServiceScene } from '../scene.ts';

/** What several rules about selectors, pods and target ports share. */

type PortObject = NonNullable<NonNullable<ServiceObject['spec']>['ports']>[number];

/** The Service's selector; null where it has none and somebody else writes its endpoints. */
export function selectorOf({ object }: ServiceScene): Readonly<Record<string, string>> | null {
  const selector = object?.spec?.selector ?? {};
  return Object.keys(selector).length === 0 ? null : selector;
}

/** The pods that the selector picks and that have not finished. */
export const livingPods = perService((scene: ServiceScene): readonly PodObject[] =>
  scene.selected().filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed'),
);

/** A workload whose pods the selector would pick and that is meant to have none: `Deployment web`. */
export function scaledToZero(scene: ServiceScene): string | null {
  const selector = selectorOf(scene);
  if (selector === null) return null;
  if (Object.keys(scene.service.labels).some((key) => key.startsWith('serving.knative.dev/'))) return 'a Knative revision';
  for (const kind of ['Deployment', 'StatefulSet'] as const) {
    for (const { metadata, spec } of scene.cluster.objects(kind)) {
      if (spec?.replicas !== 0 || (metadata.namespace ?? 'default') !== scene.service.namespace) continue;
      if (matchesLabels(selector, spec.template?.metadata?.labels ?? {})) return `${kind} ${metadata.name}`;
    }
  }
  return null;
}

/** How the selected pods resolve a named targetPort. */
export interface Resolution {
  /** Label of the Service port: its name or number. */
  readonly port: string;
  readonly targetPort: string;
  readonly protocol: string;
  readonly pods: number;
  readonly unresolved: readonly PodObject[];
  /** Some container has the name with another protocol. */
  readonly otherProtocol: string | null;
}

/** Of each port with a named targetPort. */
export const resolutions = perService((scene: ServiceScene): readonly Resolution[] => {
  const pods = livingPods(scene);
  return (scene.object?.spec?.ports ?? []).flatMap((port) => {
    const { targetPort, protocol = 'TCP' } = port;
    if (typeof targetPort !== 'string') return [];
    const listed = listedFor(scene, port);
    const unresolved = pods.filter((pod) => !named(pod, targetPort).includes(protocol) && !listed.has(pod.metadata.name));
    const other = unresolved.flatMap((pod) => named(pod, targetPort))[0] ?? null;
    return [{ port: labelOf(port), targetPort, protocol, pods: pods.length, unresolved, otherProtocol: other }];
  });
});

/** Pods that EndpointSlices list for a port: whatever their manifests say, it was found there. Slices tell nothing yet of a manifest that is only planned. */
function listedFor({ service, key, cluster }: ServiceScene, { name = '', port, protocol = 'TCP' }: PortObject): ReadonlySet<string> {
  if (cluster.extras.fromManifests?.has(key) === true) return new Set();
  const own = service.ports.find((one) => one.name === name && one.port === port && one.protocol === protocol);
  return new Set((own?.endpoints ?? []).flatMap(({ pod }) => pod?.name ?? []));
}

/** A port that a Service sends to by number, and that none of its pods declares although they declare others. */
export interface Undeclared {
  readonly port: string;
  readonly targetPort: number;
  readonly declared: readonly number[];
}

/** Declaring ports is a habit and no duty: pods that declare none tell nothing, and one that declares the number speaks for all. */
export function undeclaredPorts(scene: ServiceScene): readonly Undeclared[] {
  const lists = livingPods(scene).map(declaredBy);
  if (lists.length === 0 || lists.some((ports) => ports.length === 0)) return [];
  const declared = [...new Set(lists.flat())].sort((a, b) => a - b);
  return (scene.object?.spec?.ports ?? []).flatMap((port) => {
    const targetPort = port.targetPort ?? port.port;
    return typeof targetPort === 'string' || declared.includes(targetPort) ? [] : [{ port: labelOf(port), targetPort, declared }];
  });
}

function declaredBy({ spec }: PodObject): number[] {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].flatMap(({ ports = [] }) =>
    ports.map((port) => port.containerPort),
  );
}

function labelOf({ name, port }: PortObject): string {
  return name === undefined || name === '' ? String(port) : name;
}

/** The protocols with which a pod has a port of that name. */
function named({ spec }: PodObject, name: string): string[] {
  const containers: readonly Pick<ContainerObject, 'ports'>[] = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return containers.flatMap(({ ports = [] }) => ports.filter((port) => port.name === name).map((port) => port.protocol ?? 'TCP'));
}
