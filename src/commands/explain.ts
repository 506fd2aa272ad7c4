import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { Question } from '../analysis/question.ts';
import type { ServiceReport } from '../analysis/report.ts';
import type { Evidence } from '../cluster/evidence.ts';
import type { Format } from '../render/options.ts';
import { SrcipCommand } from './base.ts';
import { connectionFlags, connectionFrom, outputFlags } from './flags.ts';
import { serviceName } from './service-argument.ts';
import { renderOptions } from './terminal.ts';

const QUESTION = 'Question';

export default class Explain extends SrcipCommand {
  static override summary = 'What happens to traffic for a Service, and why.';

  static override description =
    `For every node:nodePort, load-balancer IP, external IP and clusterIP of the Service: whether it is delivered, dropped or rejected
for which client, whether it is masqueraded, and which source address the pod really sees. Reads the Service, its EndpointSlices, the Nodes
and what reveals the data plane; changes nothing and connects to no pod.

Exit codes: 0 answered; 1 the answer is bad news at or above --fail-on; 2 the question could not be answered.`;

  static override examples = [
    '<%= config.bin %> explain svc/nginx',
    '<%= config.bin %> explain svc/web -n shop --from external --to nodePort',
    '<%= config.bin %> explain svc/web -n shop --from pod/cert-manager/solver --to loadBalancer -o wide',
    '<%= config.bin %> explain svc/router-default -n openshift-ingress --snapshot must-gather.tar.gz',
    '<%= config.bin %> explain svc/web -o json',
  ];

  // Standard input may be the snapshot; oclif would take it for an argument that is not given.
  static override args = {
    service: Args.string({ description: 'svc/NAME, service/NAME, svc NAME or NAME', required: false, ignoreStdin: true }),
    name: Args.string({ description: 'NAME, after a separate svc', required: false, hidden: true, ignoreStdin: true }),
  };

  static override flags = {
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
    snapshot: Flags.string({
      description: 'read the cluster from a directory, an archive, a YAML or JSON file, or - (standard input)',
      helpGroup: QUESTION,
    }),
    'fail-on': Flags.string({
      description:
        'exit with 1 when the answer is that bad: error (nothing is answered), warning (something is not, or is undetermined), info (anything worth a note)',
      options: ['error', 'warning', 'info', 'never'],
      default: 'never',
      helpGroup: QUESTION,
    }),
    ...outputFlags,
    ...connectionFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Explain);
    const name = serviceName([args.service, args.name].filter((word) => word !== undefined));
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
    const reading =
      flags.snapshot === undefined
        ? this.readLive(connectionFrom(flags), questionIn)
        : this.readFiles(flags.snapshot, flags.namespace, flags.verbose);
    // What comes after reading is loaded while the server is being waited for.
    const [{ evidence, namespace }, { explain }, { renderReport }, { exitCode }] = await Promise.all([
      reading,
      import('../analysis/explain.ts'),
      import('../render/report.ts'),
      import('../analysis/exit-code.ts'),
    ]);
    const report = explain(evidence, questionIn(namespace));
    await this.answer(renderReport(report, flags.output as Format, renderOptions(flags)));
    process.exitCode = exitCode(report satisfies ServiceReport, flags['fail-on'] as 'error' | 'warning' | 'info' | 'never');
  }

  private async readLive(
    connection: ReturnType<typeof connectionFrom>,
    questionIn: (namespace: string) => Question,
  ): Promise<{ evidence: Evidence; namespace: string }> {
    const [{ connect }, { collectService }] = await Promise.all([import('../collect/live/client.ts'), import('../collect/cluster.ts')]);
    const api = await connect(connection, { version: this.config.version });
    try {
      const { namespace, name, from, to } = questionIn(api.namespace);
      const pods = from.flatMap((spec) => (spec.kind === 'pod' ? [{ namespace: spec.namespace, name: spec.name }] : []));
      const addresses = to.flatMap((spec) => (spec.kind === 'address' ? [{ address: spec.address, port: spec.port }] : []));
      return { evidence: await collectService(api, { namespace, name, pods, addresses }), namespace };
    } finally {
      api.close();
    }
  }

  private async readFiles(
    path: string,
    namespace: string | undefined,
    verbose: boolean,
  ): Promise<{ evidence: Evidence; namespace: string }> {
    const { readSnapshot } = await import('../collect/snapshot/read-snapshot.ts');
    const { evidence, passedOver } = await readSnapshot(path, { nodeFiles: false });
    if (verbose) {
      const { describePassedOver } = await import('./passed-over.ts');
      process.stderr.write(describePassedOver(passedOver));
    }
    return { evidence, namespace: namespace ?? 'default' };
  }
}
