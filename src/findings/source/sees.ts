import type { Branch } from '../../analysis/report.ts';
import type { Endpoint, Node } from '../../cluster/model.ts';
import { addressAt } from '../../net/ip.ts';
import { type ClaimedOutcome, EXTERNAL, type FlowClaim, through, usableSlots } from '../claims.ts';
import { entryNodes, isClaimable, outsideFlow } from '../reach.ts';
import { edgeOf } from '../scene/edge.ts';
import { perService } from '../scene/per-cluster.ts';
import type { Slot } from '../scene/slots.ts';
import type { ServiceScene } from '../scene.ts';

/** What the pods of a Service take for the address of an outside client. */
export type Seen =
  | { readonly kind: 'client' }
  /** The load balancer names the client in a PROXY header or in X-Forwarded-For: whoever reads it there knows. */
  | { readonly kind: 'told'; readonly by: string }
  | Other
  | { readonly kind: 'unknown' };

/** Another's address. */
export interface Other {
  readonly kind: 'other';
  readonly by: 'kube-proxy' | 'cni' | 'load-balancer';
  /** As far as they are known. */
  readonly addresses: readonly string[];
  /** Those that pods of other nodes than the one that was asked see. */
  readonly away: readonly string[];
  /** Every node was asked, for every port: there are no other addresses. */
  readonly isAll: boolean;
}

/** Questions that are asked at most to learn all addresses; entry nodes that are asked for examples otherwise, and how many answers are enough. */
const MOST_QUESTIONS = 16;
const MOST_ASKED = 8;
const MOST_ANSWERS = 2;

export const seenBy: (scene: ServiceScene) => Seen = perService((scene) => {
  const edge = edgeOf(scene.service, scene.provider());
  const setting = edge.proxyProtocol ?? edge.http;
  if (setting !== null) return { kind: 'told', by: setting.key };
  if (scene.provider()?.source === 'load-balancer') return { kind: 'other', by: 'load-balancer', addresses: [], away: [], isAll: false };
  if (scene.provider()?.target === 'pod') return { kind: edge.preservesClient === true ? 'client' : 'unknown' };
  return byPrediction(scene);
});

interface Answer {
  readonly node: Node;
  readonly branches: readonly Branch[];
}

function byPrediction(scene: ServiceScene): Seen {
  const slots = usableSlots(scene);
  const [first] = slots;
  if (first === undefined || !scene.isExternal) return { kind: 'unknown' };
  const entries = entryNodes(scene);
  if (slots.length * entries.length > MOST_QUESTIONS) return seenIn(examples(scene, first), false);
  const nodes = scene.isLocal ? holders(scene, first) : entries;
  const answers = slots.flatMap((slot) => nodes.map((node) => answerOf(scene, slot, node)));
  // A node that serves no node port at its own address may still be asked for others.
  return seenIn(answers, answers.every(hasSource));
}

/** At nodes without an endpoint before others: those always send on. */
function examples(scene: ServiceScene, slot: Slot): Answer[] {
  const near = holders(scene, slot);
  const away = scene.isLocal ? [] : others(scene, slot);
  // A node may not serve node ports at the address that is asked: the next may.
  const answers: Answer[] = [];
  for (const node of [...away, ...near]) {
    const answer = answerOf(scene, slot, node);
    if (hasSource(answer)) answers.push(answer);
    if (answers.length === MOST_ANSWERS) break;
  }
  return answers;
}

function answerOf(scene: ServiceScene, slot: Slot, node: Node): Answer {
  return { node, branches: outsideFlow(scene, slot, node)?.branches ?? [] };
}

function hasSource({ branches }: Answer): boolean {
  return branches.some(({ source }) => source !== null);
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

function seenIn(answers: readonly Answer[], isAll: boolean): Seen {
  const all = answers.flatMap(({ node, branches }) =>
    branches.flatMap(({ source, endpoint }) => (source === null ? [] : [{ source, isAway: endpoint?.node !== node.name }])),
  );
  const masked = all.filter(({ source }) => source.kind === 'masqueraded');
  const [first] = masked;
  if (all.length === 0) return { kind: 'unknown' };
  if (first === undefined) return { kind: 'client' };
  const addressesOf = (list: typeof masked): string[] => [...new Set(list.flatMap(({ source }) => source.address ?? []))].sort();
  const isKnown = masked.every(({ source }) => source.address !== null);
  return {
    kind: 'other',
    by: first.source.by ?? 'kube-proxy',
    addresses: addressesOf(masked),
    away: addressesOf(masked.filter(({ isAway }) => isAway)),
    isAll: isAll && isKnown,
  };
}

/** Whether something holds of all addresses that pods see, or of none; where only examples are known, of every address that a node has towards pods. */
export function holdsOf(
  scene: ServiceScene,
  { addresses, isAll }: Pick<Other, 'addresses' | 'isAll'>,
  holds: (address: string) => boolean,
): 'all' | 'none' | 'unknown' {
  if (addresses.length === 0) return 'unknown';
  const possible = isAll ? addresses : [...addresses, ...entryNodes(scene).flatMap(addressesTowardsPods)];
  const count = possible.filter(holds).length;
  return count === possible.length ? 'all' : count === 0 ? 'none' : 'unknown';
}

/** Its own addresses, and those of the devices that CNIs make in its pods' network. */
function addressesTowardsPods({ internalIPs, podCidrs }: Node): string[] {
  return [...internalIPs, ...podCidrs.flatMap((cidr) => [addressAt(cidr, 0), addressAt(cidr, 1)])].filter((address) => address !== null);
}

/** On a node's own network: nothing is masqueraded there towards the node's own address. */
export function isOnHost({ cluster }: ServiceScene, { node, address }: Endpoint): boolean {
  return cluster.cluster.nodeByName.get(node ?? '')?.internalIPs.includes(address) === true;
}

/** Pods towards which a node masquerades: all but those on its own network, or those of other nodes only. */
export function podsBeyond(scene: ServiceScene, node: string, awayOnly = false): string[] {
  const beyond = scene.endpoints().filter((endpoint) => endpoint.node !== node || !(awayOnly || isOnHost(scene, endpoint)));
  return beyond.flatMap(({ pod }) => pod?.name ?? []);
}

/** That outside clients are masqueraded wherever they come in, but for pods on the network of the node itself; or towards other nodes only. */
export function maskedClaims(scene: ServiceScene, seen: readonly string[] | null, { awayOnly = false } = {}): FlowClaim[] {
  return scene.balancer().eligible.flatMap(({ name }) => {
    const outcome: ClaimedOutcome = { kind: 'masqueraded', pods: podsBeyond(scene, name, awayOnly), seen };
    return through(scene, usableSlots(scene), [name]).map((to) => ({ from: EXTERNAL, to, outcome }));
  });
}
