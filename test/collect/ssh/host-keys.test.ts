import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acquainted, createClient, nodeAt, type TestClient, whyOf } from './support/client.ts';
import { installPrograms } from './support/programs.ts';
import { type Lab, openLab, type Sshd, sshdIsThere } from './support/sshd.ts';

const WANTED = ['iptables-save'] as const;

describe.skipIf(!sshdIsThere())('host keys', () => {
  let lab: Lab;
  let server: Sshd;
  let other: string;
  beforeAll(async () => {
    lab = openLab();
    installPrograms(lab, 'bin');
    lab.makeKey('host_rsa', { type: 'rsa' });
    server = await lab.sshd({ hostKeys: ['host_ed25519', 'host_rsa'] });
    other = lab.makeKey('other_host');
  });
  afterAll(() => lab.close());

  const read = (client: TestClient, more = {}): ReturnType<TestClient['run']> =>
    client.run([nodeAt('node1')], { port: server.port, wanted: WANTED, ...more });
  const host = (): string => `[127.0.0.1]:${server.port}`;
  const fingerprint = (key: string): string => execFileSync('ssh-keygen', ['-lf', `${key}.pub`], { encoding: 'utf8' }).split(' ')[1] ?? '';

  test('an unknown key is refused, and nobody logs in', async () => {
    const client = createClient(lab);
    const before = server.log().split('Accepted publickey').length;
    const result = await read(client);
    expect(result.files).toEqual([]);
    expect(whyOf(result)).toEqual([
      `rules of node1: ssh: the host key of ${host()} is not known (ED25519 key ${fingerprint(server.hostKey)}); check it and connect once with ssh, or use --ssh-accept-new`,
    ]);
    expect(server.log().split('Accepted publickey').length).toBe(before);
    expect(existsSync(client.knownHosts)).toBe(false);
  });

  test('a changed key is refused with a warning like the one of OpenSSH', async () => {
    const client = createClient(lab);
    client.know('# my hosts');
    client.know(`${host()} ${lab.publicKey(other)}`);
    const warnings: string[] = [];
    const result = await read(client, { acceptNew: true, warn: (text: string) => warnings.push(text) });
    expect(result.files).toEqual([]);
    const [why = ''] = whyOf(result);
    expect(why).toContain('REMOTE HOST IDENTIFICATION HAS CHANGED');
    expect(why).toContain(`${client.knownHosts}:2 has ED25519 key ${fingerprint(other)}`);
    expect(why).toContain(`shows ED25519 key ${fingerprint(server.hostKey)}`);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!');
    expect(warnings[0]).toContain(`Offending ED25519 key in ${client.knownHosts}:2`);
    expect(readFileSync(client.knownHosts, 'utf8').split('\n')).toHaveLength(3);
  });

  test('accept-new remembers an unknown key, privately and once', async () => {
    const client = createClient(lab);
    const nodes = ['node1', 'node2', 'node3'].map((name) => nodeAt(name));
    const first = await client.run(nodes, { port: server.port, wanted: WANTED, acceptNew: true });
    expect(first.files).toHaveLength(3);
    expect(readFileSync(client.knownHosts, 'utf8')).toBe(`${host()} ${lab.publicKey(server.hostKey)}\n`);
    expect(statSync(client.knownHosts).mode & 0o777).toBe(0o600);
    expect((await read(client)).files).toHaveLength(1);
  });

  test('accept-new keeps an unfinished last line apart, and hashes names where the configuration says so', async () => {
    const client = createClient(lab, ['HashKnownHosts yes']);
    writeFileSync(client.knownHosts, 'elsewhere ssh-ed25519 AAAA');
    await read(client, { acceptNew: true });
    const [first, second] = readFileSync(client.knownHosts, 'utf8').split('\n');
    expect(first).toBe('elsewhere ssh-ed25519 AAAA');
    expect(second).toMatch(/^\|1\|/);
    expect(execFileSync('ssh-keygen', ['-F', host(), '-f', client.knownHosts], { encoding: 'utf8' })).toContain('found: line 2');
    expect((await read(client)).files).toHaveLength(1);
  });

  test.for(['accept-new', 'no'])('StrictHostKeyChecking %s in the configuration counts as accept-new', async (strict) => {
    const client = createClient(lab, [`StrictHostKeyChecking ${strict}`]);
    expect((await read(client)).files).toHaveLength(1);
    client.know(`@revoked * ${lab.publicKey(server.hostKey)}`);
    expect((await read(client)).files).toEqual([]);
  });

  test('names hashed by ssh-keygen are found', async () => {
    const client = acquainted(lab, server);
    execFileSync('ssh-keygen', ['-H', '-f', client.knownHosts], { stdio: 'ignore' });
    expect(readFileSync(client.knownHosts, 'utf8')).toMatch(/^\|1\|/);
    expect((await read(client)).files).toHaveLength(1);
  });

  test.for([
    // host field                   known?  why
    ['127.0.0.1', true, 'a line without the port vouches for its key'],
    ['[127.0.0.*]:*', true, 'patterns'],
    ['[127.0.0.?]:*,[10.0.0.1]:*', true, 'one of several patterns'],
    ['*,!127.0.0.1,![127.0.0.1]:*', false, 'a negated pattern takes the host out'],
    ['[127.0.0.2]:*', false, 'another host'],
  ] as const)('%s: %s (%s)', async ([hosts, known]) => {
    const client = createClient(lab);
    client.know(`${hosts} ${lab.publicKey(server.hostKey)}`);
    const result = await read(client);
    expect(result.files.length === 1).toBe(known);
    if (!known) expect(whyOf(result)[0]).toContain('is not known');
  });

  test('another key in a line without the port does not mean that the key changed', async () => {
    const client = createClient(lab);
    client.know(`127.0.0.1 ${lab.publicKey(other)}`);
    expect(whyOf(await read(client))[0]).toContain('is not known');
  });

  test('the server is asked for the key type that is known', async () => {
    const client = createClient(lab);
    client.know(`${host()} ${lab.publicKey(lab.path('host_rsa'))}`);
    expect((await read(client)).files).toHaveLength(1);
  });

  test.for([undefined, 'ssh'])('files of known hosts that an option names take the place of the configured ones (%s)', async (command) => {
    const file = lab.path('named hosts');
    writeFileSync(file, '');
    expect((await read(acquainted(lab, server), { knownHosts: [file], command })).files).toEqual([]);
    expect((await read(createClient(lab), { knownHosts: [file], acceptNew: true, command })).files).toHaveLength(1);
    expect(readFileSync(file, 'utf8')).toContain(lab.publicKey(server.hostKey));
    expect((await read(createClient(lab), { knownHosts: [file], command })).files).toHaveLength(1);
  });

  test('a revoked key is refused, whatever else vouches for it', async () => {
    const client = acquainted(lab, server);
    client.know(`@revoked * ${lab.publicKey(server.hostKey)}`);
    expect(whyOf(await read(client))[0]).toContain(`is marked as revoked in ${client.knownHosts}:2`);
  });

  test('a host that only a certificate authority vouches for is left to OpenSSH', async () => {
    const client = createClient(lab);
    client.know(`@cert-authority * ${lab.publicKey(other)}`);
    expect(whyOf(await read(client, { acceptNew: true }))[0]).toMatch(
      /through its certificate \(@cert-authority in .*:1\).* use --ssh-command ssh$/,
    );
  });

  test('OpenSSH checks certificates of hosts and of users', async () => {
    const ca = lab.makeKey('ca');
    lab.makeKey('certified_host');
    lab.makeKey('certified_user');
    const sign = (args: readonly string[]): unknown =>
      execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'test', ...args], { stdio: 'ignore' });
    sign(['-h', '-n', '127.0.0.1', lab.path('certified_host.pub')]);
    sign(['-n', (await import('node:os')).userInfo().username, lab.path('certified_user.pub')]);
    const certified = await lab.sshd({
      hostKeys: ['certified_host'],
      config: [`HostCertificate ${lab.path('certified_host-cert.pub')}`, `TrustedUserCAKeys ${ca}.pub`, 'AuthorizedKeysFile none'],
    });
    const client = createClient(lab, [`IdentityFile ${lab.path('certified_user')}`]);
    client.know(`@cert-authority * ${lab.publicKey(ca)}`);
    const through = (command?: string): ReturnType<TestClient['run']> =>
      client.run([nodeAt('node1')], { port: certified.port, wanted: WANTED, command });
    expect((await through('ssh')).files).toHaveLength(1);
    expect(whyOf(await through())[0]).toContain('--ssh-command ssh');
  });

  test('OpenSSH refuses an unknown key, too, and says so', async () => {
    const result = await read(createClient(lab), { command: 'ssh' });
    expect(whyOf(result)).toEqual([
      'rules of node1: ssh: Host key verification failed; check its key and connect once with ssh, or use --ssh-accept-new',
    ]);
  });

  test('OpenSSH warns of a changed key', async () => {
    const client = createClient(lab);
    client.know(`${host()} ${lab.publicKey(other)}`);
    const warnings: string[] = [];
    const result = await read(client, { command: 'ssh', acceptNew: true, warn: (text: string) => warnings.push(text) });
    expect(whyOf(result)).toEqual([
      expect.stringContaining(`REMOTE HOST IDENTIFICATION HAS CHANGED (Offending ED25519 key in ${client.knownHosts}:1)`),
    ]);
    expect(warnings[0]).toContain('WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!');
  });
});
