import type { Question } from '../analysis/question.ts';
import type { Evidence } from '../cluster/evidence.ts';
import type { LiveClient } from '../collect/live/client.ts';
import { connectionFrom } from './flags.ts';
import type { RulesWords } from './rules-flags.ts';

/** The flags that say where a cluster is, and where its nodes' rules are. */
export interface GatherWords extends RulesWords {
  readonly snapshot?: string | undefined;
  readonly namespace?: string | undefined;
  readonly verbose?: boolean | undefined;
}

/** What of the cluster is wanted: what one question needs, or everything. */
export type Wanted = { readonly questionIn: (namespace: string) => Question } | 'everything';

export interface Gathered {
  readonly evidence: Evidence;
  readonly namespace: string;
}

/** Reads the cluster from its API server or from a snapshot, then the nodes' rules where `--rules` asks for them. */
export async function gather(
  flags: GatherWords & Parameters<typeof connectionFrom>[0],
  wanted: Wanted,
  version: string,
): Promise<Gathered> {
  const { snapshot } = flags;
  return snapshot === undefined ? gatherLive(flags, wanted, version) : gatherFiles(snapshot, flags, wanted);
}

async function gatherLive(flags: GatherWords & Parameters<typeof connectionFrom>[0], wanted: Wanted, version: string): Promise<Gathered> {
  const [{ connect }, reads] = await Promise.all([
    import('../collect/live/client.ts'),
    wanted === 'everything' ? import('../collect/everything.ts') : import('../collect/cluster.ts'),
  ]);
  const api = await connect(connectionFrom(flags), { version });
  try {
    const { namespace } = api;
    const evidence =
      'collectEverything' in reads ? await reads.collectEverything(api) : await reads.collectService(api, neededBy(wanted, namespace));
    return { evidence: await withRules(evidence, flags, { wanted, namespace, api }), namespace };
  } finally {
    api.close();
  }
}

function neededBy(wanted: Wanted, namespace: string): Parameters<typeof import('../collect/cluster.ts').collectService>[1] {
  if (wanted === 'everything') throw new Error('everything is read otherwise');
  const { name, from, to, namespace: own } = wanted.questionIn(namespace);
  const pods = from.flatMap((spec) => (spec.kind === 'pod' ? [{ namespace: spec.namespace, name: spec.name }] : []));
  const addresses = to.flatMap((spec) => (spec.kind === 'address' ? [{ address: spec.address, port: spec.port }] : []));
  return { namespace: own, name, pods, addresses };
}

async function gatherFiles(path: string, flags: GatherWords, wanted: Wanted): Promise<Gathered> {
  const { readSnapshot } = await import('../collect/snapshot/read-snapshot.ts');
  const namespace = flags.namespace ?? 'default';
  const isRules = flags.rules === path;
  const { evidence, passedOver } = await readSnapshot(path, { nodeFiles: isRules || wanted === 'everything' });
  if (flags.verbose === true) {
    const { describePassedOver } = await import('./passed-over.ts');
    process.stderr.write(describePassedOver(passedOver));
  }
  if (isRules) return { evidence, namespace };
  return { evidence: await withRules(evidence, flags, { wanted, namespace, api: null }), namespace };
}

async function withRules(
  evidence: Evidence,
  flags: RulesWords,
  around: { readonly wanted: Wanted; readonly namespace: string; readonly api: LiveClient | null },
): Promise<Evidence> {
  const { rules } = flags;
  if (rules === undefined) return evidence;
  const { readRules } = await import('./read-rules.ts');
  const { wanted, namespace, api } = around;
  const question = wanted === 'everything' ? null : wanted.questionIn(namespace);
  const { files, gaps } = await readRules(rules, { evidence, question, flags, api });
  return { ...evidence, nodeFiles: [...evidence.nodeFiles, ...files], gaps: [...evidence.gaps, ...gaps] };
}
