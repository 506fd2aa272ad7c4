import type { Gap, NodeFile } from '../../cluster/evidence.ts';
import { Failure } from '../../net/failure.ts';
import { ApiError } from '../api.ts';
import type { LiveClient } from '../live/client.ts';
import { clean } from '../live/text.ts';
import type { Wanted } from '../ssh/types.ts';
import { type Program, programFor } from './programs.ts';
import { type ProgramEnd, runInPod } from './run.ts';
import type { ContainerPlace, PodReadResult } from './types.ts';

/** One node's reading. */
export interface PodReading {
  readonly node: string;
  readonly place: ContainerPlace;
  readonly wanted: readonly Wanted[];
  /** `exec` or `debug`: the word that begins the reason of a gap. */
  readonly source: 'exec' | 'debug';
  readonly timeoutMs: number;
  readonly fileLimit: number;
  readonly signal: AbortSignal;
}

/** Runs the programs one after the other: the iptables wrapper of kube-proxy's images rewrites its links in its first run. */
export async function readPod(api: LiveClient, reading: PodReading): Promise<PodReadResult> {
  const { node, wanted, source, timeoutMs } = reading;
  const timeout = AbortSignal.timeout(timeoutMs);
  const limits = { fileLimit: reading.fileLimit, signal: AbortSignal.any([reading.signal, timeout]) };
  const files: NodeFile[] = [];
  const gaps: Gap[] = [];
  for (const program of wanted.map(programFor)) {
    try {
      const end = await runInPod(api, { ...reading.place, command: program.command }, limits);
      const trouble = troubleOf(program, end);
      if (trouble === null && end.kind === 'ended') files.push(fileOf(reading, program, end.stdout));
      else if (trouble !== null && !program.optional) gaps.push(gapOf(program, reading, trouble));
    } catch (error) {
      const why = timeout.aborted ? `no end within ${timeoutMs / 1000}s` : reasonOf(error, reading);
      const isFirst = files.length === 0 && gaps.length === 0;
      const what = isFirst ? `rules of ${clean(node)}` : `${program.what} of ${clean(node)}`;
      if (isFirst || !program.optional) gaps.push({ what, why: clean(`${source}: ${why}`) });
      break;
    }
  }
  return { files, gaps };
}

function fileOf({ node, source, place }: PodReading, { format, command }: Program, text: string): NodeFile {
  const path = clean(`${source} ${place.namespace}/${place.pod}: ${command.join(' ')}`);
  return { node: clean(node), format, path, text };
}

function gapOf({ what }: Program, { node, source }: PodReading, why: string): Gap {
  return { what: `${what} of ${clean(node)}`, why: clean(`${source}: ${why}`) };
}

/** Why the output is of no use, or null. */
function troubleOf({ command, format }: Program, end: ProgramEnd): string | null {
  const [program = ''] = command;
  if (end.kind === 'absent') return `the image has no ${program}; read the rules with --rules ssh`;
  if (end.kind === 'failed') return `${program}: ${end.why}`;
  if (end.status !== 0) return `${program} failed with exit code ${end.status}${said(end.stderr)}`;
  const isJson = format === 'ip-addr' || format === 'ip-route';
  return isJson && !end.stdout.trimStart().startsWith('[') ? `${program} cannot print JSON` : null;
}

function said(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('# Warning'));
  const last = clean(lines.at(-1) ?? '');
  return last === '' ? '' : `: ${last}`;
}

/** Why no program could be run. A fault of this program goes on. */
function reasonOf(error: unknown, { place, signal }: PodReading): string {
  if (signal.aborted) return 'interrupted';
  if (error instanceof ApiError && error.status === 403)
    return `${error.message}; it takes the verbs get and create on pods/exec in ${place.namespace}`;
  if (error instanceof ApiError) return `pod ${place.namespace}/${place.pod}: ${error.message}`;
  if (error instanceof Failure) return error.message;
  throw error;
}
