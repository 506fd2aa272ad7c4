import { readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acquainted, createClient, nodeAt, type TestClient, whyOf } from './support/client.ts';
import { ADDRESSES, installPrograms, ROUTES, RULES4, RULES6 } from './support/programs.ts';
import { type Lab, openLab, type Sshd, sshdIsThere } from './support/sshd.ts';

describe.skipIf(!sshdIsThere())('reading a node over SSH', () => {
  let lab: Lab;
  let server: Sshd;
  let client: TestClient;
  beforeAll(async () => {
    lab = openLab();
    installPrograms(lab, 'bin');
    server = await lab.sshd();
    client = acquainted(lab, server);
  });
  afterAll(() => lab.close());

  const texts = (result: Awaited<ReturnType<TestClient['run']>>): unknown => result.files.map(({ format, text }) => [format, text]);

  test.for([
    ['the built-in client', undefined],
    ['the OpenSSH client', 'ssh'],
  ] as const)('%s brings rules, addresses and routes, as printed', async ([, command]) => {
    const steps: unknown[] = [];
    const result = await client.run([nodeAt('node1')], { port: server.port, command }, (step) => steps.push(step));
    expect(whyOf(result)).toEqual([]);
    expect(texts(result)).toEqual([
      ['iptables-save', RULES4],
      ['ip6tables-save', RULES6],
      ['ip-addr', ADDRESSES],
      ['ip-route', ROUTES],
    ]);
    expect(result.files[0]).toMatchObject({ node: 'node1', path: 'ssh node1: iptables-save' });
    expect(steps).toEqual([{ done: 1, total: 1, failed: 0, node: 'node1' }]);
  });

  test('root needs no sudo', async () => {
    await client.run([nodeAt('node1')], { port: server.port });
    expect(() => readFileSync(lab.path('bin.sudo.log'))).toThrow('ENOENT');
  });

  test('only what is wanted is run', async () => {
    lab.program('bin', 'nft', '[ "$*" = "list ruleset" ] && echo "table ip nat {"');
    const result = await client.run([nodeAt('node1')], { port: server.port, wanted: ['nft'] });
    expect(texts(result)).toEqual([['nft', 'table ip nat {\n']]);
  });

  test.skipIf(
    !Object.values(networkInterfaces())
      .flat()
      .some((at) => at?.address === '::1'),
  )('a node with an IPv6 address', async () => {
    const six = await lab.sshd({ addresses: ['::1'] });
    const knowing = createClient(lab);
    knowing.know(`[::1]:${six.port} ${lab.publicKey(six.hostKey)}`);
    expect(whyOf(await knowing.run([nodeAt('node1', '::1')], { port: six.port }))).toEqual([]);
  });

  test('noise of a login shell is passed over', async () => {
    lab.program('noisy', 'banner', 'echo "Welcome, all activity is watched"; echo oops >&2; exec sh -s');
    installPrograms(lab, 'noisy');
    const noisy = await lab.sshd({ bin: 'noisy', config: [`ForceCommand ${lab.path('noisy', 'banner')}`] });
    const result = await acquainted(lab, noisy).run([nodeAt('node1')], { port: noisy.port, wanted: ['iptables-save'] });
    expect(texts(result)).toEqual([['iptables-save', RULES4]]);
  });

  test('a node without gzip answers, too', async () => {
    installPrograms(lab, 'plain');
    lab.program('plain', 'gzip', 'exit 1');
    const plain = await lab.sshd({ bin: 'plain' });
    const result = await acquainted(lab, plain).run([nodeAt('node1')], { port: plain.port });
    expect(result.files.map(({ text }) => text)).toEqual([RULES4, RULES6, ADDRESSES, ROUTES]);
  });

  test('the configuration says where a node is and who logs in', async () => {
    const configured = createClient(lab, [
      'Host worker-?',
      '  HostName 127.0.0.1',
      `  Port ${server.port}`,
      '  HostKeyAlias the-worker',
      `Match host 127.0.0.1 originalhost worker-2 exec "true"`,
      '  User nobody-at-all',
    ]);
    configured.know(`the-worker ${lab.publicKey(server.hostKey)}`);
    const result = await configured.run([nodeAt('worker-1'), nodeAt('worker-2')], { address: 'name', wanted: ['ip-addr'] });
    expect(result.files.map(({ node }) => node)).toEqual(['worker-1']);
    expect(whyOf(result)).toEqual([
      expect.stringMatching(
        /^rules of worker-2: ssh: all authentication methods failed \(tried .*user\) for user nobody-at-all; log in as another user/,
      ),
    ]);
  });

  test('files can be taken as they arrive', async () => {
    const taken: string[] = [];
    const result = await client.run([nodeAt('node1'), nodeAt('node2')], {
      port: server.port,
      take: ({ node, format }) => taken.push(`${node} ${format}`),
    });
    expect(result).toEqual({ files: [], gaps: [] });
    expect(taken.filter((file) => file.endsWith(' iptables-save')).sort()).toEqual(['node1 iptables-save', 'node2 iptables-save']);
  });

  test('rules of other Services stay on the node', async () => {
    const own = 'KUBE-SVC-AAAAAAAAAAAAAAAA';
    const rules = [
      '*nat',
      ':PREROUTING ACCEPT [0:0]',
      `:${own} - [0:0]`,
      ':KUBE-SVC-BBBBBBBBBBBBBBBB - [0:0]',
      '-A PREROUTING -j KUBE-SERVICES',
      '-A PREROUTING -s 192.0.2.0/24 -j DROP',
      `-A KUBE-SERVICES -d 10.96.0.1/32 -j ${own}`,
      '-A KUBE-SERVICES -d 10.96.0.2/32 -j KUBE-SVC-BBBBBBBBBBBBBBBB',
      '-A KUBE-FW-CCCCCCCCCCCCCCCC -j KUBE-MARK-DROP',
      'COMMIT',
    ];
    writeFileSync(lab.path('some.rules'), `${rules.join('\n')}\n`);
    installPrograms(lab, 'some');
    lab.program('some', 'iptables-save', `cat '${lab.path('some.rules')}'`);
    lab.program('some', 'ip6tables-save', 'echo "no table" >&2; exit 3');
    const some = await lab.sshd({ bin: 'some' });
    const result = await acquainted(lab, some).run([nodeAt('node1')], {
      port: some.port,
      serviceChains: [own, 'KUBE-SERVICES'],
      wanted: ['iptables-save', 'ip6tables-save'],
    });
    const kept = rules.filter((rule) => !/BBBB|CCCC/.test(rule));
    expect(result.files.map(({ text }) => text)).toEqual([`${kept.join('\n')}\n`]);
    expect(whyOf(result)).toEqual(['IPv6 rules of node1: ssh: ip6tables-save failed with exit code 3: no table']);
  });

  test('chains that the named ones lead to are fetched, though the cluster knows nothing of them', async () => {
    const [own, gone, other] = ['KUBE-SVC-AAAAAAAAAAAAAAAA', 'KUBE-SEP-GGGGGGGGGGGGGGGG', 'KUBE-SEP-BBBBBBBBBBBBBBBB'];
    const rules = [
      '*nat',
      `-A ${own} -j ${gone}`,
      `-A ${own} -g KUBE-SEP-lower;id`,
      `-A ${gone} -j DNAT --to-destination 10.244.9.9:80`,
      `-A ${other} -j DNAT --to-destination 10.244.1.1:80`,
      'COMMIT',
    ];
    writeFileSync(lab.path('stale.rules'), `${rules.join('\n')}\n`);
    installPrograms(lab, 'stale');
    lab.program('stale', 'iptables-save', `cat '${lab.path('stale.rules')}'`);
    const stale = await lab.sshd({ bin: 'stale' });
    const result = await acquainted(lab, stale).run([nodeAt('node1')], {
      port: stale.port,
      serviceChains: [own],
      wanted: ['iptables-save'],
    });
    expect(whyOf(result)).toEqual([]);
    expect(result.files.map(({ text }) => text)).toEqual([`${rules.filter((rule) => !rule.startsWith(`-A ${other}`)).join('\n')}\n`]);
  });

  test('no more nodes at once than allowed', async () => {
    installPrograms(lab, 'counted');
    lab.program('counted', 'iptables-save', `echo + >> '${lab.path('count')}'; sleep 0.2; echo - >> '${lab.path('count')}'`);
    const counted = await lab.sshd({ bin: 'counted' });
    const nodes = Array.from({ length: 7 }, (_, i) => nodeAt(`node${i}`));
    await acquainted(lab, counted).run(nodes, { port: counted.port, concurrency: 3, wanted: ['iptables-save'] });
    let [now, most] = [0, 0];
    for (const sign of readFileSync(lab.path('count'), 'utf8').trim().split('\n')) {
      now += sign === '+' ? 1 : -1;
      most = Math.max(most, now);
    }
    expect(now).toBe(0);
    expect(most).toBeLessThanOrEqual(3);
  });
});
