import * as Flags from '@oclif/core/flags';
import type { FailOn } from '../analysis/exit-code.ts';
import { Failure } from '../net/failure.ts';
import type { AnyReport } from '../render/any-report.ts';
import type { Format } from '../render/options.ts';
import type { Change } from '../whatif/change.ts';
import { SrcipCommand } from './base.ts';
import { connectionFlags, outputFlags } from './flags.ts';
import { gather } from './gather.ts';
import { questionFlags, questionFrom, serviceArgs } from './question-flags.ts';
import { serviceName } from './service-argument.ts';
import { renderOptions } from './terminal.ts';
import { type ChangeWords, changesFrom } from './whatif-changes.ts';

type AnyWhatif = Extract<AnyReport, { kind: 'WhatifReport' | 'WhatifAllReport' | 'RolloutReport' }>;
type GatherFlags = Parameters<typeof gather>[0];

const CHANGE = 'Change (several are made together)';

const many = { multiple: true, multipleNonGreedy: true, helpGroup: CHANGE } as const;

export default class Whatif extends SrcipCommand {
  static override summary = 'What a change would do to traffic for a Service, before it is made.';

  static override description =
    `Tells for every client and target of the Service what is answered before the change and what after it: who is dropped or rejected then,
who is answered again, and whether the pods see other source addresses. The changed object is what the API server would store; what nobody
can know before (a node port that is not given yet, where new pods will run) is named, and told only as far as it does not matter.
Without a Service, or with -A, it tells which Services of the namespace, or of all, fare otherwise. With --rollout it walks an update of the
workload behind the Service step by step, and tells for how long which nodes drop what the load balancer still sends there.
Reads only: nothing is changed.

Exit codes: 0 answered; 1 the change is bad news at or above --fail-on; 2 the question could not be answered, or the change cannot be made.`;

  static override examples = [
    '<%= config.bin %> whatif svc/web --set externalTrafficPolicy=Local',
    '<%= config.bin %> whatif svc/web -n shop --set type=LoadBalancer --set externalTrafficPolicy=Local -o wide',
    '<%= config.bin %> whatif svc/web --drain worker-1 --scale 2',
    '<%= config.bin %> whatif svc/web -f service.yaml --from external --to nodePort',
    '<%= config.bin %> whatif svc/web --proxy-mode nftables --kube-version 1.34 --fail-on warning',
    '<%= config.bin %> whatif svc/web --rollout deploy/web',
    '<%= config.bin %> whatif -A --upgrade nftables@1.36',
    '<%= config.bin %> whatif -A --drain worker-1 -o json',
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
    upgrade: Flags.string({
      description: 'another kube-proxy on every node: its version, its mode, or both; see -A',
      helpValue: 'VERSION|MODE|MODE@VERSION',
      exclusive: ['kube-version', 'proxy-mode'],
      helpGroup: CHANGE,
    }),
    rollout: Flags.string({
      description: 'an update of the workload behind the Service, step by step: deploy/NAME, daemonset/NAME, statefulset/NAME',
      helpValue: 'WORKLOAD',
      helpGroup: CHANGE,
    }),
    'all-namespaces': Flags.boolean({ char: 'A', description: 'every Service of every namespace, told by what becomes of them' }),
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
    const words = [args.service, args.name].filter((word) => word !== undefined);
    const report = await reportFor(words, flags, this.config.version);
    const [{ renderReport }, { whatifExitCode }] = await Promise.all([import('../render/report.ts'), import('../whatif/exit-code.ts')]);
    await this.answer(await renderReport(report, flags.output as Format, renderOptions(flags)));
    process.exitCode = whatifExitCode(report, flags['fail-on'] as FailOn);
  }
}

type WhatifFlags = ChangeWords &
  GatherFlags &
  Parameters<typeof questionFrom>[1] & {
    readonly 'all-namespaces'?: boolean | undefined;
  };

function reportFor(words: readonly string[], flags: WhatifFlags, version: string): Promise<AnyWhatif> {
  if (flags['all-namespaces'] === true && words.length > 0)
    throw new Failure('whatif takes a Service or -A, not both', 'usage: kubectl srcip whatif svc/NAME …, or whatif -A …');
  if (flags.rollout !== undefined) return rolloutReport(words, flags, version);
  return words.length > 0 ? serviceReport(words, flags, version) : allReport(flags, version);
}

async function serviceReport(words: readonly string[], flags: WhatifFlags, version: string): Promise<AnyWhatif> {
  const name = serviceName(words);
  const [questionIn, changesIn] = await Promise.all([questionFrom(name, flags), changesFrom(flags)]);
  const wanted = changesIn('default').some(({ kind }) => NEEDS_PODS.has(kind)) ? 'everything' : { questionIn };
  const [{ evidence, namespace }, { whatif }, findings] = await Promise.all([
    gather(flags, wanted, version),
    import('../whatif/whatif.ts'),
    import('../findings/for-explain.ts'),
  ]);
  return whatif(evidence, questionIn(namespace), changesIn(namespace), findings);
}

/** Flags that ask about one flow have no meaning here. */
function refuseQuestions(flags: WhatifFlags, names: readonly ('from' | 'to' | 'via' | 'port')[], what: string): void {
  const asked = names.find((name) => flags[name] !== undefined);
  if (asked !== undefined) throw new Failure(`--${asked} asks about single flows, and ${what} tells of all`, `leave --${asked} out`);
}

async function allReport(flags: WhatifFlags, version: string): Promise<AnyWhatif> {
  refuseQuestions(flags, ['from', 'to', 'via', 'port'], 'whatif without a Service');
  const changesIn = await changesFrom(flags);
  const { refuseChangesOfOne, whatifAll } = await import('../whatif/all/all.ts');
  refuseChangesOfOne(changesIn('default'));
  const [{ evidence, namespace }, { findingsOfAll }] = await Promise.all([
    gather(flags, 'everything', version),
    import('../findings/for-all.ts'),
  ]);
  return whatifAll(evidence, { namespace, all: flags['all-namespaces'] === true }, changesIn(namespace), { findingsOfAll });
}

async function rolloutReport(words: readonly string[], flags: WhatifFlags, version: string): Promise<AnyWhatif> {
  if (words.length === 0)
    throw new Failure('--rollout needs the Service in front of the workload', 'usage: kubectl srcip whatif svc/NAME --rollout deploy/NAME');
  refuseQuestions(flags, ['from', 'to', 'via'], '--rollout');
  const { parseRollout } = await import('../whatif/rollout/find-workload.ts');
  const [name, workload, changesIn] = [serviceName(words), parseRollout(flags.rollout ?? ''), await changesFrom(flags)];
  const [{ evidence, namespace }, { rolloutAfter }, { failTime }, { lingeringOf }] = await Promise.all([
    gather(flags, 'everything', version),
    import('../whatif/rollout/after.ts'),
    import('../findings/spread/check-times.ts'),
    import('../findings/spread/workloads.ts'),
  ]);
  const question = { namespace, name, port: flags.port ?? null, workload };
  return rolloutAfter(evidence, question, { changes: changesIn(namespace), tools: { failTime, lingeringOf } });
}

/** Whether a pod is evicted, and whose it is, only the pods themselves tell. */
const NEEDS_PODS: ReadonlySet<Change['kind']> = new Set(['manifests', 'drain', 'delete-pod', 'move', 'scale'] as const);
