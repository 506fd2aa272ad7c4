import * as Flags from '@oclif/core/flags';
import type { FindingsOf } from '../analysis/explain.ts';
import type { ServiceReport } from '../analysis/report.ts';
import type { Format } from '../render/options.ts';
import { SrcipCommand } from './base.ts';
import { connectionFlags, outputFlags } from './flags.ts';
import { gather } from './gather.ts';
import { questionFlags, questionFrom, serviceArgs } from './question-flags.ts';
import { rulesFlags } from './rules-flags.ts';
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
    '<%= config.bin %> explain svc/web --rules ssh --ssh-user admin',
    '<%= config.bin %> explain svc/web -o json',
  ];

  static override args = serviceArgs;

  static override flags = {
    ...questionFlags,
    ...rulesFlags,
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
    const questionIn = await questionFrom(name, flags);
    // What comes after reading is loaded while the server is being waited for.
    const [{ evidence, namespace }, { explain }, { renderReport }, { exitCode }, tools, { findingsOf }] = await Promise.all([
      gather(flags, { questionIn }, this.config.version),
      import('../analysis/explain.ts'),
      import('../render/report.ts'),
      import('../analysis/exit-code.ts'),
      flags.rules === undefined ? {} : import('../analysis/traced-flow.ts'),
      import('../findings/for-explain.ts'),
    ]);
    const report = explain(evidence, questionIn(namespace), { ...tools, findingsOf: findingsFor(flags.output, findingsOf) });
    await this.answer(await renderReport(report, flags.output as Format, renderOptions(flags)));
    process.exitCode = exitCode(report satisfies ServiceReport, flags['fail-on'] as 'error' | 'warning' | 'info' | 'never');
  }
}

/** A table of a cluster this large is read for its first lines, and waited for; every other format, and `check`, have all findings. */
const MANY_NODES = 500;

function findingsFor(format: string, findingsOf: FindingsOf): FindingsOf {
  return (parts, service) => (format === 'table' && parts.cluster.nodes.length > MANY_NODES ? [] : findingsOf(parts, service));
}
