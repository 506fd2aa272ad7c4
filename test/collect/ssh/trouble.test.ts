import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acquainted, createClient, nodeAt, whyOf } from './support/client.ts';
import { installPrograms, RULES4 } from './support/programs.ts';
import { type Lab, openLab, type Sshd, sshdIsThere } from './support/sshd.ts';

describe.skipIf(!sshdIsThere())('trouble on the way to a node and on it', () => {
  let lab: Lab;
  let server: Sshd;
  let silent: Server;
  const held = new Set<Socket>();
  beforeAll(async () => {
    lab = openLab();
    installPrograms(lab, 'bin');
    server = await lab.sshd();
    silent = createServer((socket) => held.add(socket));
    await new Promise<void>((resolve) => silent.listen(server.port, '127.0.0.2', resolve));
  });
  afterAll(async () => {
    for (const socket of held) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
    await lab.close();
  });

  test('a node that never speaks costs its own time only', async () => {
    const steps: string[] = [];
    const nodes = [nodeAt('dead', '127.0.0.2'), ...['a', 'b', 'c', 'd'].map((name) => nodeAt(name))];
    const result = await acquainted(lab, server).run(
      nodes,
      { port: server.port, connectTimeoutMs: 3000, concurrency: 2, wanted: ['iptables-save'] },
      ({ node, done, failed }) => steps.push(`${node} ${done} ${failed}`),
    );
    expect(whyOf(result)).toEqual(['rules of dead: ssh: connect timed out after 3s']);
    expect(result.files.map(({ node }) => node)).toEqual(['a', 'b', 'c', 'd']);
    expect(steps.at(-1)).toBe('dead 5 1');
  });

  test('nobody listens', async () => {
    const closed = await lab.sshd();
    await closed.stop();
    const result = await createClient(lab).run([nodeAt('node1')], { port: closed.port });
    expect(whyOf(result)).toEqual([
      `rules of node1: ssh: connect to 127.0.0.1 port ${closed.port}: connection refused; is it another --ssh-port or --ssh-address?`,
    ]);
  });

  test('something listens that is no SSH server', async () => {
    const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n').resume());
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const address = web.address();
    const result = await createClient(lab).run([nodeAt('node1')], { port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
    await new Promise((resolve) => web.close(resolve));
    expect(whyOf(result)[0]).toMatch(/^rules of node1: ssh: .*(no SSH server|closed)/);
  });

  test('an address that the node does not have, or that is none', async () => {
    const result = await createClient(lab).run([nodeAt('node1'), nodeAt('node2', '-oProxyCommand=id'), nodeAt('x;id')], {
      port: server.port,
    });
    expect(whyOf(result).slice(0, 2)).toEqual([
      expect.stringContaining('host key'),
      'rules of node2: ssh: its InternalIP "-oProxyCommand=id" is not a host name or address; choose another with --ssh-address',
    ]);
    const byName = await createClient(lab).run([nodeAt('x;id'), nodeAt('$(id)')], { address: 'name' });
    expect(whyOf(byName)).toEqual([expect.stringContaining('is not a host name'), expect.stringContaining('is not a host name')]);
    expect(whyOf(await createClient(lab).run([nodeAt('node1')], { address: 'ExternalIP' }))).toEqual([
      'rules of node1: ssh: it has no ExternalIP; choose another with --ssh-address',
    ]);
  });

  test.for([
    ['the built-in client', undefined],
    ['the OpenSSH client', 'ssh'],
  ] as const)('%s: a connection cut in the middle leaves what had come whole', async ([, command]) => {
    installPrograms(lab, 'cut');
    lab.program('cut', 'gzip', 'exit 1');
    // The server's process for this connection is the parent of the shell that runs the script's commands.
    lab.program('cut', 'ip6tables-save', `echo '*nat'\necho ':PREROUTING ACCEPT [0:0]'\nsleep 0.3\nkill -9 $(ancestor)\nsleep 5`);
    lab.program('cut', 'ancestor', ANCESTOR);
    const there = await lab.sshd({ bin: 'cut' });
    const result = await acquainted(lab, there).run([nodeAt('node1')], { port: there.port, command });
    expect(result.files.map(({ text }) => text)).toEqual([RULES4]);
    expect(whyOf(result)).toEqual([
      expect.stringMatching(/^IPv6 rules of node1: ssh: the connection was lost before the end/),
      expect.stringMatching(/^addresses of node1: ssh: the connection was lost/),
      expect.stringMatching(/^routes of node1: ssh: the connection was lost/),
    ]);
  });

  test('commands that never end', async () => {
    installPrograms(lab, 'slow');
    lab.program('slow', 'ip6tables-save', 'sleep 60');
    lab.program('slow', 'gzip', 'exit 1');
    const there = await lab.sshd({ bin: 'slow' });
    const result = await acquainted(lab, there).run([nodeAt('node1')], { port: there.port, commandTimeoutMs: 1500 });
    expect(result.files.map(({ format }) => format)).toEqual(['iptables-save']);
    expect(whyOf(result)[0]).toBe('IPv6 rules of node1: ssh: the commands did not finish within 1.5s');
  });

  test.for([
    ['the built-in client', undefined],
    ['the OpenSSH client', 'ssh'],
  ] as const)('%s: an interruption ends every connection', async ([, command]) => {
    writeFileSync(lab.path('stuck.log'), '');
    installPrograms(lab, 'stuck');
    lab.program('stuck', 'iptables-save', `echo on >> '${lab.path('stuck.log')}'; sleep 60`);
    const there = await lab.sshd({ bin: 'stuck' });
    const stop = new AbortController();
    const nodes = Array.from({ length: 4 }, (_, i) => nodeAt(`node${i}`));
    const running = acquainted(lab, there).run(nodes, { port: there.port, concurrency: 2, signal: stop.signal, command });
    const refused = expect(running).rejects.toThrow('interrupted');
    const ports = (pattern: RegExp): readonly string[] =>
      [...new Set([...there.log().matchAll(pattern)].map(([, port]) => port ?? ''))].sort();
    await expect.poll(() => readFileSync(lab.path('stuck.log'), 'utf8'), { timeout: 20_000 }).toBe('on\non\n');
    stop.abort();
    await refused;
    const open = ports(/Accepted publickey for \S+ from 127.0.0.1 port (\d+)/g);
    expect(open).toHaveLength(2);
    const closed = /(?:closed by|reset by|disconnect from|disconnected from) (?:user \S+ )?127.0.0.1 port (\d+)/gi;
    await expect.poll(() => ports(closed)).toEqual(expect.arrayContaining([...open]));
  });

  test.for([
    [{ user: '-oProxyCommand=id' }, 'is not a user name'],
    [{ port: 70_000 }, 'is not a port'],
    [{ jump: 'a b' }, 'is not a jump host'],
    [{ jump: '-oProxyCommand=id' }, 'is not a jump host'],
    [{ concurrency: 0 }, 'not possible'],
    [{ serviceChains: ['KUBE-SVC-A/;id;/'] }, "is not a chain of kube-proxy's"],
    [{ serviceChains: [] }, 'no chain of the Service is named'],
    [{ command: '/no/such/ssh' }, 'cannot be run: no such file or directory'],
  ] as const)('options that cannot be meant: %o', async ([options, why]) => {
    await expect(createClient(lab).run([nodeAt('node1')], options)).rejects.toThrow(why);
  });
});

/** Prints the pid of the nearest ancestor that is an sshd. */
const ANCESTOR = `pid=$PPID
while [ "$pid" -gt 1 ]; do
  read -r name < /proc/$pid/comm
  case $name in sshd*) echo "$pid"; exit;; esac
  while read -r key value rest; do [ "$key" = PPid: ] && next=$value; done < /proc/$pid/status
  pid=$next
done`;
