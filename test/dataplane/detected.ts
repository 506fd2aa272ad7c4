import { clusterFrom } from '../../src/cluster/from-kubernetes.ts';
import type { Kind } from '../../src/cluster/objects.ts';
import { detectDataplane } from '../../src/dataplane/detect.ts';
import type { Dataplane, DataplaneClass, Detector, PodNetwork } from '../../src/dataplane/types.ts';
import { evidenceOf } from '../cluster/objects.ts';

export function detected(raw: readonly unknown[], complete: readonly Kind[] = []): Dataplane {
  const evidence = evidenceOf(raw, complete);
  return detectDataplane(evidence, clusterFrom(evidence));
}

/** The only class of a cluster whose nodes are all alike. */
export function onlyClass(raw: readonly unknown[], complete: readonly Kind[] = []): DataplaneClass {
  const [found, ...others] = detected(raw, complete).classes;
  if (found === undefined || others.length > 0) throw new Error(`${others.length + 1} classes`);
  return found;
}

/** Everything about the pod network but how the CNI masquerades, and every way in which it may. */
export function network(raw: readonly unknown[]): PodNetwork & { readonly styles: readonly string[] } {
  const { networks } = detected(raw);
  const [first] = networks;
  if (first === undefined) throw new Error('no network');
  return { ...first, styles: networks.map(({ masquerade }) => masquerade.style) };
}

export function shownDetector(detector: Detector): string {
  return detector.kind === 'cidr' ? detector.cidr.text : detector.kind;
}

/** The IPv4 detectors of all candidates, each once. */
export function detectors(found: DataplaneClass): string[] {
  return [...new Set(found.candidates.map(({ detector }) => shownDetector(detector[4])))].sort();
}

export function modes(found: DataplaneClass): string[] {
  return [...new Set(found.candidates.map(({ mode }) => mode))].sort();
}

export function gapTexts(gaps: readonly { readonly what: string; readonly why: string }[]): string {
  return gaps.map(({ what, why }) => `${what}: ${why}`).join('\n');
}
