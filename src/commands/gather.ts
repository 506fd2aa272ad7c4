import type { Question } from '../analysis/question.ts';
import type { Evidence } from '../cluster/evidence.ts';
import type { LiveClient } from '../collect/live/client.ts';
import { connectionFrom } from './flags.ts';
import { createProgress } from './progress.ts';
import type { RulesWords } from './rules-flags.ts';

/** The flags that say where a cluster is, and where its nodes' rules are. */
export interface GatherWords extends RulesWords {
  readonly snapshot?: string | undefined;
  readonly namespace?: string | undefined;
  readonly verbose?: boolean | undefined;
}

/** What of the cluster is wanted: what one question needs, everything, or everything that may be read around Services of one namespace. */
export type Wanted =
  | { readonly questionIn: (namespace: string) => Question }
  | { readonly around: readonly string[] }
  | 'everything'
  | 'everything-for-findings';

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
    isOneQuestion(wanted) ? import('../collect/cluster.ts') : import('../collect/everything.ts'),
  ]);
  const api = await connect(connectionFrom(flags), { version });
  try {
    const { namespace } = api;
    // Only now: an exec plugin may have asked on the terminal.
    const progress = createProgress('reading the cluster');
    const reading =
      'collectService' in reads
        ? reads.collectService(api, neededBy(wanted, namespace))
        : typeof wanted === 'object' && 'around' in wanted
          ? reads.collectAround(api, { namespace, names: wanted.around }, { configHosts: isForFindings(wanted) })
          : reads.collectEverything(api, { configHosts: isForFindings(wanted) });
    const evidence = await reading.finally(() => progress.end());
    return { evidence: await withRules(evidence, flags, { wanted, namespace, api }), namespace };
  } finally {
    api.close();
  }
}

function isOneQuestion(wanted: Wanted): wanted is Extract<Wanted, { readonly questionIn: unknown }> {
  return typeof wanted === 'object' && 'questionIn' in wanted;
}

/** Only findings ask which clients name a host. */
function isForFindings(wanted: Wanted): boolean {
  return wanted === 'everything-for-findings' || (typeof wanted === 'object' && 'around' in wanted);
}

function neededBy(wanted: Wanted, namespace: string): Parameters<typeof import('../collect/cluster.ts').collectService>[1] {
  if (!isOneQuestion(wanted)) throw new Error('everything is read otherwise');
  const { name, from, to, namespace: own } = wanted.questionIn(namespace);
  const pods = from.flatMap((spec) => (spec.kind === 'pod' ? [{ namespace: spec.namespace, name: spec.name }] : []));
  const addresses = to.flatMap((spec) => (spec.kind === 'address' ? [{ address: spec.address, port: spec.port }] : []));
  return { namespace: own, name, pods, addresses };
}

async function gatherFiles(path: string, flags: GatherWords, wanted: Wanted): Promise<Gathered> {
  const { readSnapshot } = await import('../collect/snapshot/read-snapshot.ts');
  const namespace = flags.namespace ?? 'default';
  const isRules = flags.rules === path;
  const progress = createProgress('reading the snapshot');
  const reading = readSnapshot(path, { nodeFiles: isRules || !isOneQuestion(wanted), configHosts: isForFindings(wanted) });
  const { evidence, passedOver } = await reading.finally(() => progress.end());
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
  const question = isOneQuestion(wanted) ? wanted.questionIn(namespace) : null;
  const { files, gaps } = await readRules(rules, { evidence, question, flags, api });
  return { ...evidence, nodeFiles: [...evidence.nodeFiles, ...files], gaps: [...evidence.gaps, ...gaps] };
}
