import { clean } from '../live/text.ts';
import type { Part } from './parts.ts';

export interface PartSurroundings {
  readonly account: { readonly uid: string; readonly name: string };
  readonly fileLimit: number;
}

const PROGRAMS: Readonly<Record<string, string>> = { 'ip-addr': 'ip', 'ip-route': 'ip' };

/** Why a program's output is of no use, with what next; null when it is fine. */
export function partTrouble(part: Part, { account, fileLimit }: PartSurroundings): string | null {
  const program = PROGRAMS[part.name] ?? part.name;
  const user = account.name === '' ? `uid ${account.uid}` : account.name;
  if (part.end === 'absent') return absent(program);
  if (part.end === 'nosudo') return `${user} is not root and the node has no sudo; use --ssh-user root`;
  const { status, stderr } = part.end;
  if (status === 0) return part.cut === null ? null : tooMuch(part.cut, { program, fileLimit });
  const said = lastWords(stderr);
  if (/^sudo: .*(?:password is required|terminal is required|no tty|must have a tty)/im.test(stderr))
    return `sudo wants a password of ${user}; allow ${program} in sudoers with NOPASSWD, or use --ssh-user root`;
  if (/is not allowed to (?:execute|run)|may not run sudo|not in the sudoers|unknown user|sudo: /i.test(stderr))
    return `sudo does not let ${user} run ${program} (${said}); allow it in sudoers with NOPASSWD, or use --ssh-user root`;
  if (/permission denied|operation not permitted|must be root/i.test(stderr))
    return `${program} is not permitted to ${user} (${said}); allow it, or use --ssh-user root`;
  if (program === 'ip' && /usage|unrecognized|unknown|invalid option|-j/i.test(stderr))
    return `the node's ip cannot print JSON (${said}); install iproute2 there`;
  if (status === 127) return absent(program);
  return `${program} failed with exit code ${Number.isNaN(status) ? 'unknown' : status}${said === '' ? '' : `: ${said}`}`;
}

function tooMuch(cut: 'limit' | 'memory', { program, fileLimit }: { readonly program: string; readonly fileLimit: number }): string {
  const next = "read one Service's chains only (--service-only), or fewer nodes";
  if (cut === 'memory') return `there is no memory left for what ${program} printed; ${next}`;
  return `${program} printed more than ${fileLimit / (1 << 20)} MiB; ${next}`;
}

function absent(program: string): string {
  const next =
    program === 'ip' ? 'addresses and routes are derived from the cluster' : 'install it there, or read the rules with --rules exec';
  return `the node has no ${program} (looked in PATH, /usr/sbin and /sbin); ${next}`;
}

function lastWords(stderr: string): string {
  const lines = stderr.split('\n').map(clean);
  return lines.filter((line) => line !== '' && !line.startsWith('# Warning')).at(-1) ?? '';
}
