import { randomBytes } from 'node:crypto';
import { Failure } from '../../net/failure.ts';
import { clean, messageOf } from '../live/text.ts';
import type { Backend } from './backend.ts';
import { type Budget, createBudget } from './budget.ts';
import { MOST_CHAINS } from './chains.ts';
import { missingChains } from './follow-chains.ts';
import { readNode, wholeNode } from './read-node.ts';
import { nodeScript } from './script.ts';
import { addressOf } from './target.ts';
import { SshTrouble } from './trouble.ts';
import { type NodeTarget, type SshOptions, type SshResult, USUAL } from './types.ts';
import { type NodeOutput, readOutput } from './unpack.ts';

/** What reading each node takes. */
export interface NodeJob {
  readonly backend: Backend;
  readonly options: SshOptions;
  /** Checked chain names, or null for all rules. */
  readonly chains: readonly string[] | null;
  readonly fileLimit: number;
  readonly budget: Budget;
}

export interface NodeResult extends SshResult {
  /** Nothing could be read. */
  readonly empty: boolean;
}

/** From a Service's chain to its endpoints' ones it is three steps: KUBE-FW, KUBE-EXT, KUBE-SVC, KUBE-SEP. */
const MOST_ROUNDS = 4;

/** Reads one node; what fails is a gap. */
export async function collectNode(node: NodeTarget, job: NodeJob): Promise<NodeResult> {
  const address = addressOf(node, job.options.address ?? 'InternalIP');
  if ('why' in address) return wholeFailure(node, address.why);
  // Two files at their longest; a node that prints more than that takes no memory from the others.
  const budget = createBudget(2 * job.fileLimit, job.budget);
  try {
    const result = await readRounds({ host: address.host, name: clean(node.name), job, budget });
    return handedOver(result, { job, budget });
  } catch (error) {
    budget.release();
    if (error instanceof Failure) return wholeFailure(node, error.hint === undefined ? error.message : `${error.message}; ${error.hint}`);
    if (!(error instanceof SshTrouble) && !(error instanceof Error && error.name === 'AbortError')) throw error;
    return wholeFailure(node, messageOf(error));
  }
}

export function wholeFailure({ name }: NodeTarget, why: string): NodeResult {
  return { files: [], gaps: [{ what: wholeNode(clean(name)), why: clean(`ssh: ${why}`) }], empty: true };
}

interface Visit {
  readonly host: string;
  readonly name: string;
  readonly job: NodeJob;
  readonly budget: Budget;
}

/** Reads again when the chains that were asked for lead to others that stayed on the node. */
async function readRounds(visit: Visit): Promise<SshResult> {
  let { chains } = visit.job;
  for (let round = 1; ; round++) {
    const result = await readOnce(visit, chains);
    if (chains === null) return result;
    const missing = missingChains(result.files, chains);
    if (missing.length === 0) return result;
    const all = [...chains, ...missing];
    if (round === MOST_ROUNDS || all.length > MOST_CHAINS) {
      const why = `ssh: the Service's chains lead to more chains than can be looked for (${missing[0]}…); leave --service-only out`;
      return { files: result.files, gaps: [...result.gaps, { what: `all chains of the Service on ${visit.name}`, why }] };
    }
    chains = all;
    visit.budget.release();
  }
}

async function readOnce({ host, name, job, budget }: Visit, chains: readonly string[] | null): Promise<SshResult> {
  const { backend, options, fileLimit } = job;
  const wanted = options.wanted ?? USUAL;
  const mark = `@srcip-${randomBytes(16).toString('hex')}`;
  let output: NodeOutput = { sections: [], noise: '', broken: null };
  const finished = await backend.run(host, {
    script: nodeScript({ mark, wanted, chains }),
    async read(stdout) {
      output = await readOutput(stdout, { mark, limits: { text: fileLimit, budget } });
    },
  });
  return readNode({ node: name, wanted, output, finished, fileLimit });
}

function handedOver(result: SshResult, { job: { options }, budget }: { readonly job: NodeJob; readonly budget: Budget }): NodeResult {
  const empty = result.files.length === 0;
  if (options.take === undefined) return { ...result, empty };
  for (const file of result.files) options.take(file);
  budget.release();
  return { files: [], gaps: result.gaps, empty };
}
