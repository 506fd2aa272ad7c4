import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectOverSsh } from '../../../src/collect/ssh/collect.ts';
import { createClient, nodeAt, type TestClient, whyOf, withoutAgent } from './support/client.ts';
import { installPrograms, RULES4 } from './support/programs.ts';
import { type Lab, openLab, type Sshd, sshdIsThere } from './support/sshd.ts';

const WANTED = ['iptables-save'] as const;

describe.skipIf(!sshdIsThere())('logging in', () => {
  let lab: Lab;
  let server: Sshd;
  beforeAll(async () => {
    lab = openLab();
    installPrograms(lab, 'bin');
    server = await lab.sshd();
    lab.makeKey('locked', { passphrase: 'open sesame' });
    lab.makeKey('stranger');
    appendFileSync(lab.path('authorized_keys'), `${lab.publicKey(lab.path('locked'))}\n`);
  });
  afterAll(() => lab.close());

  const read = (client: TestClient, more = {}): ReturnType<TestClient['run']> =>
    client.run([nodeAt('node1')], { port: server.port, wanted: WANTED, ...more });

  test('with a key of the agent', async () => {
    const agent = startAgent();
    try {
      const variables = { ...withoutAgent(), SSH_AUTH_SOCK: agent.socket };
      execFileSync('ssh-add', ['-q', lab.path('stranger')], { env: variables, stdio: 'ignore' });
      const strange = await read(onlyAgent(lab, server), { variables });
      expect(whyOf(strange)[0]).toMatch(/all authentication methods failed \(tried agent\)/);
      execFileSync('ssh-add', ['-q', lab.path('user')], { env: variables, stdio: 'ignore' });
      expect((await read(onlyAgent(lab, server), { variables })).files).toHaveLength(1);
    } finally {
      process.kill(agent.pid);
    }
  });

  test('with IdentitiesOnly just the configured keys of the agent', async () => {
    const agent = startAgent();
    try {
      const variables = { ...withoutAgent(), SSH_AUTH_SOCK: agent.socket };
      execFileSync('ssh-add', ['-q', lab.path('user')], { env: variables, stdio: 'ignore' });
      const client = onlyAgent(lab, server, ['IdentitiesOnly yes']);
      expect((await read(client, { variables })).files).toEqual([]);
    } finally {
      process.kill(agent.pid);
    }
  });

  test('an agent that is gone does not stand in the way of a key file', async () => {
    const variables = { ...withoutAgent(), SSH_AUTH_SOCK: lab.path('no-agent') };
    expect((await read(bare(lab, server, [`IdentityFile ${lab.path('user')}`]), { variables })).files).toHaveLength(1);
  });

  test('with an encrypted key, its passphrase asked for once for all nodes', async () => {
    const asked: string[] = [];
    const askPassphrase = async (file: string): Promise<string> => {
      asked.push(file);
      return 'open sesame';
    };
    const client = encrypted(lab, server);
    const nodes = ['node1', 'node2', 'node3', 'node4'].map((name) => nodeAt(name));
    const result = await client.run(nodes, { port: server.port, wanted: WANTED, askPassphrase });
    expect(result.files.map(({ text }) => text)).toEqual([RULES4, RULES4, RULES4, RULES4]);
    expect(asked).toEqual([lab.path('locked')]);
  });

  test('a wrong passphrase may be mended, three times in all', async () => {
    const attempts: number[] = [];
    const answers =
      (right: number) =>
      async (_: string, attempt: number): Promise<string> => {
        attempts.push(attempt);
        return attempt === right ? 'open sesame' : 'open barley';
      };
    expect((await read(encrypted(lab, server), { askPassphrase: answers(3) })).files).toHaveLength(1);
    expect((await read(encrypted(lab, server), { askPassphrase: answers(4) })).files).toEqual([]);
    expect(attempts).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test('nobody is asked for the passphrase of a key that the agent has', async () => {
    const agent = startAgent();
    try {
      const variables = { ...withoutAgent(), SSH_AUTH_SOCK: agent.socket };
      lab.makeKey('twin');
      execFileSync('ssh-add', ['-q', lab.path('twin')], { env: variables, stdio: 'ignore' });
      execFileSync('ssh-keygen', ['-q', '-p', '-a', '2', '-N', 'open sesame', '-f', lab.path('twin')]);
      const asked: string[] = [];
      const askPassphrase = async (file: string): Promise<null> => {
        asked.push(file);
        return null;
      };
      const result = await read(bare(lab, server, [`IdentityFile ${lab.path('twin')}`]), { variables, askPassphrase });
      expect([result.files, asked]).toEqual([[], []]);
    } finally {
      process.kill(agent.pid);
    }
  });

  test.for(['ed25519', 'rsa', 'ecdsa'] as const)('with a key of type %s that an option names', async (type) => {
    const file = lab.makeKey(`mine_${type}`, { type });
    appendFileSync(lab.path('authorized_keys'), `${lab.publicKey(file)}\n`);
    for (const command of [undefined, 'ssh'])
      expect(whyOf(await read(bare(lab, server, ['IdentityFile none']), { identityFiles: [file], command }))).toEqual([]);
  });

  test('a key file that is named but not there is said at once', async () => {
    await expect(read(createClient(lab), { identityFiles: ['/no/such/key'] })).rejects.toThrow(
      'the SSH key file "/no/such/key" cannot be read: no such file or directory',
    );
  });

  test('the time for thinking of a passphrase is not the time for connecting', async () => {
    const askPassphrase = (): Promise<string> => new Promise((resolve) => setTimeout(resolve, 2500, 'open sesame'));
    const result = await read(encrypted(lab, server), { askPassphrase, connectTimeoutMs: 2000 });
    expect(whyOf(result)).toEqual([]);
  });

  test.for([
    ['wrong passphrase', async (): Promise<string> => 'open barley'],
    ['no passphrase given', async (): Promise<null> => null],
    ['it has a passphrase; add it to an agent with ssh-add', undefined],
  ] as const)('an encrypted key without the passphrase: %s', async ([why, askPassphrase]) => {
    const result = await read(encrypted(lab, server), { askPassphrase });
    expect(result.files).toEqual([]);
    expect(whyOf(result)[0]).toContain(`locked: ${why}`);
  });

  test('a server that wants a password gets none', async () => {
    const password = await lab.sshd({ config: ['PasswordAuthentication yes', 'PubkeyAuthentication no'] });
    const client = createClient(lab, [`HostKeyAlias srv`]);
    client.know(`srv ${lab.publicKey(password.hostKey)}`);
    const result = await client.run([nodeAt('node1')], { port: password.port });
    expect(whyOf(result)).toEqual([
      'rules of node1: ssh: the server takes password only, and passwords are never sent; let it take keys, or use --ssh-command ssh',
    ]);
  });

  test('OpenSSH tells in its own words that nobody may log in', async () => {
    const client = createClient(lab, [`HostKeyAlias srv`]);
    client.know(`srv ${lab.publicKey(server.hostKey)}`);
    const result = await client.run([nodeAt('node1')], { port: server.port, user: 'nobody-at-all', command: 'ssh' });
    expect(whyOf(result)).toEqual([
      'rules of node1: ssh: nobody-at-all@127.0.0.1: Permission denied (publickey); log in as another user (--ssh-user), or add a key that it takes with ssh-add',
    ]);
  });

  test.for([
    ['its defaults', []],
    ['a configuration', ['Host node?', '  HostName 127.0.0.1', '  IdentityFile ~/.ssh/other']],
  ] as const)('without an ssh client on the PATH, with %s', async ([, config]) => {
    const home = lab.path(`home${config.length}`);
    mkdirSync(join(home, '.ssh'), { recursive: true });
    copyFileSync(lab.path('user'), join(home, '.ssh', config.length === 0 ? 'id_ed25519' : 'other'));
    writeFileSync(join(home, '.ssh', 'config'), config.join('\n'));
    writeFileSync(join(home, '.ssh', 'known_hosts'), `[127.0.0.1]:${server.port} ${lab.publicKey(server.hostKey)}\n`);
    const variables = { PATH: lab.path('nowhere'), HOME: home };
    const address = config.length === 0 ? 'InternalIP' : 'name';
    const result = await collectOverSsh([nodeAt('node1')], { port: server.port, wanted: WANTED, variables, address });
    expect(whyOf(result)).toEqual([]);
    expect(result.files[0]?.text).toBe(RULES4);
  });
});

function startAgent(): { readonly socket: string; readonly pid: number } {
  const text = execFileSync('ssh-agent', ['-s'], { encoding: 'utf8' });
  const socket = /SSH_AUTH_SOCK=([^;]+);/.exec(text)?.[1] ?? '';
  return { socket, pid: Number(/SSH_AGENT_PID=(\d+);/.exec(text)?.[1]) };
}

function onlyAgent(lab: Lab, server: Sshd, more: readonly string[] = []): TestClient {
  return bare(lab, server, [...more, 'IdentityFile none']);
}

function encrypted(lab: Lab, server: Sshd): TestClient {
  return bare(lab, server, [`IdentityFile ${lab.path('locked')}`]);
}

/** Without the lab's usual key. */
function bare(lab: Lab, server: Sshd, config: readonly string[]): TestClient {
  const client = createClient(lab, ['HostKeyAlias srv', ...config], { userKey: false });
  client.know(`srv ${lab.publicKey(server.hostKey)}`);
  return client;
}
