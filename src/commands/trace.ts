import * as Flags from '@oclif/core/flags';
import { Failure } from '../net/failure.ts';
import type { Format } from '../render/options.ts';
import { SrcipCommand } from './base.ts';
import { connectionFlags, outputFlags } from './flags.ts';
import { gather } from './gather.ts';
import { questionFlags, questionFrom, serviceArgs } from './question-flags.ts';
import { rulesFlags } from './rules-flags.ts';
import { serviceName } from './service-argument.ts';
import { renderOptions } from './terminal.ts';

export default class Trace extends SrcipCommand {
  static override summary = "One packet through the nodes' own rules, step by step.";

  static override description =
    `Follows the first packet of a new connection from its sender through every hook, chain and rule of each node that it comes to, with the
line as the node printed it, what the rule did to the packet, and where routing sends it; then the endpoint, and the answer back.
Rules that choose at random split the way; what cannot be decided is said and never assumed. Reads only.

Exit codes: 0 answered; 2 the question could not be answered.`;

  static override examples = [
    '<%= config.bin %> trace svc/web --from external --to node/worker-1 --rules ssh',
    '<%= config.bin %> trace svc/web --from pod/shop/cart --to loadBalancer --rules exec --all-matched',
    '<%= config.bin %> trace svc/web --from external --to node/worker-2 --rules dumps/ --why-not KUBE-SVL-EZYNCFY2F7N6OQA2',
  ];

  static override args = serviceArgs;

  static override flags = {
    ...questionFlags,
    'all-matched': Flags.boolean({ description: 'also show rules that matched and changed nothing' }),
    'why-not': Flags.string({
      description: 'say why the packet did not come to this chain, or did not take this rule',
      helpValue: 'RULE-or-CHAIN',
    }),
    ...rulesFlags,
    ...outputFlags,
    ...connectionFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Trace);
    const source = flags.rules ?? flags.snapshot;
    if (source === undefined)
      throw new Failure("trace needs the nodes' rules", 'add --rules ssh, --rules exec, --rules debug or --rules PATH');
    const name = serviceName([args.service, args.name].filter((word) => word !== undefined));
    const questionIn = await questionFrom(name, flags);
    const [{ evidence, namespace }, { trace }, { renderReport }] = await Promise.all([
      gather({ ...flags, rules: source }, { questionIn }, this.config.version),
      import('../analysis/trace.ts'),
      import('../render/report.ts'),
    ]);
    const report = trace(evidence, questionIn(namespace), { whyNot: flags['why-not']?.trim() ?? null });
    const options = renderOptions(flags);
    await this.answer(
      await renderReport(report, flags.output as Format, { ...options, verbose: options.verbose || flags['all-matched'] === true }),
    );
  }
}
