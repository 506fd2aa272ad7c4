import * as Flags from '@oclif/core/flags';
import { Failure } from '../net/failure.ts';
import type { Format } from '../render/options.ts';
import type { Change } from '../whatif/change.ts';
import { SrcipCommand } from './base.ts';
import { connectionFlags, outputFlags } from './flags.ts';
import { gather } from './gather.ts';
import { questionFlags, questionFrom, serviceArgs } from './question-flags.ts';
import { serviceName } from './service-argument.ts';
import { renderOptions } from './terminal.ts';

const CHANGE = 'Change (several are made together)';

const many = { multiple: true, multipleNonGreedy: true, helpGroup: CHANGE } as const;

export default class Whatif extends SrcipCommand {
  static override summary = 'What a change would do to traffic for a Service, before it is made.';

  static override description =
    `Tells for every client and target of the Service what is answered before the change and what after it: who is dropped or rejected then,
who is answered again, and whether the pods see other source addresses. The changed object is what the API server would store; what nobody
can know before (a node port that is not given yet, where new pods will run) is named, and told only as far as it does not matter.
Reads only: nothing is changed.

Exit codes: 0 answered; 1 the change is bad news at or above --fail-on; 2 the question could not be answered, or the change cannot be made.`;

  static override examples = [
    '<%= config.bin %> whatif svc/web --set externalTrafficPolicy=Local',
    '<%= config.bin %> whatif svc/web -n shop --set type=LoadBalancer --set externalTrafficPolicy=Local -o wide',
    '<%= config.bin %> whatif svc/web --drain worker-1 --scale 2',
    '<%= config.bin %> whatif svc/web -f service.yaml --from external --to nodePort',
    '<%= config.bin %> whatif svc/web --proxy-mode nftables --kube-version 1.34 --fail-on warning',
  ];

  static override args = serviceArgs;

  static override flags = {
    set: Flags.string({
      description:
        'field of the Service: type, externalTrafficPolicy, internalTrafficPolicy, sessionAffinity, externalIPs, nodePort[.PORT], … (repeatable)',
      helpValue: 'FIELD=VALUE',
      ...many,
    }),
    filename: Flags.string({
      char: 'f',
      description: 'changed manifests: a file, a folder, or - (repeatable)',
      helpValue: 'PATH',
      ...many,
    }),
    drain: Flags.string({
      description: 'a node is drained: its pods are evicted, but for those of DaemonSets (repeatable)',
      helpValue: 'NODE',
      ...many,
    }),
    cordon: Flags.string({ description: 'a node takes no new pods (repeatable)', helpValue: 'NODE', ...many }),
    'delete-pod': Flags.string({ description: 'a pod is gone (repeatable)', helpValue: '[NS/]POD', ...many }),
    move: Flags.string({ description: 'a pod runs on another node (repeatable)', helpValue: '[NS/]POD=NODE', ...many }),
    scale: Flags.integer({ description: "the Service's pods become that many, and all are ready", helpValue: 'N', helpGroup: CHANGE }),
    'kube-version': Flags.string({ description: 'kube-proxy of another version', helpValue: 'VERSION', helpGroup: CHANGE }),
    'proxy-mode': Flags.string({
      description: 'kube-proxy in another mode: iptables, nftables, ipvs',
      helpValue: 'MODE',
      helpGroup: CHANGE,
    }),
    'detect-local': Flags.string({
      description: "how kube-proxy tells pods' traffic: ClusterCIDR=CIDRs, NodeCIDR, BridgeInterface=DEVICE, InterfaceNamePrefix=PREFIX",
      helpValue: 'MODE[=VALUE]',
      helpGroup: CHANGE,
    }),
    ...questionFlags,
    'fail-on': Flags.string({
      description:
        'exit with 1 when the change is that bad: error (nothing is answered any more), warning (something gets worse, or may), info (anything changes)',
      options: ['error', 'warning', 'info', 'never'],
      default: 'never',
    }),
    ...outputFlags,
    ...connectionFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Whatif);
    const name = serviceName([args.service, args.name].filter((word) => word !== undefined));
    const [questionIn, changesIn] = await Promise.all([questionFrom(name, flags), changesFrom(flags)]);
    const wanted = changesIn('default').some(({ kind }) => NEEDS_PODS.has(kind)) ? 'everything' : { questionIn };
    const [{ evidence, namespace }, { whatif }, { renderReport }, { whatifExitCode }, findings] = await Promise.all([
      gather(flags, wanted, this.config.version),
      import('../whatif/whatif.ts'),
      import('../render/report.ts'),
      import('../whatif/exit-code.ts'),
      import('../findings/for-explain.ts'),
    ]);
    const report = whatif(evidence, questionIn(namespace), changesIn(namespace), findings);
    await this.answer(await renderReport(report, flags.output as Format, renderOptions(flags)));
    process.exitCode = whatifExitCode(report, flags['fail-on'] as 'error' | 'warning' | 'info' | 'never');
  }
}

/** Whether a pod is evicted, and whose it is, only the pods themselves tell. */
const NEEDS_PODS: ReadonlySet<Change['kind']> = new Set(['manifests', 'drain', 'delete-pod', 'move', 'scale'] as const);

interface ChangeWords {
  readonly set?: string[] | undefined;
  readonly filename?: string[] | undefined;
  readonly drain?: string[] | undefined;
  readonly cordon?: string[] | undefined;
  readonly 'delete-pod'?: string[] | undefined;
  readonly move?: string[] | undefined;
  readonly scale?: number | undefined;
  readonly 'kube-version'?: string | undefined;
  readonly 'proxy-mode'?: string | undefined;
  readonly 'detect-local'?: string | undefined;
  readonly snapshot?: string | undefined;
}

/** The changes as asked for, in whatever namespace the connection says; throws a Failure for words that are none, before anything is read. */
async function changesFrom(flags: ChangeWords): Promise<(namespace: string) => readonly Change[]> {
  const parse = await import('../whatif/parse-change.ts');
  const manifests = await Promise.all((flags.filename ?? []).map((path) => manifestsIn(path, flags)));
  const given = <T>(value: T | undefined, read: (value: T) => Change): Change[] => (value === undefined ? [] : [read(value)]);
  return (namespace) => [
    ...manifests,
    ...(flags.set ?? []).map(parse.parseSet),
    ...(flags.cordon ?? []).map((node): Change => ({ kind: 'cordon', node })),
    ...(flags.drain ?? []).map((node): Change => ({ kind: 'drain', node })),
    ...(flags['delete-pod'] ?? []).map((text): Change => ({ kind: 'delete-pod', ...parse.parsePod(text, 'delete-pod', namespace) })),
    ...(flags.move ?? []).map((text) => parse.parseMove(text, namespace)),
    ...given(flags.scale, parse.parseReplicas),
    ...given(flags['kube-version'], parse.parseKubeVersion),
    ...given(flags['proxy-mode'], parse.parseProxyMode),
    ...given(flags['detect-local'], parse.parseDetectLocal),
  ];
}

async function manifestsIn(path: string, { snapshot, filename = [] }: ChangeWords): Promise<Change> {
  if (path === '-' && (snapshot === '-' || filename.filter((each) => each === '-').length > 1))
    throw new Failure('standard input can be read once', 'give the manifests or the snapshot as a file');
  const { readSnapshot } = await import('../collect/snapshot/read-snapshot.ts');
  const from = path === '-' ? 'the manifests on standard input' : path;
  try {
    const { evidence, passedOver } = await readSnapshot(path, { nodeFiles: false });
    const [gap] = evidence.gaps;
    if (gap !== undefined) throw new Failure(`${gap.what}: ${gap.why}`);
    const others = Object.entries(passedOver.kinds).map(([kind, count]) => `${count} ${kind}`);
    return { kind: 'manifests', objects: evidence.objects, from, passedOver: others };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      `-f ${from}: ${error.message.replace(/^snapshot ("[^"]*" )?/, '')}`,
      'give YAML or JSON manifests of what is to be changed: a file, a folder, or -',
    );
  }
}
