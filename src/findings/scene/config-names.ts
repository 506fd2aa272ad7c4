import { hostsOfConfigMap } from '../../cluster/config-hosts.ts';
import { namespaceOf } from '../../cluster/endpoints.ts';
import type { ConfigHostsObject, ConfigMapMount, ContainerObject, PodObject } from '../../cluster/objects.ts';
import { hostsIn, type NamedHost } from '../../net/named-hosts.ts';
import type { ClusterScene } from '../scene.ts';
import { memo } from './lazy.ts';
import type { Named } from './named.ts';

/** Hosts that a pod is given by ConfigMaps: in its environment, and as files. */
export type NamedInConfig = (pod: PodObject) => readonly Named[];

interface KeyHost extends NamedHost {
  readonly key: string;
}

/** Only hosts that `counts` are looked for: ConfigMaps are full of names. */
export function namedInConfigOf(scene: ClusterScene, counts: (host: NamedHost) => boolean): NamedInConfig {
  const maps = mapsOf(scene);
  if (maps.size === 0) return () => [];
  const hostsOf = memo((id: string): readonly KeyHost[] =>
    Object.entries(maps.get(id)?.() ?? {}).flatMap(([key, hosts]) =>
      hosts.flatMap((text) =>
        hostsIn(text)
          .filter(counts)
          .map((host) => ({ ...host, key })),
      ),
    ),
  );
  return (pod) => {
    const refs = refsOf(pod);
    if (refs.length === 0) return [];
    const namespace = namespaceOf(pod.metadata);
    return refs.flatMap(({ map, keys, where }) =>
      hostsOf(`${namespace}/${map}`)
        .filter(({ key }) => keys === null || keys.includes(key))
        .map(({ key, host, port }) => ({ host, port, where: `${where(key)} (ConfigMap ${map}, key ${key})` })),
    );
  };
}

function mapsOf(scene: ClusterScene): ReadonlyMap<string, () => ConfigHostsObject['hosts']> {
  const maps = new Map<string, () => ConfigHostsObject['hosts']>();
  for (const { metadata, hosts } of scene.objects('ConfigHosts')) maps.set(`${namespaceOf(metadata)}/${metadata.name}`, () => hosts);
  // Some are known whole: what a manifest says of one counts more than what was read of it before.
  for (const whole of scene.objects('ConfigMap'))
    maps.set(`${namespaceOf(whole.metadata)}/${whole.metadata.name}`, () => hostsOfConfigMap(whole));
  return maps;
}

interface Ref {
  readonly map: string;
  /** Null: all of them. */
  readonly keys: readonly string[] | null;
  readonly where: (key: string) => string;
}

function refsOf({ spec }: PodObject): readonly Ref[] {
  const files = (spec?.volumes ?? []).flatMap(({ configMap, projected }) => [
    ...(configMap === undefined ? [] : [configMap]),
    ...(projected?.sources ?? []).map((source) => source.configMap),
  ]);
  const inFiles = files.flatMap((mount) => (mount.name === undefined ? [] : [mounted(mount, mount.name)]));
  return [...inFiles, ...(spec?.containers ?? []).flatMap(inEnvironment)];
}

function mounted({ items }: ConfigMapMount, map: string): Ref {
  return { map, keys: items?.map(({ key }) => key) ?? null, where: () => 'a file' };
}

function inEnvironment({ env = [], envFrom = [] }: ContainerObject): readonly Ref[] {
  const single = env.flatMap(({ name, valueFrom }): Ref[] => {
    const ref = valueFrom?.configMapKeyRef;
    return ref?.key === undefined ? [] : [{ map: ref.name, keys: [ref.key], where: () => `env ${name}` }];
  });
  const all = envFrom.map(({ configMapRef }): Ref => ({ map: configMapRef.name, keys: null, where: (key) => `env ${key}` }));
  return [...all, ...single];
}
