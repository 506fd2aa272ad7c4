import type { ClusterScene, ServiceScene } from '../scene.ts';

/** Something about a cluster that several rules want, computed when it is first asked for. */
export function perCluster<T>(compute: (scene: ClusterScene) => T): (scene: ClusterScene) => T {
  return once(compute);
}

/** Something about a Service that several rules want. */
export function perService<T>(compute: (scene: ServiceScene) => T): (scene: ServiceScene) => T {
  return once(compute);
}

function once<S extends object, T>(compute: (scene: S) => T): (scene: S) => T {
  const known = new WeakMap<S, { readonly value: T }>();
  return (scene) => {
    const found = known.get(scene) ?? { value: compute(scene) };
    known.set(scene, found);
    return found.value;
  };
}
