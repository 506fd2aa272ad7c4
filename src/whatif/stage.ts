import type { Evidence, Gap } from '../cluster/evidence.ts';
import type { Kind, KubeObject } from '../cluster/objects.ts';
import { Failure } from '../net/failure.ts';
import { didYouMean } from '../net/near.ts';

/** The Service that the question is about. */
export interface Subject {
  readonly namespace: string;
  readonly name: string;
  /** Ports that are asked about by number: none of them may stand in for one that is not given yet. */
  readonly portsAsked?: readonly number[];
}

/** Numbers and addresses that stand in for what nobody knows before the change is made: told as unknown, never shown. */
export interface StandIns {
  readonly ports: readonly number[];
  readonly addresses: readonly string[];
}

/** The cluster after some changes. Where these leave something open there are several possible clusters; what they disagree in is not known. */
export interface Stage extends StandIns {
  readonly possible: readonly [Evidence, ...Evidence[]];
  /** What the change leaves open, and what was supposed for it. */
  readonly gaps: readonly Gap[];
}

/** One cluster after one change. */
export interface Changed extends Partial<StandIns> {
  readonly evidence: Evidence;
  readonly gaps?: readonly Gap[];
}

export function firstStage(evidence: Evidence): Stage {
  return { possible: [evidence], gaps: [], ports: [], addresses: [] };
}

/** The next stage, when each possible cluster becomes these. */
export function nextStage(stage: Stage, change: (evidence: Evidence) => Changed | readonly Changed[]): Stage {
  const found = stage.possible.flatMap((evidence) => change(evidence));
  const [first, ...others] = found;
  if (first === undefined) throw new Error('a change left no cluster');
  return {
    possible: [first.evidence, ...others.map(({ evidence }) => evidence)],
    gaps: [...stage.gaps, ...found.flatMap(({ gaps = [] }) => gaps)],
    ports: [...stage.ports, ...found.flatMap(({ ports = [] }) => ports)],
    addresses: [...stage.addresses, ...found.flatMap(({ addresses = [] }) => addresses)],
  };
}

export function objectsOf<K extends Kind>(evidence: Evidence, kind: K): Extract<KubeObject, { kind: K }>[] {
  return evidence.objects.filter((object) => object.kind === kind) as Extract<KubeObject, { kind: K }>[];
}

/** The evidence with every object of a kind replaced; null takes it away. */
export function replaced<K extends Kind>(
  evidence: Evidence,
  kind: K,
  replace: (object: Extract<KubeObject, { kind: K }>) => KubeObject | null,
): Evidence {
  const objects = evidence.objects.map((object) => (object.kind === kind ? replace(object as Extract<KubeObject, { kind: K }>) : object));
  return { ...evidence, objects: objects.filter((object) => object !== null) };
}

export function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? 'default';
}

/** The node of that name; a Failure with near matches otherwise. */
export function nodeObject(evidence: Evidence, name: string): Extract<KubeObject, { kind: 'Node' }> {
  const nodes = objectsOf(evidence, 'Node');
  const found = nodes.find((node) => node.metadata.name === name);
  if (found !== undefined) return found;
  const hint = didYouMean(
    name,
    nodes.map((node) => node.metadata.name),
  );
  throw new Failure(`node "${name}" not found`, hint ?? 'see kubectl get nodes');
}
