import type { Question } from '../analysis/question.ts';
import type { Evidence, Gap, NodeFile } from '../cluster/evidence.ts';
import type { NodeObject } from '../cluster/objects.ts';
import type { LiveClient } from '../collect/live/client.ts';
import type { Wanted } from '../collect/ssh/types.ts';
import { Failure } from '../net/failure.ts';
import { safeText } from '../render/safe.ts';
import { askPassphrase } from './ask-passphrase.ts';
import { createProgress } from './progress.ts';
import type { RulesWords } from './rules-flags.ts';

interface Job {
  readonly evidence: Evidence;
  /** Null: every node matters. */
  readonly question: Question | null;
  readonly flags: RulesWords;
  /** Null offline: then rules come over SSH or from files only. */
  readonly api: LiveClient | null;
}

interface Read {
  readonly files: readonly NodeFile[];
  readonly gaps: readonly Gap[];
}

/** Reads the nodes' rules from where `--rules` says. */
export async function readRules(source: string, job: Job): Promise<Read> {
  if (source !== 'ssh' && source !== 'exec' && source !== 'debug') return readPath(source);
  const nodes = await nodesToRead(job);
  const stop = new AbortController();
  const interrupted = (): void => stop.abort();
  // The second Ctrl-C ends the program at once: `once` leaves it to the default.
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  const progress = createProgress(`reading the rules of ${nodes.length === 1 ? 'one node' : `${nodes.length} nodes`} (${source})`);
  try {
    return source === 'ssh'
      ? await overSsh(nodes, job, { signal: stop.signal, progress })
      : await overPods(source, nodes, job, { signal: stop.signal, progress });
  } finally {
    progress.end();
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  }
}

/** Rules from files; the objects beside them, if any, are not read. */
async function readPath(path: string): Promise<Read> {
  const { readSnapshot } = await import('../collect/snapshot/read-snapshot.ts');
  const { evidence } = await readSnapshot(path, { nodeFiles: true, wanted: new Set(), mayHoldNothing: true });
  if (evidence.nodeFiles.length === 0)
    throw new Failure(
      `--rules ${path}: no node's rules are in there`,
      'NODE.iptables-save or NODE/iptables-save.txt is looked for; the words ssh, exec and debug read from the nodes',
    );
  return { files: evidence.nodeFiles, gaps: evidence.gaps };
}

async function nodesToRead({ evidence, question, flags }: Job): Promise<readonly NodeObject[]> {
  const all = evidence.objects.filter((object): object is NodeObject => object.kind === 'Node');
  const named = flags.nodes ?? [];
  if (named.length > 0) {
    const { nodeObjectNamed } = await import('../analysis/nodes-asked.ts');
    return [...new Set(named)].map((name) => nodeObjectNamed(all, name));
  }
  if (flags['all-nodes'] === true || question === null) return all;
  const { nodesThatMatter } = await import('../analysis/nodes-asked.ts');
  const names = nodesThatMatter(evidence, question);
  return all.filter((node) => names.has(node.metadata.name));
}

interface Course {
  readonly signal: AbortSignal;
  readonly progress: ReturnType<typeof createProgress>;
}

async function overSsh(nodes: readonly NodeObject[], { evidence, question, flags }: Job, { signal, progress }: Course): Promise<Read> {
  const { collectOverSsh } = await import('../collect/ssh/collect.ts');
  const targets = nodes.map((node) => ({ name: node.metadata.name, addresses: node.status?.addresses ?? [] }));
  const chains = flags['service-only'] === true && question !== null ? await chainsOf(evidence, question) : undefined;
  const seconds = flags['node-timeout'];
  const ask = askPassphrase(progress);
  return collectOverSsh(
    targets,
    {
      user: flags['ssh-user'],
      port: flags['ssh-port'],
      jump: flags['ssh-jump'],
      address: flags['ssh-address'] as 'InternalIP' | undefined,
      identityFiles: flags['ssh-identity'],
      configFile: flags['ssh-config'],
      command: flags['ssh-command'],
      acceptNew: flags['ssh-accept-new'],
      concurrency: flags.concurrency,
      ...(seconds === undefined ? {} : { connectTimeoutMs: seconds * 1000, commandTimeoutMs: seconds * 1000 }),
      serviceChains: chains,
      wanted: await wantedFrom(evidence),
      ...(ask === null ? {} : { askPassphrase: ask }),
      warn: (text) => progress.say(text),
      signal,
    },
    (at) => progress.at(at),
  );
}

/** `nft list ruleset` takes long on a node with many Services, and says nothing where kube-proxy is in iptables mode. */
async function wantedFrom(evidence: Evidence): Promise<readonly Wanted[]> {
  const [{ usesNftables }, { USUAL }] = await Promise.all([import('../analysis/nodes-asked.ts'), import('../collect/ssh/types.ts')]);
  return usesNftables(evidence) ? [...USUAL, 'nft'] : USUAL;
}

async function chainsOf(evidence: Evidence, question: Question): Promise<readonly string[]> {
  const { serviceChains } = await import('../analysis/nodes-asked.ts');
  return serviceChains(evidence, question);
}

async function overPods(
  source: 'exec' | 'debug',
  nodes: readonly NodeObject[],
  { evidence, flags, api }: Job,
  { signal, progress }: Course,
): Promise<Read> {
  if (api === null)
    throw new Failure(`--rules ${source} needs the API server; a snapshot has none`, 'use --rules ssh or a PATH, or leave out --snapshot');
  const targets = nodes.map((node) => ({ name: node.metadata.name }));
  const seconds = flags['node-timeout'];
  const common = {
    concurrency: flags.concurrency,
    signal,
    wanted: await wantedFrom(evidence),
    ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
  };
  if (source === 'exec') {
    const { collectOverExec } = await import('../collect/pods/exec.ts');
    return collectOverExec(api, targets, common, (at) => progress.at(at));
  }
  const { collectOverDebugPods } = await import('../collect/pods/debug.ts');
  const more = { image: flags['debug-image'], namespace: flags['debug-namespace'], tell: (line: string) => progress.say(safeText(line)) };
  return collectOverDebugPods(api, targets, { ...common, ...more }, (at) => progress.at(at));
}
