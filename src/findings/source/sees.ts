import type { Branch } from '../../analysis/report.ts';
import type { Node } from '../../cluster/model.ts';
import { isClaimable, outsideFlow } from '../reach.ts';
import { edgeOf } from '../scene/edge.ts';
import { perService } from '../scene/per-cluster.ts';
import type { Slot } from '../scene/slots.ts';
import type { ServiceScene } from '../scene.ts';

/** What the pods of a Service take for the address of an outside client. */
export type Seen =
  | { readonly kind: 'client' }
  /** The load balancer names the client in a PROXY header or in X-Forwarded-For: whoever reads it there knows. */
  | { readonly kind: 'told'; readonly by: string }
  /** Another's; the addresses as far as they are known. */
  | { readonly kind: 'other'; readonly by: 'kube-proxy' | 'cni' | 'load-balancer'; readonly addresses: readonly string[] }
  | { readonly kind: 'unknown' };

/** Entry nodes that are asked for examples, and how many answers are enough. */
const MOST_ASKED = 8;
const MOST_ANSWERS = 2;

export const seenBy: (scene: ServiceScene) => Seen = perService((scene) => {
  const edge = edgeOf(scene.service, scene.provider());
  const setting = edge.proxyProtocol ?? edge.http;
  if (setting !== null) return { kind: 'told', by: setting.key };
  if (scene.provider()?.source === 'load-balancer') return { kind: 'other', by: 'load-balancer', addresses: [] };
  if (scene.provider()?.target === 'pod') return { kind: edge.preservesClient === true ? 'client' : 'unknown' };
  return byPrediction(scene);
});

/** Of the first port that has endpoints, at nodes without one before others: those always send on. */
function byPrediction(scene: ServiceScene): Seen {
  const slot = scene.slots().find(({ usable }) => usable.length > 0);
  if (slot === undefined || !scene.isExternal) return { kind: 'unknown' };
  const near = holders(scene, slot);
  const away = scene.isLocal ? [] : others(scene, slot);
  // A node may not serve node ports at the address that is asked: the next may.
  const answers: (readonly Branch[])[] = [];
  for (const node of [...away, ...near]) {
    const branches = outsideFlow(scene, slot, node)?.branches ?? [];
    if (branches.some(({ source }) => source !== null)) answers.push(branches);
    if (answers.length === MOST_ANSWERS) break;
  }
  return seenIn(answers.flat());
}

/** The first entry nodes with an endpoint of their own. */
function holders(scene: ServiceScene, slot: Slot): Node[] {
  const names = [...slot.holders().keys()].filter((name) => scene.balancer().isEligible(name));
  const nodes = names.flatMap((name) => scene.cluster.cluster.nodeByName.get(name) ?? []);
  return nodes.filter((node) => isClaimable(scene, node)).slice(0, MOST_ASKED);
}

/** The first entry nodes without: of thousands two are enough. */
function others(scene: ServiceScene, slot: Slot): Node[] {
  const found: Node[] = [];
  for (const node of scene.balancer().eligible) {
    if (slot.holders().has(node.name) || !isClaimable(scene, node)) continue;
    if (found.push(node) === MOST_ASKED) break;
  }
  return found;
}

function seenIn(branches: readonly Branch[]): Seen {
  const sources = branches.flatMap(({ source }) => (source === null ? [] : [source]));
  const masked = sources.filter(({ kind }) => kind === 'masqueraded');
  const [first] = masked;
  if (sources.length === 0) return { kind: 'unknown' };
  if (first === undefined) return { kind: 'client' };
  return { kind: 'other', by: first.by ?? 'kube-proxy', addresses: [...new Set(masked.flatMap(({ address }) => address ?? []))].sort() };
}
