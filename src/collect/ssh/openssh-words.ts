import { clean } from '../live/text.ts';

/** What to do about the reasons that the OpenSSH client gives most often; its own words come first. */
const NEXT: readonly (readonly [RegExp, string])[] = [
  [/^Host key verification failed/, 'check its key and connect once with ssh, or use --ssh-accept-new'],
  [/Permission denied/, 'log in as another user (--ssh-user), or add a key that it takes with ssh-add'],
  [/Connection refused/, 'is it another --ssh-port or --ssh-address?'],
  [/timed out/, 'is it another --ssh-address, or behind a --ssh-jump host?'],
];

const CHANGED = /REMOTE HOST IDENTIFICATION HAS CHANGED|POSSIBLE DNS SPOOFING/;

/** Why the OpenSSH client ended with 255, in one line. */
export function opensshReason(stderr: string): string {
  const lines = stderr.split('\n').map(clean);
  const said = lines.filter((line) => line !== '').at(-1) ?? 'the ssh client failed';
  if (CHANGED.test(stderr)) {
    const place = lines.find((line) => line.startsWith('Offending'));
    return `REMOTE HOST IDENTIFICATION HAS CHANGED${place === undefined ? '' : ` (${place})`}; find out why, then remove the old key with ssh-keygen -R`;
  }
  const next = NEXT.find(([pattern]) => pattern.test(said))?.[1];
  return next === undefined ? said : `${said.replace(/[.]$/, '')}; ${next}`;
}

/** The client's warning of a changed key, for the user; null when it is another trouble. */
export function opensshWarning(stderr: string): string | null {
  return CHANGED.test(stderr) ? stderr.trimEnd() : null;
}
