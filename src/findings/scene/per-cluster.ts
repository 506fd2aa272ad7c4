import type { ClusterScene, ServiceScene } from '../scene.ts';

/** Something about a cluster that several rules want, computed when it is first asked for. */
export function perCluster<T>(compute: (scene: ClusterScene) => T): (scene: ClusterScene) => T {
  const known = new WeakMap<ClusterScene, { readonly value: T }>();
  return (scene) => {
    const found = known.get(scene) ?? { value: compute(scene) };
    known.set(scene, found);
    return found.value;
  };
}

/**
 * Something about a Service that several rules want. It is kept by the scene itself: entries of a WeakMap outlive every small collection,
 * and thousands of Services would fill the memory before a great one comes.
 */
export function perService<T>(compute: (scene: ServiceScene) => T): (scene: ServiceScene) => T {
  const key = { compute };
  return (scene) => {
    if (scene.shared.has(key)) return scene.shared.get(key) as T;
    const value = compute(scene);
    scene.shared.set(key, value);
    return value;
  };
}
