import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { CheckFormat } from '../render/check-formats.ts';
import { SrcipCommand } from './base.ts';
import { connectionFlags, judgedOutputFlags } from './flags.ts';
import { gather } from './gather.ts';
import { snapshotFlag } from './question-flags.ts';
import { rulesFlags } from './rules-flags.ts';
import { renderOptions } from './terminal.ts';

const SCOPE = 'What is checked';
const WEIGHT = 'What counts';

export default class Check extends SrcipCommand {
  static override summary = 'What is wrong with Services, who is hurt, and what to do.';

  static override description =
    `Looks for everything that is known to drop traffic, hide clients' addresses or differ from what should be: in Services, endpoints, nodes,
load balancers, ingresses, kube-proxy's configuration and, with --rules, in the nodes' rules. With -f it judges manifests that have not been
applied, laid over the cluster that they would land in. Reads only.

Exit codes: 0 nothing at or above --fail-on; 1 something; 2 the question could not be answered.`;

  static override examples = [
    '<%= config.bin %> check svc/web -n shop',
    '<%= config.bin %> check -A --fail-on warning',
    '<%= config.bin %> check -f manifests/ -o sarif > srcip.sarif',
    'kustomize build overlays/prod | <%= config.bin %> check -f - --snapshot cluster.tar.gz -o github',
    '<%= config.bin %> check -A -o json > baseline.json; <%= config.bin %> check -A --baseline baseline.json',
  ];

  static override strict = false;

  static override args = {
    services: Args.string({ description: 'svc/NAME …; default: every Service of the namespace', required: false, ignoreStdin: true }),
  };

  static override flags = {
    'all-namespaces': Flags.boolean({ char: 'A', description: 'every Service of every namespace', helpGroup: SCOPE }),
    filename: Flags.string({
      char: 'f',
      description: 'manifests to lay over the cluster: a file, a folder, or - (repeatable); without names their Services are checked',
      multiple: true,
      multipleNonGreedy: true,
      helpGroup: SCOPE,
    }),
    recursive: Flags.boolean({ char: 'R', description: 'with -f: also the folders inside folders', helpGroup: SCOPE }),
    ...snapshotFlag,
    select: Flags.string({
      description: 'only these findings: codes (SIP103, SIP2xx) or ids, divided by commas (repeatable)',
      multiple: true,
      multipleNonGreedy: true,
      helpGroup: WEIGHT,
    }),
    ignore: Flags.string({
      description: 'all but these findings (repeatable)',
      multiple: true,
      multipleNonGreedy: true,
      helpGroup: WEIGHT,
    }),
    suppressions: Flags.string({
      description: 'YAML file of suppressions, each with code, service and reason',
      helpValue: 'FILE',
      helpGroup: WEIGHT,
    }),
    baseline: Flags.string({
      description: 'JSON report of an earlier check: only what is new counts',
      helpValue: 'FILE',
      helpGroup: WEIGHT,
    }),
    'fail-on': Flags.string({
      description: 'exit with 1 when something that bad is found',
      options: ['error', 'warning', 'info', 'never'],
      default: 'error',
      helpGroup: WEIGHT,
    }),
    ...rulesFlags,
    ...judgedOutputFlags,
    ...connectionFlags,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Check);
    const [{ prepareCheck }, { codesFrom, serviceNames }] = await Promise.all([import('./check-scene.ts'), import('./check-words.ts')]);
    const names = serviceNames(argv.map(String));
    const select = flags.select === undefined ? null : codesFrom(flags.select, 'select');
    const ignore = codesFrom(flags.ignore ?? [], 'ignore');
    const files = flags.suppressions === undefined && flags.baseline === undefined ? null : await import('./check-files.ts');
    const suppressions = flags.suppressions === undefined ? [] : ((await files?.readSuppressions(flags.suppressions)) ?? []);
    const baseline = flags.baseline === undefined ? null : (files?.readBaseline(flags.baseline) ?? null);
    const [gathered, { check }, { checkExitCode }, { renderCheck }] = await Promise.all([
      gather(flags, flags['all-namespaces'] === true ? 'everything-for-findings' : { around: names }, this.config.version),
      import('../findings/check.ts'),
      import('../findings/check-exit-code.ts'),
      import('../render/check-formats.ts'),
    ]);
    const { scene, services, locate } = await prepareCheck(gathered, { names, all: flags['all-namespaces'] === true, ...flags });
    const report = check(scene, { services, select, ignore, suppressions, baseline, locate });
    const failOn = flags['fail-on'] as 'error' | 'warning' | 'info' | 'never';
    const tool = async () => ({ version: this.config.version, rules: (await import('../findings/describe-rules.ts')).describeRules() });
    await this.answer(await renderCheck(report, { ...renderOptions(flags), format: flags.output as CheckFormat, failOn, tool }));
    process.exitCode = checkExitCode(report, failOn);
  }
}
