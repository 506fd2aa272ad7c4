import type { Evidence } from '../cluster/evidence.ts';
import type { Change } from './change.ts';
import { inOrder } from './change.ts';
import { applyManifests } from './manifests.ts';
import { cordon, drain } from './nodes.ts';
import { deletePod, movePod } from './pods.ts';
import { changeProxy } from './proxy.ts';
import { scale } from './scale.ts';
import { setFields } from './service.ts';
import type { Changed, Stage, Subject } from './stage.ts';
import { firstStage, nextStage } from './stage.ts';

/** The cluster after all of these changes. Throws a Failure for what the API server or a controller would refuse. */
export function applyChanges(evidence: Evidence, subject: Subject, changes: readonly Change[]): Stage {
  const fields = changes.flatMap((change) => (change.kind === 'set' ? [change] : []));
  const rest = inOrder(changes.filter((change) => change.kind !== 'set' || change === fields[0]));
  return rest.reduce((stage, change) => nextStage(stage, (each) => applied(each, subject, change, fields)), firstStage(evidence));
}

function applied(
  evidence: Evidence,
  subject: Subject,
  change: Change,
  fields: Parameters<typeof setFields>[2],
): Changed | readonly Changed[] {
  switch (change.kind) {
    case 'manifests':
      return applyManifests(evidence, change, subject);
    case 'set':
      return setFields(evidence, subject, fields);
    case 'cordon':
      return cordon(evidence, change.node);
    case 'drain':
      return drain(evidence, change.node);
    case 'delete-pod':
      return deletePod(evidence, change);
    case 'move':
      return movePod(evidence, change, change.node);
    case 'scale':
      return scale(evidence, subject, change.replicas);
    case 'kube-version':
    case 'proxy-mode':
    case 'detect-local':
      return changeProxy(evidence, change);
  }
}
