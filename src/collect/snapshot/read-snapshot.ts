import type { Evidence } from '../../cluster/evidence.ts';
import type { Kind } from '../../cluster/objects.ts';
import { Failure } from '../../net/failure.ts';
import { ioReason } from './directory.ts';
import type { Source } from './entry.ts';
import { Gathering, type PassedOver } from './gather.ts';
import { wantsOf } from './kinds.ts';
import { readEntry } from './read-entry.ts';
import { openSource, SNAPSHOT_HINT } from './source.ts';
import { printable } from './text.ts';
import { unpackReason } from './unpack.ts';
import { loadYamlParser, type ParseYaml } from './yaml-load.ts';

/** How a snapshot is read. */
export interface SnapshotOptions {
  /** Read for the path `-`; default: standard input. */
  readonly stdin?: NodeJS.ReadableStream | undefined;
  /** Relative paths start here; default: the working directory. */
  readonly cwd?: string | undefined;
  /** Kinds to read; others are passed over unparsed. Default: every kind that the program knows. */
  readonly wanted?: ReadonlySet<Kind> | undefined;
  /** Whether other ConfigMaps than those of data planes are read, for the hosts that they name. Default: false. */
  readonly configHosts?: boolean | undefined;
  /** Whether the texts of nodes' rules, addresses and routes are kept. Default: true. */
  readonly nodeFiles?: boolean | undefined;
  /** A snapshot without anything of use is no Failure. */
  readonly mayHoldNothing?: boolean | undefined;
  /** Bytes above which a single file is not read. Default: 256 MiB. */
  readonly entryLimit?: number | undefined;
}

/** A cluster read from files, and what there was besides. */
export interface Snapshot {
  readonly evidence: Evidence;
  readonly passedOver: PassedOver;
}

/**
 * Reads a cluster from a directory, an archive, a file, or standard input (`-`).
 * A broken document becomes a gap; a snapshot that holds nothing, or that is itself damaged, is a Failure.
 */
export async function readSnapshot(path: string, options: SnapshotOptions = {}): Promise<Snapshot> {
  const shown = printable(path);
  try {
    const place = { path, cwd: options.cwd ?? process.cwd(), stdin: options.stdin ?? process.stdin };
    const source = await openSource(place);
    const gathering = new Gathering();
    const entries = await readAll(source, gathering, options);
    if (options.mayHoldNothing !== true) refuseNothing(shown, source, gathering, entries);
    const origin = path === '-' ? 'snapshot from standard input' : `snapshot ${shown}`;
    return { evidence: gathering.evidence(origin), passedOver: gathering.passedOver() };
  } catch (error) {
    throw asFailure(error, shown);
  }
}

async function readAll(source: Source, gathering: Gathering, options: SnapshotOptions): Promise<number> {
  let parser: Promise<ParseYaml> | undefined;
  const context = {
    gathering,
    wants: wantsOf(options.wanted, options.configHosts),
    parseYaml: () => (parser ??= loadYamlParser()),
    nodeFiles: options.nodeFiles ?? true,
    label: source.label,
    sole: source.form === 'file',
    ...(options.entryLimit === undefined ? {} : { entryLimit: options.entryLimit }),
  };
  let entries = 0;
  for await (const entry of source.entries) {
    entries++;
    await readEntry(entry, context);
  }
  return entries;
}

function refuseNothing(shown: string, source: Source, gathering: Gathering, entries: number): void {
  if (gathering.holdsSomething) return;
  const name = shown === '-' ? 'standard input' : `snapshot "${shown}"`;
  if (entries === 0) throw new Failure(`${name} is an empty ${source.form}`, SNAPSHOT_HINT);
  const gap = gathering.firstGap;
  if (gap !== undefined) throw new Failure(`${name} cannot be read: ${gap.what}: ${gap.why}`, SNAPSHOT_HINT);
  throw new Failure(`${name} holds no Kubernetes objects of use${besides(gathering.passedOver(), source)}`, SNAPSHOT_HINT);
}

function besides(passedOver: PassedOver, source: Source): string {
  const kinds = Object.entries(passedOver.kinds).slice(0, 3);
  if (kinds.length > 0) return `, only ${kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')}`;
  if (source.form === 'file') return '';
  const names = passedOver.names.slice(0, 3).join(', ');
  return ` in ${passedOver.files === 1 ? '1 file' : `${passedOver.files} files`} (${names}${passedOver.files > 3 ? ', …' : ''})`;
}

function asFailure(error: unknown, shown: string): unknown {
  if (error instanceof Failure) return error;
  const reason = unpackReason(error) ?? (error instanceof Error && 'syscall' in error ? ioReason(error) : null);
  return reason === null ? error : new Failure(`snapshot "${shown}" cannot be read: ${reason}`, SNAPSHOT_HINT);
}
