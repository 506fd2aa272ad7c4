import { readFileSync, renameSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SshOptions } from '../../../src/collect/ssh/types.ts';
import { acquainted, type createClient, nodeAt, whyOf } from './support/client.ts';
import { ADDRESSES, installPrograms, prints, ROUTES, RULES4, RULES6 } from './support/programs.ts';
import { type Lab, openLab, type Sshd, sshdIsThere } from './support/sshd.ts';

describe.skipIf(!sshdIsThere())('trouble on a node', () => {
  let lab: Lab;
  beforeAll(() => {
    lab = openLab();
  });
  afterAll(() => lab.close());

  /** A server with programs of its own and what a shell script needs; nothing of this machine's behind them. */
  const bare = async (bin: string): Promise<Sshd> => {
    for (const tool of ['sh', 'sed', 'cat', 'gzip', 'head', 'grep', 'sleep', 'rm']) lab.borrow('tools', tool);
    lab.program(bin, 'bare-shell', 'sed "s|:/usr/sbin:/sbin:/usr/local/sbin||" | sh -s');
    return lab.sshd({ bin, rest: lab.path('tools'), config: [`ForceCommand ${lab.path(bin, 'bare-shell')}`] });
  };
  const readBare = async (bin: string, more: SshOptions = {}): ReturnType<ReturnType<typeof createClient>['run']> => {
    const there = await bare(bin);
    return acquainted(lab, there).run([nodeAt('node1')], { port: there.port, ...more });
  };

  test('without iptables-save', async () => {
    installPrograms(lab, 'none');
    for (const name of ['iptables-save', 'ip6tables-save', 'ip']) rmSync(lab.path('none', name));
    expect(whyOf(await readBare('none'))).toEqual([
      expect.stringMatching(
        /^rules of node1: ssh: the node has no iptables-save .*; install it there, or read the rules with --rules exec$/,
      ),
      expect.stringMatching(/^IPv6 rules of node1: ssh: the node has no ip6tables-save/),
      expect.stringMatching(/^addresses of node1: ssh: the node has no ip /),
      expect.stringMatching(/^routes of node1: ssh: the node has no ip /),
    ]);
  });

  test('with nothing but iptables-legacy-save', async () => {
    installPrograms(lab, 'legacy');
    renameSync(lab.path('legacy', 'iptables-save'), lab.path('legacy', 'iptables-legacy-save'));
    const result = await readBare('legacy', { wanted: ['iptables-save'] });
    expect(result.files.map(({ path, text }) => [path, text])).toEqual([['ssh node1: iptables-save', RULES4]]);
  });

  test('legacy tables beside nft ones are read, too', async () => {
    installPrograms(lab, 'both');
    const dump = readFileSync(lab.path('both', 'iptables-save'), 'utf8');
    lab.program('both', 'iptables-legacy-save', "echo '*filter'; echo '-A FORWARD -j DROP'; echo COMMIT");
    lab.program(
      'both',
      'iptables-save',
      `${dump}\necho '# Warning: iptables-legacy tables present, use iptables-legacy-save to see them' >&2`,
    );
    const result = await readBare('both', { wanted: ['iptables-save'] });
    expect(whyOf(result)).toEqual([
      expect.stringMatching(/^order of rules of node1: ssh: iptables-save and iptables-legacy-save both print rules/),
    ]);
    expect(result.files.map(({ path, text }) => [path, text])).toEqual([
      ['ssh node1: iptables-save', RULES4],
      ['ssh node1: iptables-legacy-save', '*filter\n-A FORWARD -j DROP\nCOMMIT\n'],
    ]);
  });

  test('of two dumps the one without rules is left out', async () => {
    installPrograms(lab, 'moved');
    lab.program('moved', 'iptables-legacy-save', prints(RULES4));
    lab.program(
      'moved',
      'iptables-save',
      "echo '*nat'; echo ':PREROUTING ACCEPT [0:0]'; echo '# Warning: iptables-legacy tables present' >&2",
    );
    const result = await readBare('moved', { wanted: ['iptables-save'] });
    expect(whyOf(result)).toEqual([]);
    expect(result.files.map(({ path, text }) => [path, text])).toEqual([['ssh node1: iptables-legacy-save', RULES4]]);
  });

  test('who is not root uses sudo, and asks nothing', async () => {
    installPrograms(lab, 'sudoer', { uid: 1000 });
    const result = await readBare('sudoer');
    expect(result.files.map(({ text }) => text)).toEqual([RULES4, RULES6, ADDRESSES, ROUTES]);
    const asked = readFileSync(lab.path('sudoer.sudo.log'), 'utf8').trim().split('\n');
    expect(asked).toEqual([`-n ${lab.path('sudoer', 'iptables-save')}`, `-n ${lab.path('sudoer', 'ip6tables-save')}`]);
  });

  test.for([
    [
      'password',
      'echo "sudo: a password is required" >&2; exit 1',
      /^sudo wants a password of ops; allow iptables-save in sudoers with NOPASSWD, or use --ssh-user root$/,
    ],
    [
      'rule',
      'echo "Sorry, user ops is not allowed to execute iptables-save as root on n1." >&2; exit 1',
      /^sudo does not let ops run iptables-save \(Sorry, user ops .*NOPASSWD/,
    ],
    [
      'rights',
      'echo "iptables-save v1.8.9: Could not fetch rule set generation id: Permission denied (you must be root)" >&2; exit 4',
      /^iptables-save is not permitted to ops \(.*must be root\)/,
    ],
    ['hostile', 'printf "\\033[2Jowned\\n\\007" >&2; exit 4', /^iptables-save failed with exit code 4: \[2Jowned$/],
  ] as const)('sudo without the right to: %s', async ([name, script, why]) => {
    const bin = `sudo-${name}`;
    installPrograms(lab, bin, { uid: 1000 });
    lab.program(bin, 'sudo', script);
    const result = await readBare(bin);
    expect(result.files.map(({ format }) => format)).toEqual(['ip-addr', 'ip-route']);
    expect(result.gaps[0]?.what).toBe('rules of node1');
    expect(result.gaps[0]?.why.replace(/^ssh: /, '')).toMatch(why);
  });

  test('an account without a shell', async () => {
    lab.program('nologin', 'nologin', 'echo "This account is currently not available."; exit 1');
    const there = await lab.sshd({ bin: 'nologin', config: [`ForceCommand ${lab.path('nologin', 'nologin')}`] });
    const result = await acquainted(lab, there).run([nodeAt('node1')], { port: there.port });
    expect(whyOf(result)).toEqual([
      'rules of node1: ssh: no commands can be run there: This account is currently not available. (exit code 1)',
    ]);
  });
});
