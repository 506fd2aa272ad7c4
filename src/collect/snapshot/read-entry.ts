import { ioReason } from './directory.ts';
import { ENTRY_LIMIT, type Entry, type FileEntry } from './entry.ts';
import type { Found } from './found.ts';
import type { Gathering } from './gather.ts';
import { mentionedKinds, type Wants } from './kinds.ts';
import { withoutLogs } from './log-blocks.ts';
import { expectedFormat, nodeOf, recognizeNodeFile, startsLikeNodeFile } from './node-file.ts';
import { readJson } from './read-json.ts';
import { readYaml } from './read-yaml.ts';
import { decodeText, isBinary, printable } from './text.ts';
import { unpackReason } from './unpack.ts';
import type { ParseYaml } from './yaml-load.ts';

/** What reading one file needs to know. */
export interface ReadContext {
  readonly gathering: Gathering;
  readonly wants: Wants;
  readonly parseYaml: () => Promise<ParseYaml>;
  /** Whether the texts of nodes are kept. */
  readonly nodeFiles: boolean;
  readonly entryLimit?: number;
  /** Stands for the folder of a node's file at the top. */
  readonly label: string;
  /** The file was named by the user: its content alone counts. */
  readonly sole: boolean;
}

/** Files of recorded cases that describe no cluster. */
const IGNORED: ReadonlySet<string> = new Set(['outcomes.json', 'scenario.json', 'meta.json']);

/** Reads one file of a snapshot into the gathering. */
export async function readEntry(entry: Entry, context: ReadContext): Promise<void> {
  if (entry.what === 'skipped') {
    if (entry.problem === null) context.gathering.passFile(entry.name);
    else context.gathering.gap(printable(entry.name), entry.problem, 'all');
    return;
  }
  if (!context.sole && IGNORED.has(entry.name.slice(entry.name.lastIndexOf('/') + 1))) return;
  try {
    await readFile(entry, context);
  } catch (error) {
    if (!isIoError(error) || context.sole) throw error;
    context.gathering.gap(printable(entry.name), ioReason(error), hasObjectName(entry.name) ? 'all' : []);
  }
}

async function readFile(entry: FileEntry, context: ReadContext): Promise<void> {
  const { gathering } = context;
  const expected = expectedFormat(entry.name);
  const holdsObjects = context.sole || hasObjectName(entry.name);
  const head = await entry.head();
  if (isBinary(head) || (!holdsObjects && expected === null && !startsLikeNodeFile(head.toString('utf8')))) {
    gathering.passFile(entry.name);
    return;
  }
  const limit = context.entryLimit ?? ENTRY_LIMIT;
  const body = await entry.body(limit);
  if (body === null) {
    const kinds = [...mentionedKinds(decodeText(head) ?? '', context.wants)];
    const size = `larger than ${Math.round(limit / 1024 / 1024)} MiB, not read; split it into smaller files`;
    gathering.gap(printable(entry.name), size, kinds.length > 0 || !holdsObjects ? kinds : 'all');
    return;
  }
  const text = decodeText(body);
  if (text === null || readNodeTexts(entry.name, text, context)) {
    if (text === null) gathering.passFile(entry.name);
    return;
  }
  if (expected !== null && !context.sole) {
    // A node without rules prints nothing.
    if (text.trim() === '' && (expected === 'iptables-save' || expected === 'ip6tables-save')) {
      gathering.nodeFile(
        { node: printable(nodeOf(entry.name, context.label), 253), format: expected, path: printable(entry.name), text: '' },
        context.nodeFiles,
      );
      return;
    }
    gathering.gap(`${expected} of ${printable(nodeOf(entry.name, context.label))}`, `${printable(entry.name)} holds no such output`, []);
    return;
  }
  if (readGaps(text, context)) return;
  if (!holdsObjects || !(await readObjects(entry.name, text, context))) gathering.passFile(entry.name);
}

/** What was already missing when `kubectl srcip snapshot` wrote the files. */
function readGaps(text: string, { gathering }: ReadContext): boolean {
  if (!/^\s*\{\s*"apiVersion": ?"srcip\.io\/v1alpha1",\s*"kind": ?"SnapshotGaps"/.test(text)) return false;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  const { gaps, none } = value as { readonly gaps?: unknown; readonly none?: unknown };
  if (!Array.isArray(gaps)) return false;
  for (const gap of gaps as readonly { readonly what?: unknown; readonly why?: unknown }[])
    gathering.gap(printable(String(gap?.what ?? 'something')), printable(String(gap?.why ?? 'it was not read')), []);
  for (const kind of Array.isArray(none) ? none : []) gathering.none(String(kind));
  return true;
}

function readNodeTexts(name: string, text: string, context: ReadContext): boolean {
  const found = recognizeNodeFile(name, text);
  const node = printable(nodeOf(name, context.label), 253);
  for (const { format, text: part } of found) {
    context.gathering.nodeFile({ node, format, path: printable(name), text: part }, context.nodeFiles);
  }
  return found.length > 0;
}

async function readObjects(name: string, text: string, context: ReadContext): Promise<boolean> {
  let useful = false;
  for (const segment of withoutLogs(text)) {
    for (const one of await readSegment(name, segment.text, context)) {
      const placed = one.what === 'broken' ? { ...one, line: one.line + segment.linesBefore } : one;
      useful = context.gathering.take(name, placed) || useful;
    }
  }
  return useful;
}

async function readSegment(name: string, text: string, context: ReadContext): Promise<Iterable<Found>> {
  if (!/^\s*(?:---\s*)?[[{]/.test(text)) return readYaml(text, await context.parseYaml(), context.wants);
  const json = [...readJson(text, context.wants)];
  const isClean = (found: readonly Found[]): boolean => found.every((one) => one.what !== 'broken');
  if (isClean(json) || /\.json$/i.test(name)) return json;
  // YAML in flow style, or JSON and YAML documents in one file.
  const yaml = [...readYaml(text, await context.parseYaml(), context.wants)];
  return isClean(yaml) ? yaml : json;
}

function hasObjectName(name: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(name);
}

function isIoError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && unpackReason(error) === null;
}
