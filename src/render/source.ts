import type { Branch, Client, Flow, SeenSource } from '../analysis/report.ts';
import type { Place, Words } from './place.ts';
import { groupBy, unique } from './text.ts';

const ADDRESSES = 3;

interface How {
  readonly place: Place;
  readonly words: Words;
}

/** The source that the pods see: `client IP`, `SNAT 10.244.1.1 | 10.244.1.0`; apart for a pod that reaches itself. */
export function sourceSeen(flow: Flow, branches: readonly Branch[], how: How): string {
  const others = sources(branches.filter((branch) => !isItself(flow.from, branch)));
  const itself = sources(branches.filter((branch) => isItself(flow.from, branch)));
  if (itself.every(({ kind }) => others.some((other) => other.kind === kind))) return wordsFor(flow, sources(branches), how);
  const apart = wordsFor(flow, itself, how);
  const rest = wordsFor(flow, others, how);
  if (rest === '' || apart === '' || rest === apart) return rest || apart;
  return `${rest}, to itself ${apart}`;
}

/** One source in words, for details. */
export function sourceSentence(source: SeenSource): string {
  if (source.kind === 'preserved')
    return source.address === null ? "sees the client's own address" : `sees the client's own address ${source.address}`;
  const address = source.address ?? (source.interface === null ? 'an address that is not known' : 'the address');
  const where = source.interface === null ? '' : source.address === null ? ` of ${source.interface}` : ` (${source.interface})`;
  return `sees ${address}${where}${source.by === null ? ', masqueraded' : `, masqueraded by ${masquerader(source.by)}`}`;
}

function masquerader(by: NonNullable<SeenSource['by']>): string {
  return by === 'cni' ? 'the CNI' : by;
}

function wordsFor(flow: Flow, seen: readonly SeenSource[], how: How): string {
  const kept = seen.filter((source) => source.kind === 'preserved');
  const hidden = seen.filter((source) => source.kind === 'masqueraded');
  const addresses = unique(kept.map((source) => keptAddress(flow, source, how))).filter((address) => address !== '');
  const keptText = kept.length === 0 ? [] : [['client\u00a0IP', alternatives(addresses)].filter((text) => text !== '').join(' ')];
  const places = hidden.map((source) => hiddenBehind(flow, source, how));
  return [...keptText, ...(hidden.length === 0 ? [] : [`SNAT\u00a0${alternatives(placeTexts(places))}`])].join(' | ');
}

/** A node has several addresses, and routing chooses: there the address is worth its space. */
function keptAddress(flow: Flow, source: SeenSource, how: How): string {
  if (flow.from.kind !== 'node' || source.address === null) return '';
  const told = how.words === 'exact' || (how.words === 'near' && flow.from.node === how.place.entry);
  return told ? source.address : '';
}

/** Whose address hides the client: `whose` groups what can be told together, as in "node's cni0 | flannel.1". */
interface Hidden {
  readonly whose: string;
  readonly what: string;
}

function hiddenBehind(flow: Flow, source: SeenSource, { place, words }: How): Hidden {
  const isNodes = words === 'rough' && source.by !== null;
  if (source.address === null && source.interface === null && !isNodes) return { whose: '', what: 'unknown address' };
  const owner = source.address === null ? null : place.index.ownerOf(source.address);
  const atClient =
    flow.from.node !== null && flow.from.node !== place.entry && (owner === null ? source.by === 'cni' : owner === flow.from.node);
  const particular = words === 'exact' || (words === 'near' && !atClient);
  if (particular && source.address !== null) return { whose: '', what: source.address };
  if (owner !== null && owner !== place.entry && !atClient) return { whose: '', what: source.address ?? '' };
  const whose = atClient ? "client's node" : 'node';
  if (owner !== null) return { whose, what: 'IP' };
  if (words === 'rough' || source.interface === null)
    return source.by === null ? { whose: '', what: source.address ?? 'unknown address' } : { whose: `${whose}'s`, what: 'address' };
  return { whose: `${whose}'s`, what: source.interface };
}

function placeTexts(hidden: readonly Hidden[]): string[] {
  const byOwner = groupBy(hidden, ({ whose }) => whose);
  return [...byOwner].flatMap(([whose, group]) => {
    const whats = unique(group.map(({ what }) => what));
    return whose === '' ? whats : [`${whose} ${alternatives([...whats].sort())}`];
  });
}

function alternatives(texts: readonly string[]): string {
  const shown = texts.length <= ADDRESSES ? texts : [...texts.slice(0, ADDRESSES - 1), `${texts.length - ADDRESSES + 1} more`];
  return shown.join('\u00a0| ');
}

function sources(branches: readonly Branch[]): SeenSource[] {
  return branches.map((branch) => branch.source).filter((source) => source !== null);
}

/** Whether a pod is its own endpoint. */
export function isItself(from: Client, { endpoint }: Branch): boolean {
  return (
    endpoint !== null && from.kind === 'pod' && from.name !== null && endpoint.pod === from.name && endpoint.namespace === from.namespace
  );
}
