import type { HostConfig } from './config-values.ts';
import { fingerprint, type HostKeyAnswer, keyTypeName } from './host-key.ts';
import { nameOf } from './known-hosts-store.ts';

/** Why a host's key is refused, in one line; what next is part of it. */
export function refusal(answer: Exclude<HostKeyAnswer, { kind: 'known' }>, key: Buffer, config: HostConfig): string {
  const shown = `${keyTypeName(key)} key ${fingerprint(key)}`;
  const name = nameOf(config);
  switch (answer.kind) {
    case 'unknown':
      return `the host key of ${name} is not known (${shown}); check it and connect once with ssh, or use --ssh-accept-new`;
    case 'changed':
      return `REMOTE HOST IDENTIFICATION HAS CHANGED: ${name} shows ${shown}, but ${placeOf(answer.line)} has ${keyTypeName(answer.line.key)} key ${fingerprint(answer.line.key)}; find out why, then run ssh-keygen -R '${name}'`;
    case 'revoked':
      return `the ${shown} of ${name} is marked as revoked in ${placeOf(answer.line)}; this host must not be trusted`;
    case 'certificate-only':
      return `the host key of ${name} can only be checked through its certificate (@cert-authority in ${placeOf(answer.line)}), which the built-in client cannot do; use --ssh-command ssh`;
  }
}

/** The warning that OpenSSH prints when a host's key is not the one it had. */
export function changedWarning(answer: Extract<HostKeyAnswer, { kind: 'changed' }>, key: Buffer, config: HostConfig): string {
  const bar = '@'.repeat(59);
  return [
    bar,
    '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @',
    bar,
    'IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!',
    'Someone could be eavesdropping on you right now (man-in-the-middle attack)!',
    'It is also possible that a host key has just been changed.',
    `The fingerprint for the ${keyTypeName(key)} key sent by the remote host ${nameOf(config)} is`,
    `${fingerprint(key)}.`,
    `Offending ${keyTypeName(answer.line.key)} key in ${placeOf(answer.line)}`,
    `has the fingerprint ${fingerprint(answer.line.key)}.`,
    `Once you know that the host was installed anew: ssh-keygen -f '${answer.line.file}' -R '${nameOf(config)}'`,
  ].join('\n');
}

function placeOf({ file, line }: { readonly file: string; readonly line: number }): string {
  return `${file}:${line}`;
}
