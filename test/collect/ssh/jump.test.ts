import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient, nodeAt, type TestClient, whyOf } from './support/client.ts';
import { installPrograms, RULES4 } from './support/programs.ts';
import { type Lab, openLab, type Sshd, sshdIsThere, USER } from './support/sshd.ts';

const WANTED = ['iptables-save'] as const;

describe.skipIf(!sshdIsThere())('jump hosts', () => {
  let lab: Lab;
  let server: Sshd;
  let bastion: Sshd;
  let second: Sshd;
  beforeAll(async () => {
    lab = openLab();
    installPrograms(lab, 'bin');
    lab.makeKey('host_bastion');
    [server, bastion, second] = await Promise.all([
      lab.sshd(),
      lab.sshd({ hostKeys: ['host_bastion'], config: ['PermitOpen 127.0.0.1:*', 'MaxStartups 2:100:2'] }),
      lab.sshd({ hostKeys: ['host_bastion'] }),
    ]);
  });
  afterAll(() => lab.close());

  const knowing = (config: readonly string[] = []): TestClient => {
    const client = createClient(lab, config);
    client.know(`[127.0.0.1]:${server.port} ${lab.publicKey(server.hostKey)}`);
    for (const { port } of [bastion, second]) client.know(`[127.0.0.1]:${port} ${lab.publicKey(lab.path('host_bastion'))}`);
    return client;
  };
  const logins = (sshd: Sshd): number => sshd.log().split('Accepted publickey').length - 1;

  test.for([
    ['the built-in client', undefined],
    ['the OpenSSH client', 'ssh'],
  ] as const)('%s goes through the one that --ssh-jump names', async ([, command]) => {
    const before = logins(bastion);
    const result = await knowing().run([nodeAt('node1')], {
      port: server.port,
      wanted: WANTED,
      jump: `${USER}@127.0.0.1:${bastion.port}`,
      command,
    });
    expect(whyOf(result)).toEqual([]);
    expect(result.files[0]?.text).toBe(RULES4);
    expect(logins(bastion)).toBe(before + 1);
  });

  test('one connection to the jump host serves many nodes', async () => {
    const before = logins(bastion);
    const nodes = Array.from({ length: 20 }, (_, i) => nodeAt(`node${i}`));
    const result = await knowing().run(nodes, { port: server.port, wanted: WANTED, jump: `127.0.0.1:${bastion.port}` });
    expect(whyOf(result)).toEqual([]);
    expect(result.files).toHaveLength(20);
    expect(logins(bastion)).toBe(before + 1);
  });

  test('two in a row, the first from the configuration of the second', async () => {
    const client = knowing([
      'Host outer',
      `  HostName 127.0.0.1`,
      `  Port ${second.port}`,
      'Host inner',
      '  HostName 127.0.0.1',
      `  Port ${bastion.port}`,
      '  ProxyJump outer',
      'Host worker',
      '  HostName 127.0.0.1',
      `  Port ${server.port}`,
      '  ProxyJump inner',
    ]);
    const before = [logins(second), logins(bastion)];
    const result = await client.run([nodeAt('worker')], { address: 'name', wanted: WANTED });
    expect(whyOf(result)).toEqual([]);
    expect([logins(second), logins(bastion)]).toEqual(before.map((count) => count + 1));
    const chain = await client.run([nodeAt('worker')], { address: 'name', wanted: WANTED, jump: 'outer,inner' });
    expect(whyOf(chain)).toEqual([]);
    expect([logins(second), logins(bastion)]).toEqual(before.map((count) => count + 2));
  });

  test('a jump host whose key is unknown is refused, for each node by name', async () => {
    const client = createClient(lab);
    client.know(`[127.0.0.1]:${server.port} ${lab.publicKey(server.hostKey)}`);
    const result = await client.run([nodeAt('node1'), nodeAt('node2')], { port: server.port, jump: `127.0.0.1:${bastion.port}` });
    expect(result.files).toEqual([]);
    expect(whyOf(result)).toEqual([
      expect.stringMatching(/^rules of node1: ssh: jump host 127\.0\.0\.1: the host key of .* is not known/),
      expect.stringMatching(/^rules of node2: ssh: jump host 127\.0\.0\.1: /),
    ]);
  });

  test('a jump host for all hosts is not its own', async () => {
    const client = knowing([
      'Host bastion',
      '  HostName 127.0.0.1',
      `  Port ${bastion.port}`,
      'Host worker',
      '  HostName 127.0.0.1',
      `  Port ${server.port}`,
      'Host *',
      '  ProxyJump bastion',
    ]);
    const result = await client.run([nodeAt('worker'), nodeAt('bastion')], { address: 'name', wanted: WANTED });
    expect(whyOf(result)).toEqual([]);
  });

  test('a node that the jump host cannot reach', async () => {
    const closed = await lab.sshd();
    await closed.stop();
    const result = await knowing().run([nodeAt('node1')], { port: closed.port, jump: `127.0.0.1:${second.port}` });
    expect(whyOf(result)[0]).toMatch(/^rules of node1: ssh: the jump host cannot connect to 127\.0\.0\.1 port \d+: .*connect/i);
  });

  test('a configuration that goes in circles ends', async () => {
    const client = knowing(['Host a', '  ProxyJump b', 'Host b', '  ProxyJump a']);
    const result = await client.run([nodeAt('a')], { address: 'name' });
    expect(whyOf(result)[0]).toContain('ProxyJump goes in circles');
  });

  test('a ProxyCommand is left to OpenSSH', async () => {
    const client = knowing(['ProxyCommand true']);
    expect(whyOf(await client.run([nodeAt('node1')], { port: server.port }))[0]).toContain('use ProxyJump or --ssh-command ssh');
  });
});
