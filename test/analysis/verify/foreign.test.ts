import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ForeignRule } from '../../../src/analysis/verify/types.ts';
import { endpoint, proxier, service, WEB } from '../../expected/sample.ts';
import { dumpText, OTHER, verify } from './sample-dump.ts';
import { edit } from './support.ts';

const WHERE = proxier(34);
const SERVICES = [WEB, OTHER];
const CLUSTER = service({ externalTrafficPolicy: 'Cluster', affinitySeconds: null, healthCheckNodePort: null });

/** Adds rules at the head of a table's chain, and other tables in front. */
function withRules(text: string, rules: Readonly<Record<string, readonly string[]>>): string {
  const extra = Object.entries(rules).filter(([table]) => table !== 'nat' && table !== 'filter');
  const tables = extra.map(
    ([table, lines]) =>
      `*${table}\n:PREROUTING ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n${lines.join('\n')}\nCOMMIT\n`,
  );
  return (
    tables.join('') +
    edit(text, (lines) =>
      lines.flatMap((line) => {
        const added = line === '*nat' ? rules['nat'] : line === '*filter' ? rules['filter'] : undefined;
        return added === undefined ? [line] : [line, ...added];
      }),
    )
  );
}

function foreign(rules: Readonly<Record<string, readonly string[]>>, services = SERVICES): readonly ForeignRule[] {
  const results = verify(services, WHERE, withRules(dumpText(services, WHERE), rules));
  return results.find((result) => result.service === 'shop/web')?.foreign ?? [];
}

function brief({ act, hook, match, severity }: ForeignRule): string {
  return `${act} at ${hook}, ${match}: ${severity}`;
}

describe('rules in the way', () => {
  test.for<[string, string, string, string, RegExp]>([
    [
      'DROP of a node port in raw',
      'raw',
      '-A PREROUTING -p tcp -m tcp --dport 30080 -j DROP',
      'drops at PREROUTING, certain: error',
      /node port 30080 in table raw/,
    ],
    [
      'NOTRACK',
      'raw',
      '-A PREROUTING -p tcp -m tcp --dport 30080 -j CT --notrack',
      'disables-nat at PREROUTING, certain: error',
      /not translated/,
    ],
    [
      'DROP of an endpoint in FORWARD',
      'filter',
      '-A FORWARD -d 10.244.1.5/32 -j DROP',
      'drops at FORWARD, certain: error',
      /endpoint 10\.244\.1\.5:8080/,
    ],
    [
      'DROP of an endpoint’s answers',
      'filter',
      '-A FORWARD -s 10.244.1.5/32 -j DROP',
      'drops at FORWARD, certain: error',
      /answers of endpoint 10\.244\.1\.5:8080/,
    ],
    [
      'REJECT of one client',
      'filter',
      '-A FORWARD -s 192.0.2.77/32 -j REJECT --reject-with icmp-port-unreachable',
      'drops at FORWARD, possible: warning',
      /may reject .*where -s 192\.0\.2\.77\/32/,
    ],
    [
      'ACCEPT in nat PREROUTING',
      'nat',
      '-A PREROUTING -d 10.96.7.7/32 -j ACCEPT',
      'skips-kube-proxy at PREROUTING, certain: error',
      /clusterIP 10\.96\.7\.7:80 before KUBE-SERVICES/,
    ],
    [
      'RETURN in nat OUTPUT',
      'nat',
      '-A OUTPUT -p tcp -m tcp --dport 80 -j RETURN',
      'skips-kube-proxy at OUTPUT, certain: error',
      /clusterIP 10\.96\.7\.7:80, load balancer IP 203\.0\.113\.10:80/,
    ],
    [
      'DNAT of the node port',
      'nat',
      '-A PREROUTING -p tcp -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j DNAT --to-destination 172.17.0.2:80',
      'redirects at PREROUTING, certain: error',
      /DNAT --to-destination 172\.17\.0\.2:80/,
    ],
    [
      'REDIRECT by a range of ports',
      'nat',
      '-A PREROUTING -p tcp -m multiport --dports 30000:30100 -j REDIRECT --to-ports 8080',
      'redirects at PREROUTING, certain: error',
      /node port 30080/,
    ],
    [
      'SNAT before KUBE-POSTROUTING',
      'nat',
      '-A POSTROUTING -d 10.244.0.0/16 -j SNAT --to-source 172.18.0.11',
      'rewrites-source at POSTROUTING, certain: warning',
      /before KUBE-POSTROUTING/,
    ],
    [
      'the masquerade mark for everything',
      'mangle',
      '-A PREROUTING -j MARK --set-xmark 0x4000/0x4000',
      'sets-masquerade-mark at PREROUTING, certain: warning',
      /lose their source/,
    ],
    [
      'all marks cleared in FORWARD',
      'mangle',
      '-A FORWARD -j MARK --set-xmark 0x0/0xffffffff',
      'clears-masquerade-mark at FORWARD, certain: error',
      /answers go past this node/,
    ],
    [
      'an ipset that decides',
      'filter',
      '-A FORWARD -m set --match-set banned src -j DROP',
      'drops at FORWARD, possible: warning',
      /where -m set --match-set banned src/,
    ],
  ])('%s', ([, table, rule, wanted, why]) => {
    const found = foreign({ [table]: [rule] });
    expect(found.map(brief)).toEqual([wanted]);
    expect(found[0]).toMatchObject({ table, line: rule, through: [], writer: null });
    expect(found[0]?.why).toMatch(why);
  });

  test('through chains of their own, with the way there', () => {
    const found = foreign({
      filter: [
        ':ops - [0:0]',
        ':ops-web - [0:0]',
        '-A FORWARD -j ops',
        '-A ops -d 10.244.0.0/16 -j ops-web',
        '-A ops-web -p tcp -m tcp --dport 8080 -j DROP',
        '-A ops-web -j RETURN',
      ],
    });
    expect(found.map(brief)).toEqual(['drops at FORWARD, certain: error']);
    expect(found[0]?.through).toEqual(['-A FORWARD -j ops', '-A ops -d 10.244.0.0/16 -j ops-web']);
  });

  test('a RETURN before it lets the packets pass', () => {
    expect(
      foreign({
        filter: [
          ':ops - [0:0]',
          '-A FORWARD -j ops',
          '-A ops -d 10.244.0.0/16 -j RETURN',
          '-A ops -s 10.244.0.0/16 -j RETURN',
          '-A ops -d 10.244.1.5/32 -j DROP',
        ],
      }),
    ).toEqual([]);
  });

  test('an ACCEPT in FORWARD matters only to a Service that is refused there', () => {
    const accept = '-A FORWARD -j ACCEPT';
    expect(foreign({ filter: [accept] }).map(brief)).toEqual(['skips-refusals at FORWARD, certain: warning']);
    expect(foreign({ filter: [accept] }, [service({ sourceRanges: [] }), OTHER])).toEqual([]);
  });
});

describe('policy DROP', () => {
  const dropping = (text: string): string => text.replace(':FORWARD ACCEPT [0:0]', ':FORWARD DROP [7:420]');
  const forward = (web: typeof WEB, ...rules: readonly string[]): readonly ForeignRule[] => {
    const services = [web, OTHER];
    const results = verify(
      services,
      WHERE,
      edit(dropping(dumpText(services, WHERE)), (lines) => {
        const at = lines.findLastIndex((line) => line.startsWith('-A FORWARD '));
        return [...lines.slice(0, at + 1), ...rules, ...lines.slice(at + 1)];
      }),
    );
    return results.find((result) => result.service === 'shop/web')?.foreign ?? [];
  };

  test('of FORWARD: what is not masqueraded', () => {
    expect(forward(WEB).map(brief)).toEqual(['policy-drops at FORWARD, certain: error']);
    expect(forward(WEB)[0]).toMatchObject({
      line: ':FORWARD DROP [7:420]',
      why: expect.stringContaining('outside clients, and pods that ask the clusterIP'),
    });
    expect(forward(CLUSTER)[0]?.why).toContain('requests that another node sent on');
  });

  test('an ACCEPT for the pods behind kube-proxy’s jumps makes it harmless, one with unknown conditions half so', () => {
    expect(forward(WEB, '-A FORWARD -s 10.244.0.0/16 -j ACCEPT', '-A FORWARD -d 10.244.0.0/16 -j ACCEPT')).toEqual([]);
    expect(forward(WEB, '-A FORWARD -m mark --mark 0x10000/0x10000 -j ACCEPT').map(brief)).toEqual([
      'policy-drops at FORWARD, possible: warning',
    ]);
  });

  test('a last rule that rejects is the same as a policy', () => {
    const found = foreign({}, [WEB, OTHER]);
    expect(found).toEqual([]);
    const text = edit(dumpText(SERVICES, WHERE), (lines) => {
      const at = lines.findLastIndex((line) => line.startsWith('-A FORWARD '));
      return [...lines.slice(0, at + 1), '-A FORWARD -j REJECT --reject-with icmp-host-prohibited', ...lines.slice(at + 1)];
    });
    const [rule] = verify(SERVICES, WHERE, text)[1]?.foreign ?? [];
    expect(rule).toMatchObject({ act: 'drops', severity: 'error', why: expect.stringContaining('unless KUBE-FORWARD accepted them') });
  });

  test('of INPUT: endpoints on the host network, and answers to the node itself, but not health checks that kube-proxy accepts', () => {
    const host = service({
      ...CLUSTER,
      sourceRanges: [],
      ports: WEB.ports.map((port) => ({ ...port, endpoints: [endpoint('172.18.0.11', 'node1')] })),
    });
    const drops = (web: typeof WEB): string[] => {
      const text = dumpText([web, OTHER], WHERE).replace(':INPUT ACCEPT', ':INPUT DROP');
      return (verify([web, OTHER], WHERE, text)[1]?.foreign ?? []).map(brief);
    };
    expect(drops(host)).toEqual(['policy-drops at INPUT, certain: error']);
    expect(drops(WEB)).toEqual(['policy-drops at INPUT, certain: error']);
    const text = dumpText([WEB, OTHER], WHERE).replace(':INPUT ACCEPT', ':INPUT DROP');
    const why = (verify([WEB, OTHER], WHERE, text)[1]?.foreign ?? []).map((rule) => rule.why).join('');
    expect(why).toMatch(/answers of endpoint .* to processes of this node/);
    expect(why).not.toMatch(/health check/);
    const usual = text.replace('-A INPUT', '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A INPUT');
    expect((verify([WEB, OTHER], WHERE, usual)[1]?.foreign ?? []).map(brief)).toEqual([]);
  });
});

describe('usual companions', () => {
  test('docker’s chains', () => {
    const docker = {
      nat: [
        ':DOCKER - [0:0]',
        '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
        '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
        '-A DOCKER -i docker0 -j RETURN',
        '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 5000 -j DNAT --to-destination 172.17.0.2:5000',
      ],
      filter: [
        ':DOCKER - [0:0]',
        ':DOCKER-USER - [0:0]',
        ':DOCKER-ISOLATION-STAGE-1 - [0:0]',
        ':DOCKER-ISOLATION-STAGE-2 - [0:0]',
        '-A FORWARD -j DOCKER-USER',
        '-A FORWARD -j DOCKER-ISOLATION-STAGE-1',
        '-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        '-A FORWARD -o docker0 -j DOCKER',
        '-A FORWARD -i docker0 ! -o docker0 -j ACCEPT',
        '-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2',
        '-A DOCKER-ISOLATION-STAGE-1 -j RETURN',
        '-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP',
        '-A DOCKER-USER -j RETURN',
      ],
    };
    expect(
      foreign(docker)
        .map((rule) => rule.severity)
        .filter((severity) => severity !== 'info'),
    ).toEqual([]);
  });

  test('CNI-HOSTPORT: silent for other ports, a warning for the node port', () => {
    const chains = [
      ':CNI-HOSTPORT-DNAT - [0:0]',
      ':CNI-DN-1234 - [0:0]',
      '-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
    ];
    const map = (port: number): string[] => [
      `-A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports ${port} -j CNI-DN-1234`,
      `-A CNI-DN-1234 -p tcp -m tcp --dport ${port} -j DNAT --to-destination 10.244.1.77:80`,
    ];
    expect(foreign({ nat: [...chains, ...map(8443)] })).toEqual([]);
    expect(foreign({ nat: [...chains, ...map(30080)] }).map((rule) => [brief(rule), rule.writer])).toEqual([
      ['redirects at PREROUTING, certain: warning', 'CNI port mapping'],
    ]);
  });

  test('flannel’s and Calico’s are notes', () => {
    const found = foreign({
      nat: [
        ':FLANNEL-POSTRTG - [0:0]',
        ':cali-POSTROUTING - [0:0]',
        '-A POSTROUTING -j cali-POSTROUTING',
        '-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG',
        '-A cali-POSTROUTING -m set --match-set cali40masq src -j MASQUERADE',
        '-A FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE',
      ],
      filter: [':cali-FORWARD - [0:0]', '-A FORWARD -j cali-FORWARD', '-A cali-FORWARD -m mark --mark 0x20000/0x20000 -j DROP'],
    });
    expect(found.map((rule) => [rule.writer, rule.severity])).toEqual([
      ['Calico', 'info'],
      ['flannel', 'info'],
      ['Calico', 'info'],
    ]);
  });

  test('chains that lead in circles end', () => {
    expect(
      foreign({ filter: [':a - [0:0]', ':b - [0:0]', '-A FORWARD -j a', '-A a -j b', '-A b -j a', '-A b -d 10.244.1.5/32 -j DROP'] }).map(
        brief,
      ),
    ).toEqual(['drops at FORWARD, certain: error']);
  });
});

const AKS = join(import.meta.dirname, '../../../../shared/samples/aks-2022.iptables-save');

test.skipIf(!existsSync(AKS))('a real node with Azure network policy: marks that collide with kube-proxy’s are seen', () => {
  const text = readFileSync(AKS, 'utf8');
  const [, result] = verify([WEB], proxier(22), text);
  const clears = result?.foreign.filter((rule) => rule.act === 'clears-masquerade-mark') ?? [];
  expect(clears.map((rule) => rule.chain)).toContain('AZURE-NPM-ACCEPT');
  expect(result?.foreign.some((rule) => rule.severity === 'error')).toBe(false);
});
