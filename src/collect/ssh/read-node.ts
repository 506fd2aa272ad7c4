import type { Gap, NodeFile } from '../../cluster/evidence.ts';
import { clean } from '../live/text.ts';
import type { Finished } from './backend.ts';
import { opensshReason } from './openssh-words.ts';
import { partTrouble } from './part-trouble.ts';
import { partsOf } from './parts.ts';
import { SshTrouble } from './trouble.ts';
import type { SshResult, Wanted } from './types.ts';
import type { NodeOutput } from './unpack.ts';
import { chooseVariants } from './variants.ts';

/** What each program's output is. */
const FORMATS: ReadonlyMap<string, Wanted> = new Map([
  ['iptables-save', 'iptables-save'],
  ['iptables-legacy-save', 'iptables-save'],
  ['iptables-nft-save', 'iptables-save'],
  ['ip6tables-save', 'ip6tables-save'],
  ['ip6tables-legacy-save', 'ip6tables-save'],
  ['ip6tables-nft-save', 'ip6tables-save'],
  ['ip-addr', 'ip-addr'],
  ['ip-route', 'ip-route'],
  ['nft', 'nft'],
]);

const NAMES = {
  'iptables-save': 'rules',
  'ip6tables-save': 'IPv6 rules',
  'ip-addr': 'addresses',
  'ip-route': 'routes',
  nft: 'nftables ruleset',
} as const satisfies Record<Wanted, string>;

export interface NodeReading {
  readonly node: string;
  readonly wanted: readonly Wanted[];
  readonly output: NodeOutput;
  readonly finished: Finished;
  readonly fileLimit: number;
}

/** The files that a node printed, and a gap for each that it did not. Throws SshTrouble when it printed nothing of ours. */
export function readNode(reading: NodeReading): SshResult {
  const { output, finished, wanted } = reading;
  if (!output.sections.some(isUser)) throw new SshTrouble(nothingRan(output, finished));
  const results = [...new Set(wanted)].map((format) => readFormat(format, reading));
  return { files: results.flatMap(({ files }) => files), gaps: results.flatMap(({ gaps }) => gaps) };
}

function readFormat(format: Wanted, { node, output, finished, fileLimit }: NodeReading): SshResult {
  const what = `${NAMES[format]} of ${node}`;
  const user = output.sections.find(isUser)?.words ?? [];
  const account = { uid: user[1] ?? '', name: user.slice(2).join(' ').trim() };
  const files: NodeFile[] = [];
  const gaps: Gap[] = [];
  for (const part of partsOf(output.sections)) {
    if (FORMATS.get(part.name) !== format) continue;
    const trouble = partTrouble(part, { account, fileLimit });
    if (trouble === null) files.push({ node, format, path: `ssh ${node}: ${part.name}`, text: part.text });
    else gaps.push({ what, why: clean(`ssh: ${trouble}`) });
  }
  if (files.length === 0 && gaps.length === 0) gaps.push({ what, why: clean(`ssh: ${lostOr(output, finished)}`) });
  const chosen = chooseVariants(files, what);
  return { files: chosen.files, gaps: [...gaps, ...chosen.gaps] };
}

function isUser({ words }: { readonly words: readonly string[] }): boolean {
  return words[0] === 'user';
}

function lostOr({ broken }: NodeOutput, { lost }: Finished): string {
  return lost ?? (broken === null ? 'the node printed nothing for it' : `the connection was lost before the end (${broken})`);
}

/** The name of the gap for a node of which nothing could be read. */
export function wholeNode(node: string): string {
  return `rules of ${node}`;
}

function nothingRan({ noise, broken }: NodeOutput, { lost, status, stderr }: Finished): string {
  if (lost !== null) return lost;
  // The OpenSSH client ends with 255 for its own errors only.
  if (status === 255) return opensshReason(stderr);
  const said = [stderr, noise]
    .flatMap((text) => text.split('\n'))
    .map(clean)
    .filter((line) => line !== '');
  if (status === null && said.length === 0) return 'the connection was lost before anything was printed';
  return `no commands can be run there: ${said[0] ?? broken ?? 'no output'}${status === null || status === 0 ? '' : ` (exit code ${status})`}`;
}
