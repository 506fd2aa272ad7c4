import type { CustomKind, CustomObject } from '../../cluster/objects.ts';
import type { ClusterScene } from '../scene.ts';

/** Custom resources of a kind: one type stands for all of them, so that the kind does not narrow it. */
export function customOf(scene: ClusterScene, kind: CustomKind): readonly CustomObject[] {
  return scene.objects(kind) as readonly CustomObject[];
}
