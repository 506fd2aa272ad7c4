import { Failure } from '../net/failure.ts';
import type { Change } from '../whatif/change.ts';

/** The flags of `whatif` that say what is changed. */
export interface ChangeWords {
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
  readonly upgrade?: string | undefined;
  readonly rollout?: string | undefined;
  readonly snapshot?: string | undefined;
}

/** The changes as asked for, in whatever namespace the connection says; throws a Failure for words that are none, before anything is read. */
export async function changesFrom(flags: ChangeWords): Promise<(namespace: string) => readonly Change[]> {
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
    ...(flags.upgrade === undefined ? [] : parse.parseUpgrade(flags.upgrade)),
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
