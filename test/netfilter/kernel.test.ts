import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseIptablesSave } from '../../src/netfilter/iptables-save/parse-save.ts';
import { printIptablesSave } from '../../src/netfilter/iptables-save/print.ts';
import type { NodeNet } from '../../src/netfilter/node/node-net.ts';
import { parseRules } from '../../src/netfilter/parse-rules.ts';
import { type Arriving, tracePacket, traceReply } from '../../src/netfilter/trace.ts';
import { table, textOf } from './support/dump.ts';
import { canLoadRules, type Namespace, newNamespace } from './support/namespace.ts';

// Held against the kernel of this machine, in a namespace of its own: only as root.

const FORMATS = join(import.meta.dirname, '..', 'fixtures', 'rules', 'formats');

/** What a rule set does with a connection to a port of loopback: the first digit of a port says whether somebody listens. */
interface Case {
  readonly name: string;
  readonly filter?: readonly string[];
  readonly nat?: readonly string[];
  readonly mangle?: readonly string[];
  readonly raw?: readonly string[];
}

/** `PORT` is the case's own port, `LISTENER` one where somebody always listens; chains are the case's own. */
const CASES: readonly Case[] = [
  { name: 'nothing', filter: [] },
  { name: 'drop', filter: ['-j DROP'] },
  { name: 'reject', filter: ['-j REJECT'] },
  { name: 'reset', filter: ['-p tcp -j REJECT --reject-with tcp-reset'] },
  { name: 'first verdict', filter: ['-j ACCEPT', '-j DROP'] },
  { name: 'return', filter: ['-j RETURN', '-j DROP'] },
  { name: 'goto comes back behind the caller', filter: ['-g K-reject', '-j DROP'] },
  { name: 'jump comes back', filter: ['-j K-empty', '-j DROP'] },
  { name: 'syn', filter: ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j REJECT'] },
  { name: 'not only a syn', filter: ['-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT', '-p tcp -j REJECT'] },
  { name: 'new', filter: ['-m conntrack --ctstate NEW -j REJECT'] },
  { name: 'not new', filter: ['-m conntrack ! --ctstate NEW -j DROP', '-j REJECT'] },
  {
    name: 'ctstatus of a first packet',
    filter: ['-m conntrack --ctstatus SEEN_REPLY,ASSURED -j DROP', '-m conntrack --ctstatus CONFIRMED -j REJECT', '-j DROP'],
  },
  { name: 'ctdir, ctproto', filter: ['-m conntrack --ctdir ORIGINAL --ctproto 6 -j REJECT', '-j DROP'] },
  { name: 'multiport', filter: ['-p tcp -m multiport --dports 1,2,PORT -j REJECT', '-j DROP'] },
  { name: 'source ports', filter: ['-p tcp -m tcp ! --sport 1:65535 -j DROP', '-p tcp -m tcp --sport 1024:65535 -j REJECT'] },
  { name: 'iprange', filter: ['-m iprange --src-range 127.0.0.1-127.0.0.9 -j REJECT', '-j DROP'] },
  {
    name: 'addrtype',
    filter: ['-m addrtype ! --src-type LOCAL -j DROP', '-m addrtype --dst-type LOCAL --limit-iface-in -j REJECT', '-j DROP'],
  },
  {
    name: 'physdev of a packet without a bridge',
    filter: ['-m physdev --physdev-is-in -j DROP', '-m physdev ! --physdev-is-bridged -j REJECT', '-j DROP'],
  },
  { name: 'device', filter: ['! -i l+ -j DROP', '-i lo -j REJECT', '-j DROP'] },
  { name: 'chance of 1', filter: ['-m statistic --mode random --probability 1 -j REJECT', '-j DROP'] },
  { name: 'chance of 0', filter: ['-m statistic --mode random --probability 0 -j DROP', '-j REJECT'] },
  {
    name: 'recent finds what the packet noted',
    filter: ['-m recent --set --name T1 --rsource', '-m recent --rcheck --name T1 --rsource -j REJECT', '-j DROP'],
  },
  {
    name: 'recent counts',
    filter: ['-m recent --set --name T2 --rsource', '-m recent --rcheck --hitcount 2 --name T2 --rsource -j DROP', '-j REJECT'],
  },
  {
    name: 'recent does not know a new client',
    filter: ['-m recent --rcheck --name T3 --rsource -j DROP', '-m recent ! --rcheck --name T3 --rsource -j REJECT', '-j DROP'],
  },
  { name: 'mark of mangle', mangle: ['-j MARK --set-xmark 0x10/0xff'], filter: ['-m mark --mark 0x10/0xf0 -j REJECT', '-j DROP'] },
  {
    name: 'xor of a mark',
    mangle: ['-j MARK --set-mark 0xf0', '-j MARK --xor-mark 0xff'],
    filter: ['-m mark --mark 0xf -j REJECT', '-j DROP'],
  },
  {
    name: 'connmark',
    mangle: ['-j MARK --set-mark 0xab', '-j CONNMARK --save-mark --nfmask 0xf0 --ctmask 0xff'],
    filter: ['-m connmark --mark 0xa0 -j REJECT', '-j DROP'],
  },
  {
    name: 'restored mark',
    mangle: ['-j CONNMARK --set-xmark 0x7/0xffffffff', '-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff'],
    filter: ['-m mark --mark 0x7 -j REJECT', '-j DROP'],
  },
  { name: 'dnat to a listener', nat: ['-p tcp -j DNAT --to-destination 127.0.0.1:LISTENER'] },
  { name: 'redirect to a listener', nat: ['-p tcp -j REDIRECT --to-ports LISTENER'] },
  {
    name: 'the first dnat counts',
    nat: ['-p tcp -j DNAT --to-destination 127.0.0.1:LISTENER', '-p tcp -j DNAT --to-destination 127.0.0.1:1'],
  },
  { name: 'dnat where nobody listens', nat: ['-p tcp -j DNAT --to-destination 127.0.0.1:1'] },
  {
    name: 'untracked',
    raw: ['-j CT --notrack'],
    filter: ['-m conntrack ! --ctstate UNTRACKED -j DROP', '-m connmark ! --mark 0x1 -j DROP', '-j REJECT'],
  },
  {
    name: 'untracked is not translated',
    raw: ['-j CT --notrack'],
    nat: ['-p tcp -j DNAT --to-destination 127.0.0.1:1'],
    filter: ['-j REJECT'],
  },
  {
    name: 'a state and more of an untracked packet',
    raw: ['-j CT --notrack'],
    filter: ['-m conntrack --ctstate UNTRACKED --ctorigdstport 1 -j REJECT', '-j DROP'],
  },
];

const FIRST_PORT = 20_001;
const LISTENER = 19_999;
const HOOKS = { filter: 'INPUT', nat: 'OUTPUT', mangle: 'INPUT', raw: 'OUTPUT' } as const;

function rules(): string {
  const tables = (['raw', 'mangle', 'nat', 'filter'] as const).map((name) => {
    const lines = CASES.flatMap((each, index) => {
      const port = String(FIRST_PORT + index);
      const own = (each[name] ?? []).map((rule) =>
        `-A K-${port} ${rule.replaceAll('PORT', port).replaceAll('LISTENER', String(LISTENER))}`.replace('LISTENER', String(LISTENER)),
      );
      return [`-A ${HOOKS[name]} -p tcp -m tcp --dport ${port} -j K-${port}`, ...own];
    });
    return table(
      name,
      ':K-empty -',
      ':K-reject -',
      ...lines,
      ...(name === 'filter' ? ['-A K-reject -j RETURN', '-A K-empty -p udp -j DROP'] : []),
    );
  });
  return tables.join('');
}

const CONNECT = `
const net = require('node:net');
const { ports, listener } = JSON.parse(process.argv[1]);
const listen = (port) => new Promise((done) => { const server = net.createServer((socket) => socket.destroy()); server.listen(port, '127.0.0.1', () => done(server)); });
const connect = (port) => new Promise((done) => {
  const socket = net.connect({ host: '127.0.0.1', port, localAddress: '127.0.0.1' });
  const end = (outcome) => { socket.destroy(); done([port, outcome]); };
  socket.setTimeout(600, () => end('timeout'));
  socket.on('connect', () => end('open'));
  socket.on('error', (error) => end(error.code === 'ECONNREFUSED' ? 'refused' : error.code));
});
(async () => {
  const servers = await Promise.all([...ports, listener].map(listen));
  const outcomes = await Promise.all(ports.map(connect));
  process.stdout.write(JSON.stringify(Object.fromEntries(outcomes)));
  for (const server of servers) server.close();
})();
`;

/** What the trace says of a connection to a port of loopback. */
function predicted(node: NodeNet, port: number): string {
  const arriving: Arriving = {
    protocol: 'tcp',
    source: '127.0.0.1',
    sourcePort: 40_000,
    destination: '127.0.0.1',
    destinationPort: port,
    from: 'local',
  };
  const { branches, certain } = tracePacket(node, arriving);
  const [branch] = branches;
  if (branch === undefined || branches.length !== 1 || !certain) return `uncertain: ${branches.map((each) => each.end.kind).join(', ')}`;
  const { end, packet } = branch;
  if (end.kind === 'rejected') return 'refused';
  if (end.kind !== 'host') return 'timeout';
  if (packet.destinationPort !== LISTENER && (packet.destinationPort ?? 0) < FIRST_PORT) return 'refused';
  const reply: Arriving = {
    protocol: 'tcp',
    source: packet.destination ?? '',
    sourcePort: packet.destinationPort,
    destination: packet.source ?? '',
    destinationPort: packet.sourcePort,
    from: 'local',
  };
  const back = traceReply(node, reply, branch.tracked).branches;
  const right = back.length === 1 && back[0]?.end.kind === 'host' && back[0].packet.sourcePort === port;
  return right ? 'open' : 'timeout';
}

describe.skipIf(!canLoadRules())('the kernel of this machine', () => {
  let namespace: Namespace;
  beforeAll(() => {
    namespace = newNamespace();
  });
  afterAll(() => namespace.remove());

  test('does with connections what the trace says', () => {
    const text = rules();
    const loaded = namespace.run(['iptables-restore'], text);
    expect(loaded.stderr).toBe('');
    const ports = CASES.map((_, index) => FIRST_PORT + index);
    const { stdout } = namespace.run([process.execPath, '-e', CONNECT, JSON.stringify({ ports, listener: LISTENER })]);
    const seen = JSON.parse(stdout) as Readonly<Record<string, string>>;
    const node: NodeNet = {
      rulesets: { 4: parseIptablesSave(namespace.run(['iptables-save']).stdout, { file: 'kernel' }).ruleset, 6: null },
      devices: [
        { name: 'lo', master: null, addresses: [{ address: '127.0.0.1', prefix: 8, scope: 'host', secondary: false, deprecated: false }] },
      ],
      routes: [],
    };
    const both = (outcome: (port: number) => string | undefined): readonly string[] =>
      CASES.map(({ name }, index) => `${name}: ${outcome(FIRST_PORT + index)}`);
    expect(both((port) => predicted(node, port))).toEqual(both((port) => seen[port]));
    expect(new Set(Object.values(seen))).toEqual(new Set(['open', 'refused', 'timeout']));
  });

  test.each(readdirSync(FORMATS))('takes what is printed of %s, from each format', (folder) => {
    const family = folder.includes('ipv6') ? 6 : 4;
    const program = family === 6 ? 'ip6tables-restore' : 'iptables-restore';
    for (const file of ['save.txt', 'S-v.txt', ...(folder.startsWith('kube-proxy') ? ['L-nv.txt', 'L-nvx-line-numbers.txt'] : [])]) {
      const { ruleset } = parseRules(textOf(join(FORMATS, folder, file)) ?? '', { file, family });
      const { status, stderr } = namespace.run([program, '--test'], printIptablesSave(ruleset));
      expect(`${file}: ${stderr}`).toBe(`${file}: `);
      expect(status).toBe(0);
    }
  });
});
