import { readFile } from 'node:fs/promises';
import * as Flags from '@oclif/core/flags';
import type { Question } from '../analysis/question.ts';
import type { FlowAssertions } from '../assert/assertions.ts';
import { Failure } from '../net/failure.ts';
import type { AssertFormat } from '../render/assert-formats.ts';
import { SrcipCommand } from './base.ts';
import { connectionFlags, judgedOutputFlags } from './flags.ts';
import { gather } from './gather.ts';
import { serviceArgs, snapshotFlag } from './question-flags.ts';
import { serviceName } from './service-argument.ts';
import { renderOptions } from './terminal.ts';

/** A file of expected flows is text that people write. */
const MOST_BYTES = 8 * 1024 * 1024;

export default class Assert extends SrcipCommand {
  static override summary = 'Expected flows as code: whether they hold.';

  static override description =
    `Reads files that say which client is to reach which target of a Service, and how: answered or not, with the client's address or without it,
with which share for which node or pod (kind FlowAssertions; examples/flows). Every flow that an entry stands for has to be as expected.
--init svc/NAME prints such a file of what is true now. Reads only.

Exit codes: 0 all hold; 1 some do not, or are undetermined; 2 some cannot be answered, or a file cannot be read.`;

  static override examples = [
    '<%= config.bin %> assert -f flows.yaml',
    '<%= config.bin %> assert -f flows.yaml --snapshot cluster.tar.gz -o junit > flows.xml',
    '<%= config.bin %> assert --init svc/web -n shop > flows.yaml',
  ];

  static override args = serviceArgs;

  static override flags = {
    filename: Flags.string({
      char: 'f',
      description: 'file of expected flows, or - (repeatable)',
      helpValue: 'FLOWS.yaml',
      multiple: true,
      multipleNonGreedy: true,
    }),
    init: Flags.boolean({ description: 'print a file of what is true now for a Service' }),
    'allow-undetermined': Flags.boolean({ description: 'flows that the evidence does not decide are no failure' }),
    ...snapshotFlag,
    ...judgedOutputFlags,
    ...connectionFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Assert);
    const words = [args.service, args.name].filter((word) => word !== undefined);
    if (flags.init) return this.printInitial(words, flags);
    const files = flags.filename ?? [];
    if (files.length === 0)
      throw new Failure('which flows are expected?', 'give a file with -f FLOWS.yaml; assert --init svc/NAME prints one to begin with');
    if (words.length > 0)
      throw new Failure('the Services are named in the files', 'usage: kubectl srcip assert -f FLOWS.yaml, or assert --init svc/NAME');
    const assertions = await readAll(files, flags.snapshot);
    const [{ assertFlows, questionOf }, { assertExitCode }, { renderAssert }] = await Promise.all([
      import('../assert/assert.ts'),
      import('../assert/exit-code.ts'),
      import('../render/assert-formats.ts'),
    ]);
    const { evidence, namespace } = await gather(flags, wantedFor(assertions, questionOf), this.config.version);
    const report = assertFlows(evidence, assertions, namespace);
    const program = { version: this.config.version, allowUndetermined: flags['allow-undetermined'] === true };
    await this.answer(await renderAssert(report, flags.output as AssertFormat, renderOptions(flags), program));
    process.exitCode = assertExitCode(report, program.allowUndetermined);
  }

  private async printInitial(
    words: readonly string[],
    flags: Parameters<typeof gather>[0] & { readonly filename?: string[] | undefined },
  ): Promise<void> {
    if (flags.filename !== undefined)
      throw new Failure('--init prints a file and reads none', 'usage: kubectl srcip assert --init svc/NAME');
    const name = serviceName(words);
    const questionIn = (namespace: string): Question => ({ namespace, name, from: [], to: [], via: [], port: null });
    const [{ explain }, { initialAssertions }, { renderInitial }, { evidence, namespace }] = await Promise.all([
      import('../analysis/explain.ts'),
      import('../assert/init.ts'),
      import('../render/assert-init.ts'),
      gather(flags, { questionIn }, this.config.version),
    ]);
    await this.answer(renderInitial(initialAssertions(explain(evidence, questionIn(namespace)))));
  }
}

async function readAll(files: readonly string[], snapshot: string | undefined): Promise<FlowAssertions[]> {
  if (files.filter((file) => file === '-').length + (snapshot === '-' ? 1 : 0) > 1)
    throw new Failure('standard input can be read once', 'give the flows or the snapshot as a file');
  const { readAssertions } = await import('../assert/read.ts');
  const texts = await Promise.all(files.map(readText));
  return files.flatMap((file, index) => readAssertions(texts[index] ?? '', file === '-' ? 'standard input' : file));
}

async function readText(file: string): Promise<string> {
  if (file === '-') return readInput();
  try {
    const content = await readFile(file);
    if (content.length > MOST_BYTES)
      throw new Failure(`${file} is too large for a file of expected flows`, `at most ${MOST_BYTES / 1024 / 1024} MiB are read`);
    return content.toString('utf8');
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reasons: Readonly<Record<string, string>> = { ENOENT: 'no such file', EISDIR: 'it is a folder', EACCES: 'permission denied' };
    throw new Failure(`${file} cannot be read: ${reasons[code] ?? code}`, 'give a file of kind FlowAssertions, or - for standard input');
  }
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(Buffer.from(chunk));
    size += chunks.at(-1)?.length ?? 0;
    if (size > MOST_BYTES)
      throw new Failure('standard input is too large for a file of expected flows', `at most ${MOST_BYTES / 1024 / 1024} MiB are read`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What one Service's flows need, or everything where there are several. */
function wantedFor(
  files: readonly FlowAssertions[],
  questionOf: typeof import('../assert/assert.ts').questionOf,
): Parameters<typeof gather>[1] {
  const [first, ...others] = files;
  if (first === undefined || others.some(({ namespace, name }) => namespace !== first.namespace || name !== first.name))
    return 'everything';
  const questionIn = (namespace: string): Question => {
    const questions = files.flatMap((file) => file.flows.map((flow) => questionOf(file, flow, namespace)));
    return {
      namespace: first.namespace ?? namespace,
      name: first.name,
      from: questions.flatMap(({ from }) => from),
      to: questions.flatMap(({ to }) => to),
      via: [],
      port: null,
    };
  };
  return { questionIn };
}
