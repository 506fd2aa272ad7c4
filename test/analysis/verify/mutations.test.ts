import { describe, expect, test } from 'vitest';
import type { RuleDifference } from '../../../src/analysis/verify/types.ts';
import { endpoint, proxier, service, WEB } from '../../expected/sample.ts';
import { dumpText, OTHER, verify } from './sample-dump.ts';
import { differencesOf, edit } from './support.ts';

const H = '67NZLRHBNDSAWJRO';
const HERE = 'KUBE-SEP-34ZZ2QFGO32YYXXO';
const THERE = 'KUBE-SEP-DYSIX5QMVXZZP7LU';
const WHERE = proxier(34);
const CLUSTER = service({ externalTrafficPolicy: 'Cluster', affinitySeconds: null, healthCheckNodePort: null });

type Change = (lines: string[]) => string[];

function without(pattern: RegExp): Change {
  return (lines) => lines.filter((line) => !pattern.test(line));
}

function replace(pattern: RegExp, text: string): Change {
  return (lines) => lines.map((line) => line.replace(pattern, text));
}

function ahead(pattern: RegExp, ...added: readonly string[]): Change {
  return (lines) => {
    const at = lines.findIndex((line) => pattern.test(line));
    if (at < 0) throw new Error(`no line like ${pattern}`);
    return [...lines.slice(0, at), ...added, ...lines.slice(at)];
  };
}

function behind(pattern: RegExp, ...added: readonly string[]): Change {
  return (lines) => {
    const at = lines.findLastIndex((line) => pattern.test(line));
    if (at < 0) throw new Error(`no line like ${pattern}`);
    return [...lines.slice(0, at + 1), ...added, ...lines.slice(at + 1)];
  };
}

function both(...changes: readonly Change[]): Change {
  return (lines) => changes.reduce((text, change) => change(text), lines);
}

function found(change: Change, web = WEB): RuleDifference[] {
  const services = [web, OTHER];
  const text = dumpText(services, WHERE);
  const changed = edit(text, change);
  expect(changed).not.toBe(text);
  return differencesOf(verify(services, WHERE, changed));
}

interface Wanted {
  readonly kind: RuleDifference['kind'];
  readonly code: string;
  readonly severity: string;
  readonly effect: RegExp;
}

function only(differences: readonly RuleDifference[], wanted: Wanted): void {
  expect(differences.map(({ kind, code, severity }) => ({ kind, code, severity }))).toEqual([
    { kind: wanted.kind, code: wanted.code, severity: wanted.severity },
  ]);
  expect(differences[0]?.effect).toMatch(wanted.effect);
}

describe('one thing broken in the rules of shop/web (Local policy)', () => {
  test.for<[string, Change, Wanted]>([
    [
      'the jump to KUBE-SVL is deleted',
      without(/^-A KUBE-EXT-\S+ -j KUBE-SVL/),
      {
        kind: 'missing',
        code: 'policy-jump',
        severity: 'error',
        effect: /^outside clients of node port 30080, .* are not delivered on this node/,
      },
    ],
    [
      'DNAT to another address',
      replace(/to-destination 10\.244\.1\.5:8080/, 'to-destination 10.9.9.9:8080'),
      { kind: 'changed', code: 'dnat', severity: 'error', effect: /10\.244\.1\.5:8080 goes to 10\.9\.9\.9:8080, which no EndpointSlice/ },
    ],
    [
      'DNAT to another port',
      replace(/to-destination 10\.244\.1\.5:8080/, 'to-destination 10.244.1.5:9090'),
      { kind: 'changed', code: 'dnat', severity: 'error', effect: /goes to 10\.244\.1\.5:9090/ },
    ],
    [
      'hairpin rule for another address',
      replace(/^(-A KUBE-SEP-34\S+) -s 10\.244\.1\.5\/32/, '$1 -s 10.9.9.9/32'),
      { kind: 'changed', code: 'hairpin', severity: 'warning', effect: /matches other packets.*asks the Service/ },
    ],
    [
      'probability 0.9 instead of 0.5',
      replace(/^(-A KUBE-SVC-67.*--probability) 0\.50000000000/, '$1 0.90000000013'),
      { kind: 'changed', code: 'balance', severity: 'warning', effect: /10\.244\.1\.5:8080 gets 90 % of new connections instead of 50 %/ },
    ],
    [
      'the last endpoint has a probability',
      replace(/^(-A KUBE-SVC-67\S+ .*10\.244\.2\.7:8080") -j/, '$1 -m statistic --mode random --probability 0.50000000000 -j'),
      { kind: 'changed', code: 'balance', severity: 'error', effect: /gets 25 % .* instead of 50 %, and 25 % find no endpoint/ },
    ],
    [
      'wrong mark in KUBE-MARK-MASQ',
      replace(/^-A KUBE-MARK-MASQ .*/, '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x8000/0x8000'),
      { kind: 'changed', code: 'mark-masquerade', severity: 'error', effect: /nothing is masqueraded/ },
    ],
    [
      'KUBE-POSTROUTING asks for another mark',
      replace(/^-A KUBE-POSTROUTING -m mark .*/, '-A KUBE-POSTROUTING -m mark ! --mark 0x8000/0x8000 -j RETURN'),
      { kind: 'changed', code: 'postrouting-return', severity: 'error', effect: /another mark/ },
    ],
    [
      'another source range',
      replace(/-s 198\.51\.100\.0\/24/, '-s 192.0.2.0/24'),
      {
        kind: 'changed',
        code: 'source-range',
        severity: 'error',
        effect: /clients in 192\.0\.2\.0\/24 are let in instead; clients in 198\.51\.100\.0\/24 are kept out/,
      },
    ],
    [
      'node port leads past Local policy',
      replace(/^(-A KUBE-NODEPORTS .*) -j KUBE-EXT-\S+/, `$1 -j KUBE-SVC-${H}`),
      { kind: 'changed', code: 'node-port-jump', severity: 'error', effect: /goes to KUBE-SVC-\S+ instead of KUBE-EXT/ },
    ],
    [
      'load balancer address leads past the source ranges',
      replace(/^(-A KUBE-SERVICES .*loadbalancer.*) -j KUBE-FW-\S+/, `$1 -j KUBE-EXT-${H}`),
      { kind: 'changed', code: 'load-balancer-jump', severity: 'error', effect: /loadBalancerSourceRanges are not asked/ },
    ],
    [
      'EXT leads to all endpoints',
      replace(/^(-A KUBE-EXT-\S+) -j KUBE-SVL-\S+/, `$1 -j KUBE-SVC-${H}`),
      { kind: 'changed', code: 'policy-jump', severity: 'error', effect: /endpoints on all nodes, not masqueraded/ },
    ],
    [
      'detector of one rule is another network',
      replace(/^(-A KUBE-SVC-67\S+ ! -s) 10\.244\.0\.0\/16/, '$1 10.99.0.0/16'),
      { kind: 'changed', code: 'masquerade-cluster-ip', severity: 'warning', effect: /matches other packets than it should/ },
    ],
    [
      'clusterIP rule for another port',
      replace(/^(-A KUBE-SERVICES -d 10\.96\.7\.7\/32 .*--dport) 80/, '$1 81'),
      { kind: 'changed', code: 'cluster-ip-jump', severity: 'error', effect: /matches other packets.*10\.96\.7\.7:80/ },
    ],
    [
      'hook of PREROUTING removed',
      without(/^-A PREROUTING .*KUBE-SERVICES/),
      { kind: 'missing', code: 'hook', severity: 'error', effect: /nothing that arrives at this node reaches a Service/ },
    ],
    [
      'hook of PREROUTING for one device only',
      replace(/^-A PREROUTING /, '-A PREROUTING -i eth1 '),
      { kind: 'changed', code: 'hook', severity: 'error', effect: /matches other packets/ },
    ],
    [
      'hook of POSTROUTING removed',
      without(/^-A POSTROUTING /),
      { kind: 'missing', code: 'hook', severity: 'error', effect: /keeps its source/ },
    ],
    [
      'jump to the node ports removed',
      without(/^-A KUBE-SERVICES .* -j KUBE-NODEPORTS$/),
      { kind: 'missing', code: 'all-node-ports', severity: 'error', effect: /no node port of any Service/ },
    ],
    [
      'jump to the node ports comes first',
      both(without(/^-A KUBE-SERVICES .* -j KUBE-NODEPORTS/), ahead(/^-A KUBE-SERVICES /, JUMP())),
      { kind: 'changed', code: 'all-node-ports', severity: 'warning', effect: /asked before the Services/ },
    ],
    [
      'DNAT in front of the hairpin mark',
      (lines) => {
        const at = lines.findIndex((line) => line.startsWith(`-A ${HERE} -s`));
        return [...lines.slice(0, at), lines[at + 1] ?? '', lines[at] ?? '', ...lines.slice(at + 2)];
      },
      {
        kind: 'changed',
        code: 'dnat',
        severity: 'warning',
        effect: /takes the packets of a rule that should come first.*asks the Service/,
      },
    ],
    [
      'masquerade mark behind the endpoints',
      (lines) => {
        const mark = lines.find((line) => line.startsWith(`-A KUBE-SVC-${H} ! -s`)) ?? '';
        return behind(new RegExp(`^-A KUBE-SVC-${H} `), mark)(lines.filter((line) => line !== mark));
      },
      { kind: 'changed', code: 'masquerade-cluster-ip', severity: 'warning', effect: /stands behind/ },
    ],
    [
      'RETURN at the head of KUBE-SVC',
      ahead(new RegExp(`^-A KUBE-SVC-${H} `), `-A KUBE-SVC-${H} -j RETURN`),
      { kind: 'unexpected', code: 'stray-rule', severity: 'error', effect: /sends everything that comes to KUBE-SVC-.* back/ },
    ],
    [
      'a rule for one client in KUBE-EXT',
      ahead(new RegExp(`^-A KUBE-EXT-${H} `), `-A KUBE-EXT-${H} -s 192.0.2.77/32 -j ACCEPT`),
      {
        kind: 'unexpected',
        code: 'stray-rule',
        severity: 'warning',
        effect: /lets what matches "-s 192\.0\.2\.77\/32".* go on untranslated/,
      },
    ],
    [
      'a rule behind everything in KUBE-SVL',
      behind(new RegExp(`^-A KUBE-SVL-${H} `), `-A KUBE-SVL-${H} -j RETURN`),
      { kind: 'unexpected', code: 'stray-rule', severity: 'info', effect: /^nothing/ },
    ],
    [
      'a RETURN for the clusterIP in KUBE-SERVICES',
      ahead(/^-A KUBE-SERVICES /, '-A KUBE-SERVICES -d 10.96.7.7/32 -j RETURN'),
      { kind: 'unexpected', code: 'stray-rule', severity: 'warning', effect: /sends what matches "-d 10\.96\.7\.7\/32" in KUBE-SERVICES/ },
    ],
    [
      'health check accepted on another port only',
      replace(/--dport 32000/, '--dport 32001'),
      { kind: 'changed', code: 'health-check-accept', severity: 'info', effect: /port 32000/ },
    ],
    [
      'what the source ranges keep out is accepted',
      replace(/^(-A KUBE-PROXY-FIREWALL .*) -j DROP/, '$1 -j ACCEPT'),
      { kind: 'changed', code: 'drop-outside-source-ranges', severity: 'warning', effect: /meet ACCEPT instead of DROP/ },
    ],
    [
      'an old REJECT is left',
      ahead(
        /^-A KUBE-PROXY-FIREWALL /,
        '-A KUBE-EXTERNAL-SERVICES -d 203.0.113.10/32 -p tcp -m comment --comment "shop/web:http has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable',
      ),
      { kind: 'unexpected', code: 'outdated-rule', severity: 'warning', effect: /refuses packets that are not translated/ },
    ],
    [
      'an address that the Service lost still leads to it',
      ahead(
        /^-A KUBE-SERVICES /,
        `-A KUBE-SERVICES -d 203.0.113.99/32 -p tcp -m comment --comment "shop/web:http external IP" -m tcp --dport 80 -j KUBE-EXT-${H}`,
      ),
      { kind: 'unexpected', code: 'outdated-rule', severity: 'warning', effect: /still takes traffic/ },
    ],
    [
      'INPUT leads to KUBE-SERVICES, as until 1.19',
      ahead(/^-A FORWARD /, '-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES'),
      { kind: 'unexpected', code: 'stray-hook', severity: 'warning', effect: /this version of kube-proxy does not do/ },
    ],
  ])('%s', ([, change, wanted]) => {
    only(found(change), wanted);
  });
});

function JUMP(): string {
  return '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS';
}

describe('endpoints', () => {
  const stale = [
    `:KUBE-SEP-AAAAAAAAAAAAAAAA - [0:0]`,
    '-A KUBE-SEP-AAAAAAAAAAAAAAAA -s 10.244.9.9/32 -m comment --comment "shop/web:http" -j KUBE-MARK-MASQ',
    '-A KUBE-SEP-AAAAAAAAAAAAAAAA -p tcp -m comment --comment "shop/web:http" -m tcp -j DNAT --to-destination 10.244.9.9:8080',
  ];

  test('a stale one with its share: an older state of the Service', () => {
    const services = [CLUSTER, OTHER];
    const older = service({
      ...CLUSTER,
      ports: WEB.ports.map((port) => ({ ...port, endpoints: [...port.endpoints, endpoint('10.244.9.9', 'node2')] })),
    });
    const differences = differencesOf(verify(services, WHERE, dumpText([older, OTHER], WHERE)));
    only(differences, {
      kind: 'unexpected',
      code: 'stale-endpoint',
      severity: 'error',
      effect: /sends 33 % of new connections to 10\.244\.9\.9:8080, which no EndpointSlice of the Service lists/,
    });
  });

  test('a chain of a stale one that nothing leads to is silent', () => {
    expect(found(behind(/^-A KUBE-SEP-/, ...stale), CLUSTER)).toEqual([]);
  });

  test('a new one is missing: its chain and its way', () => {
    const more = service({
      ...CLUSTER,
      ports: WEB.ports.map((port) => ({ ...port, endpoints: [...port.endpoints, endpoint('10.244.3.9', 'node3')] })),
    });
    const differences = differencesOf(verify([more, OTHER], WHERE, dumpText([CLUSTER, OTHER], WHERE)));
    expect(differences.map(({ kind, code, chainIs }) => [kind, code, chainIs])).toEqual([
      ['missing', 'balance', 'present'],
      ['missing', 'hairpin', 'gone'],
      ['missing', 'dnat', 'gone'],
    ]);
    expect(differences[0]?.effect).toMatch(/10\.244\.3\.9:8080 gets no new connections: the others take its share/);
  });

  test('an endpoint that is not ready is still served', () => {
    const gone = service({
      ...CLUSTER,
      ports: WEB.ports.map((port) => ({
        ...port,
        endpoints: port.endpoints.map((each, index) => (index === 1 ? { ...each, ready: false, serving: false } : each)),
      })),
    });
    const differences = differencesOf(verify([gone, OTHER], WHERE, dumpText([CLUSTER, OTHER], WHERE)));
    only(differences, { kind: 'unexpected', code: 'unused-endpoint', severity: 'error', effect: /50 % .* which is not ready/ });
  });

  test('an endpoint of another node in KUBE-SVL', () => {
    const differences = found(
      ahead(
        new RegExp(`^-A KUBE-SVL-${H} -m comment --comment "\\S+ -> \\S+" -j`),
        `-A KUBE-SVL-${H} -m statistic --mode random --probability 0.5 -j ${THERE}`,
      ),
    );
    only(differences, { kind: 'unexpected', code: 'unused-endpoint', severity: 'error', effect: /50 % .* which is not on this node/ });
  });

  test('the rule of the last one deleted: half of the connections are lost', () => {
    const differences = found(without(new RegExp(`^-A KUBE-SVC-${H} .* -j ${THERE}`)), CLUSTER);
    only(differences, { kind: 'missing', code: 'balance', severity: 'error', effect: /50 % of new connections find no endpoint/ });
  });

  test('one twice takes more than its share', () => {
    const differences = found((lines) => {
      const seat = lines.find((line) => line.startsWith(`-A KUBE-SVC-${H} `) && line.includes('--probability')) ?? '';
      return ahead(new RegExp(`^-A KUBE-SVC-${H} .*--probability`), seat)(lines);
    }, CLUSTER);
    only(differences, { kind: 'unexpected', code: 'duplicate', severity: 'warning', effect: /gets 75 % of new connections/ });
  });

  test('an emptied DNAT chain', () => {
    const differences = found(without(new RegExp(`^-A ${THERE} `)), CLUSTER);
    expect(differences.map(({ code, chainIs }) => [code, chainIs])).toEqual([
      ['hairpin', 'empty'],
      ['dnat', 'empty'],
    ]);
    expect(differences[1]?.effect).toMatch(/1 in 2 of them is not delivered/);
  });
});

describe('larger damage', () => {
  test('an emptied KUBE-SVC: every rule of it, and that nothing is delivered', () => {
    const differences = found(without(new RegExp(`^-A KUBE-SVC-${H} `)), CLUSTER);
    expect(differences.map(({ code, chainIs }) => [code, chainIs])).toEqual([
      ['masquerade-cluster-ip', 'empty'],
      ['balance', 'empty'],
      ['balance', 'empty'],
    ]);
    expect(differences[1]?.effect).toMatch(/clusterIP 10\.96\.7\.7:80, node port 30080, .* is not delivered/);
  });

  test('an emptied KUBE-SERVICES: all entries of both Services, and the node ports', () => {
    const differences = found(without(/^-A KUBE-SERVICES .*/));
    expect(new Set(differences.filter(({ table }) => table === 'nat').map(({ code, port }) => `${code} ${port}`))).toEqual(
      new Set(['all-node-ports null', 'cluster-ip-jump shop/web:http', 'load-balancer-jump shop/web:http', 'cluster-ip-jump shop/api']),
    );
  });

  test('rules of another version: no difference by that version, and the contradiction', () => {
    const services = [WEB, OTHER];
    const results = verify(services, WHERE, dumpText(services, proxier(22)));
    expect(differencesOf(results)).toEqual([]);
    expect(results[0]?.settings[0]).toMatchObject({ name: 'version', value: '1.22', from: 'dump', contradicts: '1.34' });
    expect(results[0]?.settings[0]?.shownBy).toMatch(/^-A /);
  });

  test('rules of two versions beside each other: said, and judged by the API’s', () => {
    const text = edit(
      dumpText([WEB, OTHER], WHERE),
      behind(/^-A KUBE-EXT-/, `-A KUBE-EXT-${H} -j KUBE-XLB-${H}`, `:KUBE-XLB-${H} - [0:0]`, `-A KUBE-XLB-${H} -j KUBE-MARK-DROP`),
    );
    const results = verify([WEB, OTHER], WHERE, text);
    expect(results[0]?.gaps).toEqual([
      { what: 'the version of kube-proxy by its rules', why: expect.stringContaining('several versions') },
    ]);
    expect(results[0]?.settings[0]).toMatchObject({ value: '1.34', from: 'api' });
    expect(differencesOf(results)).toHaveLength(1);
  });

  test('a detector that all rules show wins over the API', () => {
    const services = [WEB, OTHER];
    const text = dumpText(services, WHERE).replaceAll('10.244.0.0/16', '10.200.0.0/16');
    const results = verify(services, WHERE, text);
    expect(differencesOf(results)).toEqual([]);
    expect(results[0]?.settings[1]).toMatchObject({
      name: 'detector',
      value: '-s 10.200.0.0/16',
      from: 'dump',
      contradicts: '-s 10.244.0.0/16',
    });
  });

  test('masqueradeAll, another bit and no detector are read from the dump', () => {
    const services = [WEB, OTHER];
    const absent = { 4: { kind: 'absent' }, 6: { kind: 'absent' } } as const;
    const other = { ...proxier(34, { masqueradeAll: true, detector: absent }), dialect: { masqueradeBit: 20 } };
    const results = verify(services, WHERE, dumpText(services, other), { confidence: 'assumed' });
    expect(differencesOf(results)).toEqual([]);
    const values = Object.fromEntries(results[0]?.settings.map(({ name, value }) => [name, value]) ?? []);
    expect(values).toMatchObject({ masqueradeAll: 'true', masqueradeBit: '20', detector: 'none' });
  });
});
