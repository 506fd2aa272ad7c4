import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostConfig } from '../../../src/collect/ssh/config-values.ts';
import { hostConfig } from '../../../src/collect/ssh/host-config.ts';
import { programIsThere } from './support/sshd.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'srcip-config-'));
  mkdirSync(join(home, 'parts'));
  writeFileSync(join(home, 'parts', 'b.conf'), 'Host alpha\n  User from-b\n  Port 2222\n');
  writeFileSync(join(home, 'parts', 'a.conf'), 'User from-a\nHost other\n  Port 1\n');
  writeFileSync(join(home, 'parts', '.hidden.conf'), 'Port 9\n');
});
afterAll(() => rmSync(home, { recursive: true }));

interface Asked {
  readonly host?: string;
  readonly user?: string;
  readonly port?: number;
  readonly withSsh: boolean;
}

function ask(text: string, { host = 'alpha', user, port, withSsh }: Asked): Promise<HostConfig> {
  const configFile = join(home, 'config');
  writeFileSync(configFile, text);
  const variables = {
    HOME: userInfo().homedir,
    PATH: withSsh ? process.env['PATH'] : join(home, 'nowhere'),
    SSH_AUTH_SOCK: '/run/agent',
    OTHER: '/run/other',
  };
  return hostConfig({
    hop: { host, user: user ?? null, port: port ?? null },
    options: { configFile, variables },
    signal: new AbortController().signal,
  });
}

/** Each begins with a key file: OpenSSH's own list of defaults differs from version to version. */
const FILES: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['patterns, the first value counts', 'Host al* !alphabet\n  User one\nHost *\n  User two\n  Port 2200\n'],
  ['a negated pattern', 'Host * !alpha\n  User no\nHost alpha beta\n  Port=2201\n'],
  ['questions and cases', 'Host alph?\n  PORT 2202\nHost ALPHA\n  User loud\n'],
  ['quotes, equals signs and comments', 'User = "some body" # me\n# Port 1\nHostName\t"10.0.0.1"\n'],
  ['tokens', 'Host alpha\n  HostName %h.example\n  IdentityFile /keys/%h-%r-%p\n  User u\n  IdentityFile ~/.ssh/two\n'],
  ['lists', 'UserKnownHostsFile /a/one "/a/two"\nGlobalKnownHostsFile none\nHashKnownHosts yes\nIdentitiesOnly yes\n'],
  ['host keys', 'HostKeyAlias the-host\nStrictHostKeyChecking accept-new\n'],
  ['an agent', 'IdentityAgent $OTHER\n'],
  ['no agent', 'IdentityAgent none\n'],
  ['an agent by path', 'IdentityAgent ~/agent\n'],
  ['jumps', 'Host alpha\n  ProxyJump a,b@c:2222\nHost *\n  ProxyCommand nc %h %p\n'],
  ['no jump, whatever comes', 'ProxyJump none\nProxyJump a\n'],
  ['no jump but a command', 'ProxyJump none\nProxyCommand true\n'],
  ['Match host follows HostName', 'Host alpha\n  HostName beta\nMatch host beta\n  User matched\nMatch originalhost beta\n  Port 7\n'],
  ['Match user', 'User me\nMatch user you\n  Port 7\nMatch !user you,them host al*\n  Port 8\n'],
  ['Match all', 'Match host nobody\n  Port 7\nMatch all\n  Port 8\n'],
  ['Match final comes too late here', 'Match canonical\n  Port 7\nMatch all\n  Port 9\n'],
];

describe.skipIf(!programIsThere('ssh'))('without OpenSSH the configuration means the same', () => {
  test.for(FILES)('%s', async ([, text]) => {
    for (const asked of [{}, { host: 'alphabet' }, { user: 'you', port: 99 }]) {
      const whole = `IdentityFile /keys/first\n${text}`;
      expect(await ask(whole, { ...asked, withSsh: false })).toEqual(await ask(whole, { ...asked, withSsh: true }));
    }
  });

  test('Include, in order, with patterns, inside of blocks and with a block of its own', async () => {
    for (const text of [
      `IdentityFile /k\nInclude ${home}/parts/*.conf\nUser last\n`,
      `IdentityFile /k\nHost alpha\n  Include ${home}/parts/b.conf ${home}/parts/none.conf\n  Port 3\n`,
      `IdentityFile /k\nHost beta\n  Include ${home}/parts/b.conf\nHost *\n  Port 4\n`,
    ])
      expect(await ask(text, { withSsh: false })).toEqual(await ask(text, { withSsh: true }));
  });
});

test.for([
  ['Match exec "true"\n  Port 7\n', 'its configuration has "Match exec", which needs the ssh client on the PATH'],
  ['Include config\n', null],
  ['Port ssh\n', 'the SSH configuration says Port ssh, which is not a port'],
  ['Include /x*/y\n', 'which needs the ssh client on the PATH'],
] as const)('what cannot be read without OpenSSH: %j', async ([text, why]) => {
  const answer = ask(text, { withSsh: false });
  if (why === null) await expect(answer).resolves.toMatchObject({ port: 22 });
  else await expect(answer).rejects.toThrow(why);
});

test('a file that includes itself ends', async () => {
  await expect(ask(`Include ${join(home, 'config')}\n`, { withSsh: false })).rejects.toThrow('includes itself');
});

test('a block that is not for the host is not asked to OpenSSH', async () => {
  await expect(ask('Match host beta exec "true"\n  Port 7\n', { withSsh: false })).resolves.toMatchObject({ port: 22 });
});

test('a configuration file that is named but not there', async () => {
  const options = { configFile: join(home, 'missing'), variables: { HOME: home, PATH: '' } };
  const signal = new AbortController().signal;
  await expect(hostConfig({ hop: { host: 'a', user: null, port: null }, options, signal })).rejects.toThrow('no such file or directory');
});
