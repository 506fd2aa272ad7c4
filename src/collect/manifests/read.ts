import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { configHosts } from '../../cluster/config-hosts.ts';
import type { Gap } from '../../cluster/evidence.ts';
import type { KubeObject } from '../../cluster/objects.ts';
import { isKnownKind, slim } from '../../cluster/slim.ts';
import { Failure } from '../../net/failure.ts';
import { ioReason } from '../snapshot/directory.ts';
import { decodeText, printable } from '../snapshot/text.ts';
import { YamlProblem } from '../snapshot/yaml-load.ts';
import { type Located, locatedDocuments, partAt } from './located.ts';

/** An object of a manifest, and where it stands. */
export interface Manifest {
  readonly object: KubeObject;
  readonly file: string;
  readonly at: Located;
}

export interface Manifests {
  readonly manifests: readonly Manifest[];
  readonly gaps: readonly Gap[];
  /** Objects of kinds that are of no use here, by kind. */
  readonly passedOver: Readonly<Record<string, number>>;
}

const HINT = 'give files, folders, or - for standard input (kustomize build . | kubectl srcip check -f -)';
const BIGGEST = 32 * 1024 * 1024;
const MANIFEST_NAME = /\.(?:ya?ml|json)$/i;
/** Kinds that belong to no namespace; all others of a manifest without one are put into the asked one. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'Node',
  'Namespace',
  'IngressClass',
  'ServiceCIDR',
  'IPPool',
  'FelixConfiguration',
  'Installation',
  'CiliumNode',
  'Network',
  'ClusterNetwork',
  'HostSubnet',
  'BGPConfiguration',
]);

export interface ManifestPlace {
  /** For objects that name none. */
  readonly namespace: string;
  readonly stdin?: AsyncIterable<unknown> | undefined;
  /** Also the folders inside folders. */
  readonly recursive?: boolean | undefined;
}

/** Reads manifests from files, folders and standard input. What is no YAML ends the program: a gate must not pass what it could not read. */
export async function readManifests(paths: readonly string[], place: ManifestPlace): Promise<Manifests> {
  const manifests: Manifest[] = [];
  const gaps: Gap[] = [];
  const passedOver: Record<string, number> = {};
  for (const path of paths) {
    for (const file of path === '-' ? ['-'] : filesAt(path, place.recursive === true)) {
      const text = file === '-' ? await readStream(place.stdin ?? process.stdin) : readText(file);
      for (const document of await documentsOf(text, file)) {
        for (const at of itemsOf(document)) {
          const object = asObject(at.value, place.namespace);
          refuseNameless(at, file);
          if (object !== null) manifests.push({ object, file: file === '-' ? 'stdin' : file, at });
          else count(passedOver, at.value);
        }
      }
    }
  }
  if (manifests.length === 0) throw new Failure(`${paths.map((path) => printable(path)).join(', ')}: no Kubernetes objects of use`, HINT);
  return { manifests, gaps, passedOver };
}

function filesAt(path: string, recursive: boolean): string[] {
  const shown = printable(path);
  if (!existsSync(path)) throw new Failure(`manifest "${shown}" does not exist`, HINT);
  try {
    if (!statSync(path).isDirectory()) return [path];
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    return entries.flatMap((entry) => {
      const inside = join(path, entry.name);
      if (entry.isDirectory()) return recursive ? filesAt(inside, true) : [];
      return MANIFEST_NAME.test(entry.name) && !/^kustomization\.ya?ml$/i.test(entry.name) ? [inside] : [];
    });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`manifest "${shown}" cannot be read: ${ioReason(error)}`, HINT);
  }
}

function readText(file: string): string {
  const shown = printable(file);
  try {
    if (statSync(file).size > BIGGEST)
      throw new Failure(`manifest "${shown}" is larger than 32 MiB`, 'a whole cluster is given with --snapshot');
    return textOf(readFileSync(file), shown);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`manifest "${shown}" cannot be read: ${ioReason(error)}`, HINT);
  }
}

async function readStream(stdin: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > BIGGEST) throw new Failure('standard input is larger than 32 MiB', 'a whole cluster is given with --snapshot');
    chunks.push(bytes);
  }
  return textOf(Buffer.concat(chunks), 'standard input');
}

function textOf(bytes: Buffer, shown: string): string {
  const text = decodeText(bytes);
  if (text === null) throw new Failure(`manifest "${shown}" is no text`, HINT);
  return text;
}

const RENDER_HINT = 'templates have to be rendered first (helm template … | kubectl srcip check -f -)';

function whereOf(file: string): string {
  return file === '-' ? 'standard input' : `manifest "${printable(file)}"`;
}

async function documentsOf(text: string, file: string): Promise<Located[]> {
  try {
    return await locatedDocuments(text);
  } catch (error) {
    const mark = (error as { readonly mark?: { readonly line?: number } }).mark;
    const line = error instanceof YamlProblem ? error.line : (mark?.line ?? 0) + 1;
    const reason =
      error instanceof RangeError ? 'nested too deeply' : ((error as { readonly reason?: string }).reason ?? (error as Error).message);
    throw new Failure(`${whereOf(file)} line ${line}: ${printable(reason, 160)}`, RENDER_HINT);
  }
}

/** The objects of a document: itself, or the items of a list. */
function* itemsOf(document: Located): Generator<Located> {
  const { value } = document;
  if (typeof value !== 'object' || value === null) return;
  const { kind, items } = value as { readonly kind?: unknown; readonly items?: unknown };
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) {
    yield document;
    return;
  }
  const list = partAt(document, 'items');
  for (const [index, item] of items.entries()) {
    const found = list === null ? null : partAt(list, index);
    yield* itemsOf(found ?? { value: item, line: document.line, parts: [] });
  }
}

function asObject(value: unknown, namespace: string): KubeObject | null {
  const object = slim(value) ?? configHosts(value);
  if (object === null || object.metadata.namespace !== undefined || CLUSTER_SCOPED.has(object.kind)) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

/** An object of a kind that counts must not be passed over because something is missing: most likely a template was not rendered. */
function refuseNameless({ value, line }: Located, file: string): void {
  const { kind, metadata } = value as { readonly kind?: unknown; readonly metadata?: { readonly name?: unknown } | null };
  if (typeof kind !== 'string' || !isKnownKind(kind)) return;
  const name = metadata?.name;
  if (typeof name === 'string' && name !== '') return;
  throw new Failure(`${whereOf(file)} line ${line}: ${kind} without a name`, RENDER_HINT);
}

function count(passedOver: Record<string, number>, value: unknown): void {
  const kind = (value as { readonly kind?: unknown } | null)?.kind;
  const name = typeof kind === 'string' ? printable(kind, 63) : 'no Kubernetes object';
  passedOver[name] = (passedOver[name] ?? 0) + 1;
}
