import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TraceReport } from '../../src/analysis/trace-report.ts';
import type { VerifyReport } from '../../src/analysis/verify-report.ts';
import { type Lab, openLab, sshdIsThere, USER } from '../collect/ssh/support/sshd.ts';
import { srcip } from './support/cli.ts';
import { type Folder, makeFolder, startWorld } from './support/world.ts';

const RECORDED = fileURLToPath(new URL('../fixtures/rules/recorded', import.meta.url));
const FLANNEL = join(RECORDED, 'cluster-flannel');
const DROPPED = join(RECORDED, 'local-forwarddrop');
const WEB = ['svc/web', '-n', 'ns1'];
const OFFLINE = [...WEB, '--snapshot', FLANNEL];

let folder: Folder;
beforeAll(() => {
  folder = makeFolder();
});
afterAll(() => folder.remove());

function dump(node: string, name = 'iptables-save.txt'): string {
  return readFileSync(join(FLANNEL, node, name), 'utf8');
}

async function json<T>(args: readonly string[], code = 0): Promise<T> {
  const ran = await srcip([...args, '-o', 'json']);
  expect(ran.stderr).toBe('');
  expect(ran.code).toBe(code);
  return JSON.parse(ran.stdout) as T;
}

describe('verify', () => {
  test('nothing wrong: exit code 0 and one sentence', async () => {
    const ran = await srcip(['verify', ...OFFLINE, '--rules', FLANNEL]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain(
      'The rules of 4 nodes are what kube-proxy should have written for ns1/web. All 79 flows end as predicted.',
    );
  });

  test('the snapshot itself may hold the rules', async () => {
    const ran = await srcip(['verify', ...OFFLINE]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  });

  test('one file pasted from one node: only this node is judged, the others are named', async () => {
    const file = folder.write('node2.iptables-save', dump('node2').replace(/^.*-j KUBE-NODEPORTS\n/gm, ''));
    const report = await json<VerifyReport>(['verify', ...OFFLINE, '--rules', file], 1);
    expect(report.nodes.map(({ node, worst }) => [node, worst])).toEqual([['node2', 'error']]);
    expect(report.gaps).toContainEqual({ what: 'rules of node1, node3, node4', why: 'they were not read' });
    expect(report.nodes[0]?.rules.missing.map(({ code }) => code)).toContain('all-node-ports');
  });

  test('--fail-on decides the exit code', async () => {
    const args = ['verify', ...WEB, '--snapshot', DROPPED, '--rules', DROPPED];
    expect((await srcip(args)).code).toBe(1);
    expect((await srcip([...args, '--fail-on', 'never'])).code).toBe(0);
  });

  test('-A takes every Service', async () => {
    const report = await json<VerifyReport>(['verify', '-A', '--snapshot', FLANNEL]);
    expect(report.service).toBeNull();
    expect(report.flows).toEqual([]);
  });

  test.for(['table', 'wide', 'markdown', 'yaml', 'name'])('-o %s', async (format) => {
    const ran = await srcip(['verify', ...WEB, '--snapshot', DROPPED, '-o', format, '--fail-on', 'never']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain(format === 'name' ? 'service/web' : 'FORWARD');
  });
});

describe('explain --rules', () => {
  test('each flow has what the rules make of it, and the first sentence is theirs where they say otherwise', async () => {
    const args = ['explain', ...WEB, '--snapshot', DROPPED, '--rules', DROPPED, '--from', 'external', '--to', 'node/node1'];
    const { flows } = await json<{ flows: readonly { verdict: string; traced: { verdict: string; agrees: boolean } }[] }>(args);
    expect(flows.map(({ verdict, traced }) => [verdict, traced.verdict, traced.agrees])).toEqual([['delivered', 'dropped', false]]);
    const table = await srcip(args);
    expect(table.stdout).toMatch(/The nodes' rules do otherwise: 1 of 1 flows/);
    expect(table.stdout).toMatch(/outside +nodePort node1 .* ✗ dropped/);
  });
});

describe('trace', () => {
  const PACKET = ['--from', 'external', '--to', 'node/node1', '--rules', FLANNEL];

  test('step by step, as the node printed it', async () => {
    const ran = await srcip(['trace', ...OFFLINE, ...PACKET]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const [line = ''] = dump('node1').match(/^-A KUBE-NODEPORTS .*$/m) ?? [];
    expect(ran.stdout).toContain(line);
    expect(ran.stdout).toContain('way 2 of 2 (50%)');
    expect(ran.stdout).not.toContain('KUBE-FIREWALL');
  });

  test('--all-matched and -o json', async () => {
    const more = await srcip(['trace', ...OFFLINE, ...PACKET, '--all-matched']);
    expect(more.stdout.length).toBeGreaterThan((await srcip(['trace', ...OFFLINE, ...PACKET])).stdout.length);
    const report = await json<TraceReport>(['trace', ...OFFLINE, ...PACKET]);
    expect(report.ways.map(({ share }) => share)).toEqual([0.5, 0.5]);
    expect(report.standIn).toBe('203.0.113.77');
  });

  test('--why-not', async () => {
    const ran = await srcip(['trace', ...OFFLINE, ...PACKET, '--why-not=-s 10.244.3.10/32']);
    const pasted = await srcip([
      'trace',
      ...OFFLINE,
      ...PACKET,
      '--why-not',
      '-A KUBE-NODEPORTS -p tcp -m comment --comment "ns1/web:http"',
    ]);
    expect(pasted.stdout).toContain('the packet does take this rule');
    expect(ran.stdout).toMatch(/why not -s 10\.244\.3\.10\/32:\n.*does not hold/);
  });
});

describe('what a tired person types', () => {
  test.for([
    ['verify without rules', ['verify', ...WEB], /verify needs the nodes' rules/],
    ['trace without rules', ['trace', ...WEB, '--from', 'external', '--to', 'clusterIP'], /trace needs the nodes' rules/],
    ['rules that are nowhere', ['verify', ...OFFLINE, '--rules', '/nonexistent'], /nonexistent/],
    [
      'a folder without rules',
      ['verify', ...OFFLINE, '--rules', join(RECORDED, '..', '..', '..', 'corpus', 'article-clusterip-calico')],
      /no node's rules are in there/,
    ],
    ['exec offline', ['verify', ...OFFLINE, '--rules', 'exec'], /--rules exec needs the API server/],
    ['an unknown node', ['verify', ...OFFLINE, '--rules', 'ssh', '--nodes', 'node9'], /node "node9" not found/],
    ['a Service and -A', ['verify', '-A', ...OFFLINE], /not both/],
    ['too many targets', ['trace', ...OFFLINE, '--from', 'external', '--to', 'nodePort'], /stands for 4 targets/],
    [
      'a chain that is nowhere',
      ['trace', ...OFFLINE, '--from', 'external', '--to', 'node/node1', '--why-not', 'KUBE-NOPE'],
      /no node on the packet's way/,
    ],
    ["rules of somebody else's nodes", ['verify', ...OFFLINE, '--rules', 'OTHER'], /no node is named "elsewhere"/],
  ] as const)('%s: one line, exit code 2', async ([, args, said]) => {
    const other = folder.write('elsewhere.iptables-save', dump('node1'));
    const ran = await srcip(args.map((arg) => (arg === 'OTHER' ? other : arg)));
    expect(ran.code).toBe(2);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toMatch(said);
    expect(ran.stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  });
});

describe('snapshot', () => {
  test('what it writes, every other command reads', async () => {
    const path = join(folder.path, 'whole.tar.gz');
    const wrote = await srcip(['snapshot', '-o', path, '--snapshot', FLANNEL]);
    expect(wrote).toMatchObject({ code: 0, stdout: '' });
    expect(wrote.stderr).toMatch(/^wrote \d+ objects and 12 files of nodes/);
    const [before, after] = await Promise.all([
      srcip(['verify', ...OFFLINE, '-o', 'json']),
      srcip(['verify', ...WEB, '--snapshot', path, '-o', 'json']),
    ]);
    expect(JSON.parse(after.stdout)).toEqual({ ...JSON.parse(before.stdout), origin: `snapshot ${path}` });
  });

  test('nothing is overwritten without --force', async () => {
    const path = join(folder.path, 'twice');
    const write = ['snapshot', '-o', path, '--snapshot', FLANNEL];
    expect((await srcip(write)).code).toBe(0);
    const again = await srcip(write);
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect((await srcip([...write, '--force'])).code).toBe(0);
  });

  test('--redact: the same answer, and no name or address of before', async () => {
    const path = join(folder.path, 'redacted');
    expect((await srcip(['snapshot', '-o', path, '--redact', '--snapshot', FLANNEL])).code).toBe(0);
    const texts = filesIn(path).map((file) => readFileSync(file, 'utf8'));
    for (const word of ['172.18.0.1', '10.244.', '203.0.113.10', 'ns1/web', 'node3', '"ns1"'])
      expect(
        texts.filter((text) => text.includes(word)),
        word,
      ).toEqual([]);
    const report = await json<VerifyReport>(['verify', '-A', '--snapshot', path]);
    expect(report.answer.mood).toBe('good');
  });
});

function filesIn(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('--rules exec', () => {
  test('the kube-proxy pod of each node is asked, through the API server', async () => {
    const cluster = (JSON.parse(readFileSync(join(FLANNEL, 'cluster.json'), 'utf8')) as { items: object[] }).items;
    const files: Readonly<Record<string, string>> = { 'iptables-save': 'iptables-save.txt', 'ip6tables-save': 'ip6tables-save.txt' };
    const world = await startWorld({
      objects: cluster,
      programs: ({ node, command }) => {
        const file = files[command.join(' ')];
        if (file === undefined) return 'absent';
        return { stdout: existsSync(join(FLANNEL, node, file)) ? dump(node, file) : '' };
      },
    });
    const ran = await srcip(['verify', ...WEB, '--rules', 'exec'], { env: world.env });
    await world.end();
    expect(ran.stderr).toBe('');
    expect(ran.stdout).toContain('The rules of 4 nodes are what kube-proxy should have written for ns1/web.');
    expect(ran.code).toBe(0);
  });
});

describe.runIf(sshdIsThere())('--rules ssh', () => {
  let lab: Lab;
  let sshd: Awaited<ReturnType<Lab['sshd']>>;
  let config: string;

  beforeAll(async () => {
    lab = openLab();
    // One server stands for all nodes: it answers with the rules of the node whose user name it was asked under.
    lab.program('bin', 'id', 'echo 0');
    lab.program('bin', 'iptables-save', `cat "${FLANNEL}/$SRCIP_NODE/iptables-save.txt"`);
    lab.program('bin', 'ip6tables-save', ':');
    lab.program(
      'bin',
      'ip',
      `case "$*" in "-j addr") cat "${FLANNEL}/$SRCIP_NODE/ip-addr.json";; *) cat "${FLANNEL}/$SRCIP_NODE/ip-route.json";; esac`,
    );
    const nodes = ['node1', 'node2', 'node3', 'node4'];
    const servers = await Promise.all(
      nodes
        .slice(0, 3)
        .map((node) => lab.sshd({ config: [`SetEnv PATH=${lab.path('bin')}:/usr/local/bin:/usr/bin:/bin SHLVL=2 SRCIP_NODE=${node}`] })),
    );
    const [first] = servers;
    if (first === undefined) throw new Error('a server was started');
    sshd = first;
    const known = servers.map(({ port, hostKey }) => `[127.0.0.1]:${port} ${lab.publicKey(hostKey)}\n`).join('');
    const hosts = servers.map(({ port }, at) => `Host ${nodes[at]}\n  HostName 127.0.0.1\n  Port ${port}\n`).join('');
    folder.write('known_hosts', known);
    // Nobody listens where node4 is looked for.
    config = folder.write(
      'ssh_config',
      `${hosts}Host node4\n  HostName 127.0.0.1\n  Port 9\nHost *\n  User ${USER}\n  IdentityFile ${lab.path('user')}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${join(folder.path, 'known_hosts')}\n`,
    );
  });
  afterAll(async () => lab.close());

  test('the nodes that can be reached are judged, one that cannot is a named gap', async () => {
    const args = ['verify', ...OFFLINE, '--rules', 'ssh', '--ssh-config', config, '--ssh-address', 'name', '--node-timeout', '20'];
    const report = await json<VerifyReport>(args);
    expect(report.nodes.map(({ node, worst }) => [node, worst])).toEqual([
      ['node1', null],
      ['node2', null],
      ['node3', null],
    ]);
    expect(report.gaps.find(({ what }) => what === 'rules of node4')?.why).toMatch(/^ssh: .*refused/);
    expect(sshd.log()).toContain('Accepted publickey');
  });

  test('--nodes reads these alone', async () => {
    const args = [
      'trace',
      ...OFFLINE,
      '--from',
      'external',
      '--to',
      'node/node1',
      '--rules',
      'ssh',
      '--nodes',
      'node1,node3',
      '--ssh-config',
      config,
      '--ssh-address',
      'name',
    ];
    const report = await json<TraceReport>(args);
    expect(report.verdict).toBe('delivered');
    expect(report.gaps).toEqual([]);
  });

  test('--service-only: less comes over, and the answer is the same', async () => {
    const args = [
      'verify',
      ...OFFLINE,
      '--rules',
      'ssh',
      '--nodes',
      'node1',
      '--ssh-config',
      config,
      '--ssh-address',
      'name',
      '--service-only',
    ];
    const report = await json<VerifyReport>(args);
    expect(report.nodes.map(({ node, worst }) => [node, worst])).toEqual([['node1', null]]);
  });
});
