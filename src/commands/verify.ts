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

export default class Verify extends SrcipCommand {
  static override summary = "The nodes' real rules against those that kube-proxy should have written.";

  static override description =
    `Reads the rules that the nodes really have (--rules), names what is missing, unexpected or changed for this Service and what each
difference does to traffic, rules of others that come before kube-proxy's, and every flow whose packets end otherwise than predicted.
Works for kube-proxy in iptables mode, 1.19 to today. Reads only.

Exit codes: 0 nothing at or above --fail-on was found; 1 it was; 2 the question could not be answered.`;

  static override examples = [
    '<%= config.bin %> verify svc/nginx --rules ssh --ssh-user admin',
    '<%= config.bin %> verify svc/web -n shop --rules exec',
    '<%= config.bin %> verify svc/web -n shop --rules dumps/ -o wide',
    '<%= config.bin %> verify -A --snapshot cluster.tar.gz --rules cluster.tar.gz',
  ];

  static override args = serviceArgs;

  static override flags = {
    ...questionFlags,
    'all-namespaces': Flags.boolean({ char: 'A', description: 'verify every Service of every namespace, without their flows' }),
    ...rulesFlags,
    'fail-on': Flags.string({
      description:
        'exit with 1 when something that bad is found: error (traffic goes another way), warning (it may), info (anything), never',
      options: ['error', 'warning', 'info', 'never'],
      default: 'error',
    }),
    ...outputFlags,
    ...connectionFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Verify);
    const source = flags.rules ?? flags.snapshot;
    if (source === undefined)
      throw new Failure("verify needs the nodes' rules", 'add --rules ssh, --rules exec, --rules debug or --rules PATH');
    const withRules = { ...flags, rules: source };
    const words = [args.service, args.name].filter((word) => word !== undefined);
    const [{ verify, verifyAll }, { renderReport }, { verifyExitCode }] = await Promise.all([
      import('../analysis/verify.ts'),
      import('../render/report.ts'),
      import('../analysis/verify-exit-code.ts'),
    ]);
    const all = flags['all-namespaces'] === true;
    if (all && words.length > 0)
      throw new Failure('verify takes a Service or -A, not both', 'usage: kubectl srcip verify svc/NAME, or verify -A');
    const questionIn = all ? null : await questionFrom(serviceName(words), flags);
    const { evidence, namespace } = await gather(withRules, questionIn === null ? 'everything' : { questionIn }, this.config.version);
    const report = questionIn === null ? verifyAll(evidence, null) : verify(evidence, questionIn(namespace));
    await this.answer(await renderReport(report, flags.output as Format, renderOptions(flags)));
    process.exitCode = verifyExitCode(report, flags['fail-on'] as 'error' | 'warning' | 'info' | 'never');
  }
}
