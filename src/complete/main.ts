import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { answer } from './answer.ts';
import type { Cluster, Sources } from './cluster.ts';
import { kubeconfigNames } from './config-names.ts';
import { connectionIn } from './connection.ts';
import { type Deadline, liveCluster } from './live.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { NOTHING, printReply, type Reply } from './reply.ts';
import { readNamed, type SnapshotRequest, snapshotCluster } from './snapshot.ts';
import { readWords } from './words.ts';

/** Whoever pressed TAB waits; the process ends within two seconds of its start, whatever a server does. Milliseconds. */
const LOOKUP_MS = 1500;
const LAST_MS = 1750;

/** Prints what may stand in place of the last word, in cobra's form, and ends the process: never late, never with an error. */
export async function complete(words: readonly string[]): Promise<void> {
  setTimeout(() => end(NOTHING), sinceStart(LAST_MS));
  process.on('uncaughtException', () => end(NOTHING));
  process.on('unhandledRejection', () => end(NOTHING));
  end(await answerInTime(words).catch(() => NOTHING));
}

let hasEnded = false;

function end(reply: Reply): void {
  if (hasEnded) return;
  hasEnded = true;
  process.stdout.on('error', () => process.exit(0));
  process.stdout.write(printReply(reply), () => process.exit(0));
}

function sinceStart(ms: number): number {
  return Math.max(1, ms - performance.now());
}

async function answerInTime(words: readonly string[]): Promise<Reply> {
  const manifest = readManifest();
  const late = new AbortController();
  setTimeout(() => late.abort(), sinceStart(LOOKUP_MS));
  const deadline: Deadline = { signal: late.signal, left: () => sinceStart(LOOKUP_MS) };
  const reply = await answer(words, manifest, sourcesFor(words, manifest, deadline));
  // A plugin that is still at work is of no use any more.
  late.abort();
  return reply;
}

function sourcesFor(words: readonly string[], manifest: Manifest, deadline: Deadline): Sources {
  const command = manifest.commands[words[0] ?? ''];
  const typed = command === undefined ? null : readWords(words.slice(1), command);
  const flags = connectionIn(typed ?? { flags: new Map() });
  const snapshot = typed?.flags.get('snapshot')?.at(-1);
  const cluster =
    snapshot === undefined
      ? liveCluster(flags, deadline)
      : snapshotCluster(snapshot, { namespace: flags.namespace ?? 'default', thread: new URL(import.meta.url), signal: deadline.signal });
  return {
    cluster: inTime(cluster, deadline),
    config: kubeconfigNames(flags.kubeconfig),
    findings: async () => (await import('../findings/describe-rules.ts')).describeRules(),
    demoClusters: async () => (await import('../demo/load.ts')).demoClusterNames(),
  };
}

/** What is not known in time is not known. */
function inTime(cluster: Cluster, { signal }: Deadline): Cluster {
  const or = <T>(found: Promise<T>, none: T): Promise<T> =>
    Promise.race([found, new Promise<T>((resolve) => signal.addEventListener('abort', () => resolve(none)))]);
  return {
    names: (resource, namespace) => or(cluster.names(resource, namespace), []),
    service: (name) => or(cluster.service(name), null),
  };
}

// This file is also the program of the thread that reads a snapshot.
// No await at the top: the single executable has its parts as CommonJS.
if (!isMainThread && parentPort !== null) {
  const answerTo = parentPort;
  readNamed(workerData as SnapshotRequest)
    .catch(() => [])
    .then((objects) => answerTo.postMessage(objects));
}
