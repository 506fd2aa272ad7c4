import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands.ts';
import { codeSpans, pages } from './support/markdown.ts';

/** Flags of other programs that the pages speak of. */
const FOREIGN = new Set(
  [
    // kube-proxy, controllers, kubelet
    '--proxy-mode --nodeport-addresses --cluster-cidr --masquerade-all --hostname-override --bind-address --detect-local-mode --localhost-nodeports',
    '--iptables-localhost-nodeports --node-ip --healthz-bind-address --ip-masq --bind-address-hard-fail --proxy-protocol-mode',
    // iptables, ip, ssh, npm and others
    '--to-destination --random-fully --src-type --dst-type --set-xmark --ctstate --physdev-is-in --reap --wait --archive --manifest --save --check --write',
    // other projects, and a flag in general
    '--ignore-exclude-lb --advertise-cluster-ip --flag',
    // scripts of this repository
    '--uri --target',
  ].flatMap((line) => line.split(' ')),
);

type Flags = Readonly<Record<string, { readonly char?: string | undefined }>>;
const flagsOf = new Map(Object.entries(COMMANDS).map(([name, command]) => [name, command.flags as Flags]));
const known = new Set([...flagsOf.values()].flatMap((flags) => Object.keys(flags)).concat('help', 'version'));

function longFlags(text: string): string[] {
  return [...text.matchAll(/(?<![\w-])--(?<name>[a-z][a-z-]*[a-z])/g)].map((match) => match.groups?.['name'] ?? '');
}

describe.each(pages(process.cwd()))('$path', ({ text }) => {
  const spans = codeSpans(text);

  test('names flags that exist', () => {
    const ours = spans.filter((span) => span.startsWith('--') || span.startsWith('kubectl srcip'));
    const unknown = ours.flatMap(longFlags).filter((name) => !known.has(name) && !FOREIGN.has(`--${name}`));
    expect(unknown).toEqual([]);
  });

  test('names commands that exist, with flags of theirs', () => {
    const faults = spans
      .filter((span) => /^kubectl srcip [a-z]/.test(span))
      .filter((span) => {
        const [, command = ''] = /^kubectl srcip (?<name>[a-z]+)/.exec(span) ?? [];
        const flags = flagsOf.get(command);
        if (flags === undefined) return !['help', 'version', 'completion'].includes(command);
        return longFlags(span).some((name) => !Object.hasOwn(flags, name) && name !== 'help');
      });
    expect(faults).toEqual([]);
  });
});
