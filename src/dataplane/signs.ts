import type { Evidence } from '../cluster/evidence.ts';
import type { Cluster } from '../cluster/model.ts';
import type { ConfigMapObject, ContainerObject, CustomKind, CustomObject, DaemonSetObject, Kind, PodObject } from '../cluster/objects.ts';

/** What among the gathered objects reveals a data plane, ready to be looked up. */
export interface Signs {
  readonly cluster: Cluster;
  readonly daemonSets: readonly DaemonSetObject[];
  readonly pods: readonly PodObject[];
  readonly configMaps: readonly ConfigMapObject[];
  custom(kind: CustomKind): readonly CustomObject[];
  /** Whether all objects of a kind were read, so that absence means something. */
  isComplete(kind: Kind): boolean;
}

export function signsOf(evidence: Evidence, cluster: Cluster): Signs {
  const ofKind = <K extends Kind>(kind: K) => evidence.objects.filter((object) => object.kind === kind);
  return {
    cluster,
    daemonSets: ofKind('DaemonSet') as DaemonSetObject[],
    pods: ofKind('Pod') as PodObject[],
    configMaps: ofKind('ConfigMap') as ConfigMapObject[],
    custom: (kind) => ofKind(kind) as CustomObject[],
    isComplete: (kind) => evidence.complete.has(kind),
  };
}

/** The DaemonSets of that name, in any namespace. */
export function daemonSet(signs: Signs, ...names: readonly string[]): DaemonSetObject | null {
  return signs.daemonSets.find((object) => names.includes(object.metadata.name)) ?? null;
}

export function configMap(signs: Signs, name: string): ConfigMapObject | null {
  return signs.configMaps.find((object) => object.metadata.name === name) ?? null;
}

/** All containers of a DaemonSet's pods. */
export function containersOf(object: DaemonSetObject): readonly ContainerObject[] {
  return object.spec?.template?.spec?.containers ?? [];
}

/** An environment variable from any container; null: its value stands elsewhere (a ConfigMap, a field), undefined: there is no such variable. */
export function envOf(object: DaemonSetObject, name: string): string | null | undefined {
  const entries = containersOf(object).flatMap((container) => container.env ?? []);
  const found = entries.filter((entry) => entry.name === name);
  return found.length === 0 ? undefined : (found.find((entry) => entry.value !== undefined)?.value ?? null);
}

/** `Kind ns/name`, for evidence lists. */
export function cite(object: { readonly kind: string; readonly metadata: { readonly namespace?: string; readonly name: string } }): string {
  const { namespace, name } = object.metadata;
  return `${object.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
