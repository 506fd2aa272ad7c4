import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient, nodeAt, whyOf } from './support/client.ts';
import { installPrograms, RULES4 } from './support/programs.ts';
import { type Lab, openLab, type Sshd, sshdIsThere } from './support/sshd.ts';

const MIB = 1 << 20;
/** sshd listens on 16 addresses at most. */
const EACH = 15;

describe.skipIf(!sshdIsThere())('much', () => {
  let lab: Lab;
  beforeAll(() => {
    lab = openLab();
    installPrograms(lab, 'bin');
  });
  afterAll(() => lab.close());

  const rulesFile = (name: string, bytes: number): string => {
    const file = lab.path(name);
    const line = '-A KUBE-SVC-AAAAAAAAAAAAAAAA -m comment --comment "ns/web:http -> 10.244.1.17:8080" -j KUBE-SEP-BBBBBBBBBBBBBBBB';
    execFileSync('sh', ['-c', `yes -- '${line}' | head -c ${bytes} > '${file}'`]);
    return file;
  };

  test('100 nodes at once, one of them dead', async () => {
    const addresses = Array.from({ length: 100 }, (_, i) => `127.0.0.${i + 10}`);
    const servers: Sshd[] = [];
    const client = createClient(lab, ['Include ports']);
    const hosts: string[] = [];
    for (let at = 0; at < addresses.length; at += EACH) {
      const group = addresses.slice(at, at + EACH);
      const server = await lab.sshd({ addresses: group });
      servers.push(server);
      hosts.push(`Host ${group.join(' ')}`, `  Port ${server.port}`);
      for (const address of group) client.know(`[${address}]:${server.port} ${lab.publicKey(server.hostKey)}`);
    }
    writeFileSync(lab.path('ports'), `${hosts.join('\n')}\n`);
    const including = createClient(lab, [`Include ${lab.path('ports')}`, `UserKnownHostsFile ${client.knownHosts}`]);
    const nodes = [...addresses.map((address, i) => nodeAt(`node${i}`, address)), nodeAt('dead', '127.0.0.9')];
    const result = await including.run(nodes, {
      concurrency: 101,
      wanted: ['iptables-save'],
      connectTimeoutMs: 60_000,
      commandTimeoutMs: 60_000,
    });
    expect(whyOf(result)).toEqual([
      'rules of dead: ssh: connect to 127.0.0.9 port 22: connection refused; is it another --ssh-port or --ssh-address?',
    ]);
    expect(result.files.map(({ node }) => node)).toEqual(nodes.slice(0, 100).map(({ name }) => name));
    expect(new Set(result.files.map(({ text }) => text))).toEqual(new Set([RULES4]));
  }, 120_000);

  test('a dump of 50 MB arrives whole, in memory that its size bounds', async () => {
    const file = rulesFile('large', 50 * MIB);
    installPrograms(lab, 'large-bin');
    lab.program('large-bin', 'iptables-save', `cat '${file}'`);
    const server = await lab.sshd({ bin: 'large-bin' });
    const client = createClient(lab);
    client.know(`[127.0.0.1]:${server.port} ${lab.publicKey(server.hostKey)}`);
    let peak = 0;
    const before = process.memoryUsage().rss;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss - before);
    }, 5);
    const result = await client.run([nodeAt('node1')], { port: server.port, wanted: ['iptables-save'] });
    clearInterval(watch);
    expect(whyOf(result)).toEqual([]);
    expect(result.files[0]?.text.length).toBe(50 * MIB);
    expect(result.files[0]?.text.endsWith(readFileSync(file, 'utf8').slice(-1000))).toBe(true);
    expect(peak).toBeLessThan(250 * MIB);
  });

  test.for([
    ['packed', true],
    ['plain', false],
  ] as const)('a dump over the limit is a gap and is not kept (%s)', async ([name, packed]) => {
    const file = rulesFile(`over-${name}`, 20 * MIB);
    installPrograms(lab, name);
    if (!packed) lab.program(name, 'gzip', 'exit 1');
    lab.program(name, 'iptables-save', `cat '${file}'`);
    const server = await lab.sshd({ bin: name });
    const client = createClient(lab);
    client.know(`[127.0.0.1]:${server.port} ${lab.publicKey(server.hostKey)}`);
    const result = await client.run([nodeAt('node1')], { port: server.port, fileLimit: 2 * MIB });
    expect(result.files.map(({ format }) => format)).toEqual(['ip6tables-save', 'ip-addr', 'ip-route']);
    expect(whyOf(result)).toEqual([
      "rules of node1: ssh: iptables-save printed more than 2 MiB; read one Service's chains only (--service-only), or fewer nodes",
    ]);
  });
});
