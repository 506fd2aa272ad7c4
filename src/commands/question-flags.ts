import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { Question } from '../analysis/question.ts';

const QUESTION = 'Question';

// Standard input may be the snapshot; oclif would take it for an argument that is not given.
export const serviceArgs = {
  service: Args.string({ description: 'svc/NAME, service/NAME, svc NAME or NAME', required: false, ignoreStdin: true }),
  name: Args.string({ description: 'NAME, after a separate svc', required: false, hidden: true, ignoreStdin: true }),
};

export const snapshotFlag = {
  snapshot: Flags.string({
    description: 'read the cluster from a directory, an archive, a YAML or JSON file, or - (standard input)',
    helpGroup: QUESTION,
  }),
};

/** What the commands that predict share. */
export const questionFlags = {
  from: Flags.string({
    description: 'client: external, external=IP, node/NAME, pod/NAME, pod/NS/NAME, pod@NODE (repeatable)',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: QUESTION,
  }),
  to: Flags.string({
    description:
      'target: clusterIP, nodePort, externalIP, loadBalancer, healthCheck, node/NAME, IP:PORT, [IPv6]:PORT, with /udp or /sctp (repeatable)',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: QUESTION,
  }),
  via: Flags.string({
    description: 'node through which an outside client enters the cluster (repeatable)',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: QUESTION,
  }),
  port: Flags.string({ description: 'one port of the Service, by name or number', helpGroup: QUESTION }),
  ...snapshotFlag,
};

interface QuestionWords {
  readonly from?: string[] | undefined;
  readonly to?: string[] | undefined;
  readonly via?: string[] | undefined;
  readonly port?: string | undefined;
}

/** The question as asked, in whatever namespace the connection says; throws a Failure for words that are none, before anything is read. */
export async function questionFrom(name: string, flags: QuestionWords): Promise<(namespace: string) => Question> {
  const { parseClient, parseTarget } = await import('../analysis/question.ts');
  const to = (flags.to ?? []).map(parseTarget);
  const questionIn = (namespace: string): Question => ({
    namespace,
    name,
    from: (flags.from ?? []).map((text) => parseClient(text, namespace)),
    to,
    via: flags.via ?? [],
    port: flags.port ?? null,
  });
  questionIn('default');
  return questionIn;
}
