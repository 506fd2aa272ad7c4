import type { Evidence, NodeFile } from '../../cluster/evidence.ts';
import type { KubeObject } from '../../cluster/objects.ts';
import { Failure } from '../../net/failure.ts';
import { clean } from '../live/text.ts';
import { nodeOf } from '../snapshot/node-file.ts';
import { withoutPrivate } from './private.ts';

/** One file of a snapshot. */
export interface SnapshotFile {
  /** Path inside the snapshot, with `/`. */
  readonly name: string;
  readonly body: Buffer;
}

/** Bytes of objects per file: a reader takes files in one by one, and leaves very large ones out. */
const OBJECTS_LIMIT = 64 * 2 ** 20;

/** Where each format goes: beside the rules of other nodes, or in the node's folder, for names that cannot be told from endings. */
const PLACES: Readonly<Record<NodeFile['format'], readonly ((node: string) => string)[]>> = {
  'iptables-save': [(node) => `rules/${node}.iptables-save`, (node) => `${node}/iptables-save.txt`],
  'ip6tables-save': [(node) => `rules/${node}.ip6tables-save`, (node) => `${node}/ip6tables-save.txt`],
  nft: [(node) => `rules/${node}.nft`, (node) => `${node}/nft-ruleset.txt`],
  'nft-json': [(node) => `rules/${node}.nft.json`, (node) => `${node}/nft-ruleset.json`],
  'ip-addr': [(node) => `${node}/ip-addr.json`],
  'ip-route': [(node) => `${node}/ip-route.json`],
};

/** The files of a snapshot, one after the other, in an order of their own: the same evidence gives the same bytes. */
export function* snapshotFiles(evidence: Evidence, objectsLimit = OBJECTS_LIMIT): Generator<SnapshotFile> {
  const taken = new Set<string>();
  const byName = (a: NodeFile, b: NodeFile): number => compare(a.node, b.node) || compare(a.format, b.format);
  yield* gapsFile(evidence);
  yield* objectFiles(evidence.objects, objectsLimit);
  for (const file of [...evidence.nodeFiles].sort(byName)) yield { name: placeFor(file, taken), body: Buffer.from(textOf(file)) };
}

/** What could not be read, and kinds that were read whole and of which there is nothing: their absence from the files would say neither. */
function* gapsFile({ gaps, complete, objects }: Evidence): Generator<SnapshotFile> {
  const there = new Set(objects.map(({ kind }) => kind));
  const none = [...complete].filter((kind) => !there.has(kind)).sort();
  if (gaps.length === 0 && none.length === 0) return;
  const object = { apiVersion: 'srcip.io/v1alpha1', kind: 'SnapshotGaps', gaps, ...(none.length === 0 ? {} : { none }) };
  yield { name: 'gaps.json', body: Buffer.from(`${JSON.stringify(object, null, 2)}\n`) };
}

/** One `List` per kind, an object per line. */
function* objectFiles(objects: readonly KubeObject[], limit: number): Generator<SnapshotFile> {
  const byKind = new Map<string, KubeObject[]>();
  for (const object of objects) {
    const same = byKind.get(object.kind);
    if (same === undefined) byKind.set(object.kind, [object]);
    else same.push(object);
  }
  for (const [kind, same] of [...byKind].sort(([a], [b]) => compare(a, b))) yield* listFiles(kind, same, limit);
}

function* listFiles(kind: string, objects: readonly KubeObject[], limit: number): Generator<SnapshotFile> {
  const plural = `${kind.toLowerCase()}${kind.endsWith('s') ? '' : 's'}`;
  const sorted = [...objects].sort((a, b) => compare(keyOf(a), keyOf(b)));
  let [lines, size, part] = [[] as string[], 0, 1];
  const file = (): SnapshotFile => ({
    name: `objects/${plural}${part === 1 ? '' : `-${part}`}.json`,
    body: Buffer.from(`{"apiVersion":"v1","kind":"List","metadata":{},"items":[\n${lines.join(',\n')}\n]}\n`),
  });
  for (const object of sorted) {
    const line = JSON.stringify(asPrinted(object));
    if (size + line.length > limit && lines.length > 0) {
      yield file();
      [lines, size, part] = [[], 0, part + 1];
    }
    lines.push(line);
    size += line.length;
  }
  yield file();
}

/** An object as an API server prints it. */
function asPrinted(object: KubeObject): object {
  const { fields, ...rest } = withoutPrivate(object) as KubeObject & { readonly fields?: object };
  return { ...rest, ...fields };
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function placeFor(file: NodeFile, taken: Set<string>): string {
  const { node, format } = file;
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(node) || node.length > 253)
    throw new Failure(`the node name "${clean(node)}" cannot be that of a file`, 'leave that node out with --nodes');
  const places = PLACES[format].map((place) => place(node)).filter((name) => nodeOf(name, '') === node);
  const last = PLACES[format].at(-1)?.(node) ?? node;
  const found = places.find((name) => !taken.has(name)) ?? `${taken.size}/${last}`;
  taken.add(found);
  return found;
}

/** A node without rules prints nothing; a reader wants to see that it was asked. */
function textOf({ format, text }: NodeFile): string {
  const isSave = format === 'iptables-save' || format === 'ip6tables-save';
  if (!isSave || /^COMMIT/m.test(text)) return text;
  return `${text.trim() === '' ? '' : `${text.trimEnd()}\n`}# Generated by ${format}: no rules\n*filter\nCOMMIT\n`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
