import { namespaceOf } from '../../cluster/endpoints.ts';
import type { EndpointSliceObject } from '../../cluster/objects.ts';
import { append } from '../scene/lazy.ts';
import { perCluster } from '../scene/per-cluster.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, shellWord } from '../words.ts';
import { selectorOf } from './selected.ts';

interface Misnamed extends Fact {
  readonly slice: string;
  readonly has: readonly string[];
  readonly wanted: readonly string[];
}

const slicesByService = perCluster((scene): ReadonlyMap<string, readonly EndpointSliceObject[]> => {
  const found = new Map<string, EndpointSliceObject[]>();
  for (const slice of scene.objects('EndpointSlice')) {
    const name = slice.metadata.labels?.['kubernetes.io/service-name'];
    if (name !== undefined) append(found, `${namespaceOf(slice.metadata)}/${name}`, slice);
  }
  return found;
});

/** kube-proxy joins slices with Service ports by the port's name; hand-written slices often lack it. */
export const portNameMismatchSlice = defineServiceRule<Misnamed>({
  id: 'port-name-mismatch-slice',
  title: 'a hand-written EndpointSlice names its ports otherwise than the Service',
  severity: 'error',
  needs: ['EndpointSlice'],
  anyDataplane: true,
  detect: (scene) => {
    if (selectorOf(scene) !== null) return [];
    const wanted = scene.service.ports.map(({ name }) => name);
    return (slicesByService(scene.cluster).get(scene.key) ?? []).flatMap(({ metadata, ports, endpoints }) => {
      const has = (ports ?? []).map(({ name }) => name ?? '');
      if ((endpoints ?? []).length === 0 || has.some((name) => wanted.includes(name))) return [];
      return [
        {
          key: metadata.name,
          objects: [{ kind: 'EndpointSlice', name: metadata.name, namespace: scene.service.namespace }],
          slice: metadata.name,
          has,
          wanted,
        },
      ];
    });
  },
  tell: ({ slice, has, wanted }, scene) => ({
    message: `EndpointSlice ${slice} of ${scene.key} has none of the Service's ports: its endpoints are never used`,
    why: `its ports are named ${quoted(has)}, the Service's ${quoted(wanted)}, and kube-proxy joins them by name`,
    remedy: `Give the port the same name in both (none in both, for a single port): kubectl edit endpointslice ${shellWord(slice)} -n ${shellWord(scene.service.namespace)}`,
  }),
});

function quoted(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : nameList(names.map((name) => JSON.stringify(name)));
}
