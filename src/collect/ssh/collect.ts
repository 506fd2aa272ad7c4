import { setMaxListeners } from 'node:events';
import { access, constants } from 'node:fs/promises';
import { Failure } from '../../net/failure.ts';
import { createLimit } from '../live/limit.ts';
import { clean, fileTrouble, quoted } from '../live/text.ts';
import type { Backend } from './backend.ts';
import { createBudget } from './budget.ts';
import { type BackendSettings, createBuiltinBackend } from './builtin.ts';
import { checkedChains } from './chains.ts';
import { collectNode, type NodeJob, wholeFailure } from './collect-node.ts';
import { createOpensshBackend } from './openssh.ts';
import { checkOptions } from './target.ts';
import type { NodeTarget, SshOptions, SshProgress, SshResult } from './types.ts';

const DEFAULT_CONCURRENCY = 12;
const DEFAULT_CONNECT_MS = 10_000;
const DEFAULT_COMMAND_MS = 30_000;
const DEFAULT_FILE_LIMIT = 128 * (1 << 20);
const DEFAULT_TOTAL_LIMIT = 1024 * (1 << 20);

/**
 * Reads rules, addresses and routes of nodes over SSH. A node that cannot be read is a gap and never an error; options that cannot be meant, and an
 * interruption through the signal, are a Failure.
 */
export async function collectOverSsh(
  nodes: readonly NodeTarget[],
  options: SshOptions,
  progress: (progress: SshProgress) => void = () => undefined,
): Promise<SshResult> {
  checkOptions(options);
  for (const file of options.identityFiles ?? []) await checkReadable(file);
  const chains = options.serviceChains === undefined ? null : checkedChains(options.serviceChains);
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  // Every connection listens to it.
  setMaxListeners(0, signal);
  const backend = await createBackend({
    options: { ...options, ...(options.warn === undefined ? {} : { warn: safely(options.warn) }) },
    signal,
    connectTimeoutMs: options.connectTimeoutMs ?? DEFAULT_CONNECT_MS,
    commandTimeoutMs: options.commandTimeoutMs ?? DEFAULT_COMMAND_MS,
  });
  const budget = createBudget(options.totalLimit ?? DEFAULT_TOTAL_LIMIT);
  const job: NodeJob = { backend, options, chains, fileLimit: options.fileLimit ?? DEFAULT_FILE_LIMIT, budget };
  try {
    const results = await readAll(nodes, { job, signal, progress });
    if (options.signal?.aborted === true) throw new Failure('interrupted while reading nodes over SSH');
    return { files: results.flatMap(({ files }) => files), gaps: results.flatMap(({ gaps }) => gaps) };
  } finally {
    backend.close();
    // Whatever is still open after an error of ours.
    stop.abort();
  }
}

interface Readers {
  readonly job: NodeJob;
  readonly signal: AbortSignal;
  readonly progress: (progress: SshProgress) => void;
}

function readAll(nodes: readonly NodeTarget[], { job, signal, progress }: Readers): Promise<SshResult[]> {
  const limit = createLimit(job.options.concurrency ?? DEFAULT_CONCURRENCY);
  let [done, failed] = [0, 0];
  return Promise.all(
    nodes.map((node) =>
      limit(async () => {
        const result = signal.aborted ? wholeFailure(node, 'interrupted') : await collectNode(node, job);
        done++;
        if (result.empty) failed++;
        progress({ done, total: nodes.length, failed, node: clean(node.name) });
        return result;
      }),
    ),
  );
}

function createBackend(settings: BackendSettings): Promise<Backend> | Backend {
  const { command } = settings.options;
  return command === undefined ? createBuiltinBackend(settings) : createOpensshBackend(command, settings);
}

async function checkReadable(file: string): Promise<void> {
  await access(file, constants.R_OK).catch((error: unknown) => {
    throw new Failure(`the SSH key file ${quoted(file)} cannot be read: ${fileTrouble(error)}`, 'name a private key file');
  });
}

function safely(warn: (text: string) => void): (text: string) => void {
  return (text) => warn(text.split('\n').map(clean).join('\n'));
}
