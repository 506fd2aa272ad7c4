import type { Evidence, Gap } from '../cluster/evidence.ts';
import type { NodeObject, PodObject } from '../cluster/objects.ts';
import { keepEndpoints, keyOfPod } from './places.ts';
import type { Changed } from './stage.ts';
import { nodeObject, objectsOf, replaced } from './stage.ts';

const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';

/** New pods keep away; whatever runs there goes on, and kube-proxy does not look at it. */
export function cordon(evidence: Evidence, name: string): Changed {
  nodeObject(evidence, name);
  return { evidence: replaced(evidence, 'Node', (node) => (node.metadata.name === name ? cordoned(node) : node)) };
}

function cordoned(node: NodeObject): NodeObject {
  const taints = (node.spec?.taints ?? []).filter(({ key }) => key !== UNSCHEDULABLE);
  return { ...node, spec: { ...node.spec, unschedulable: true, taints: [...taints, { key: UNSCHEDULABLE, effect: 'NoSchedule' }] } };
}

/** kubectl drain: cordons, and evicts all pods but those of DaemonSets and the kubelet's own (static) ones. */
export function drain(evidence: Evidence, name: string): Changed {
  const { evidence: closed } = cordon(evidence, name);
  const pods = objectsOf(evidence, 'Pod').filter((pod) => pod.spec?.nodeName === name);
  const staying = new Set(pods.filter(stays).map(keyOfPod));
  const known = new Set(pods.map(keyOfPod));
  const unknown = new Set<string>();
  const evicted = new Set<string>();
  const kept = keepEndpoints(closed, ({ node, pod }) => {
    // Endpoints that are no pods were written by hand; nobody evicts them.
    if (node !== name || pod === null || staying.has(pod)) return true;
    evicted.add(pod);
    if (!known.has(pod)) unknown.add(pod);
    return false;
  });
  const gone = replaced(kept, 'Pod', (pod) => (pod.spec?.nodeName === name && !stays(pod) ? null : pod));
  return { evidence: gone, gaps: drainGaps(name, { evicted: [...evicted], unknown: [...unknown], bare: pods.filter(isBare) }) };
}

function stays({ metadata }: PodObject): boolean {
  return (metadata.ownerReferences ?? []).some(({ kind }) => kind === 'DaemonSet' || kind === 'Node');
}

function isBare(pod: PodObject): boolean {
  return (pod.metadata.ownerReferences ?? []).length === 0;
}

interface Evicted {
  readonly evicted: readonly string[];
  readonly unknown: readonly string[];
  readonly bare: readonly PodObject[];
}

function drainGaps(node: string, { evicted, unknown, bare }: Evicted): Gap[] {
  const gaps: Gap[] = [];
  const again = evicted.filter((pod) => !bare.some((each) => keyOfPod(each) === pod));
  if (again.length > 0)
    gaps.push({
      what: `where ${list(again)} will run`,
      why: `the scheduler decides it when ${node} is drained; told here is the time without them`,
    });
  if (unknown.length > 0)
    gaps.push({ what: `whether ${list(unknown)} belong to a DaemonSet`, why: 'the pods were not read; taken for evicted' });
  if (bare.length > 0)
    gaps.push({
      what: `whether ${list(bare.map(keyOfPod))} may go`,
      why: 'no controller makes them anew: kubectl drain needs --force; taken for evicted',
    });
  return gaps;
}

const MOST_NAMES = 3;

export function list(names: readonly string[]): string {
  if (names.length <= MOST_NAMES) return names.join(', ');
  return `${names.slice(0, MOST_NAMES).join(', ')} and ${names.length - MOST_NAMES} more`;
}
