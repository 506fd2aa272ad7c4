import * as Flags from '@oclif/core/flags';
import { Failure } from '../net/failure.ts';
import { safeText } from '../render/safe.ts';
import { SrcipCommand } from './base.ts';
import { connectionFlags } from './flags.ts';
import { gather } from './gather.ts';
import { snapshotFlag } from './question-flags.ts';
import { rulesFlags } from './rules-flags.ts';

export default class Snapshot extends SrcipCommand {
  static override summary = 'Everything that the other commands read, in files, for offline work.';

  static override description =
    `Writes Services, EndpointSlices, Nodes, Pods and what reveals the data plane, with --rules also the nodes' rules, addresses and routes.
Every other command takes what it wrote with --snapshot PATH. Secrets are never read. --redact replaces addresses and names throughout, so
that answers stay the same and nothing tells whose cluster it is.

Exit codes: 0 written; 2 it could not be written.`;

  static override examples = [
    '<%= config.bin %> snapshot -o cluster.tar.gz',
    '<%= config.bin %> snapshot -o cluster.tar.gz --rules ssh --redact',
    '<%= config.bin %> snapshot -o redacted/ --snapshot cluster.tar.gz --redact',
  ];

  static override flags = {
    output: Flags.string({
      char: 'o',
      description: 'where to write: a directory, a path that ends in .tar.gz, or - for an archive on standard output',
      helpValue: 'PATH',
      required: true,
    }),
    redact: Flags.boolean({ description: 'replace addresses and names' }),
    force: Flags.boolean({ description: 'write over what is there' }),
    ...snapshotFlag,
    ...rulesFlags,
    ...connectionFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Snapshot);
    if (flags.output === '-' && process.stdout.isTTY === true)
      throw new Failure('an archive is no text for a terminal', 'redirect standard output, or give -o PATH');
    const [{ evidence }, { writeSnapshot }, { chainHash }] = await Promise.all([
      gather(flags, 'everything', this.config.version),
      import('../collect/write/write-snapshot.ts'),
      import('../kubeproxy/names.ts'),
    ]);
    const { files } = await writeSnapshot(evidence, flags.output, {
      force: flags.force,
      redact: flags.redact === true ? { chainHash } : undefined,
    });
    const missing = evidence.gaps.map(({ what, why }) => `  missing: ${safeText(what)}: ${safeText(why)}\n`).join('');
    process.stderr.write(
      `wrote ${evidence.objects.length} objects and ${evidence.nodeFiles.length} files of nodes in ${files} files to ${safeText(flags.output)}\n${missing}`,
    );
  }
}
