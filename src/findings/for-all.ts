import type { Evidence } from '../cluster/evidence.ts';
import type { Cluster, Service } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import { check } from './check.ts';
import type { CheckFinding } from './check-report.ts';
import { sceneOf } from './scene.ts';

/** The findings about these Services, and about nodes and cluster, over a cluster that was understood already. */
export function findingsOfAll(
  { evidence, cluster, dataplane }: { readonly evidence: Evidence; readonly cluster: Cluster; readonly dataplane: Dataplane },
  services: readonly Service[],
): readonly CheckFinding[] {
  return check(sceneOf({ evidence, cluster, dataplane }), { services }).findings;
}
