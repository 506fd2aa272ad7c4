import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpoint, proxier, service, WEB } from '../../expected/sample.ts';
import { dumpText, OTHER, verify } from './sample-dump.ts';
import { brief, differencesOf, edit } from './support.ts';

const WHERE = proxier(34);
const FIVE = service({
  name: 'five',
  clusterIPs: ['10.96.5.5'],
  externalIPs: ['192.0.2.5'],
  externalTrafficPolicy: 'Cluster',
  ports: WEB.ports.map((port) => ({
    ...port,
    nodePort: 30555,
    endpoints: ['10.244.1.51', '10.244.1.52', '10.244.2.51', '10.244.2.52', '10.244.2.53'].map((address, index) =>
      endpoint(address, index < 2 ? 'node1' : 'node2'),
    ),
  })),
});
const SERVICES = [WEB, OTHER, FIVE];
const TEXT = dumpText(SERVICES, WHERE);

function expectSilence(text: string, where = WHERE): void {
  const results = verify(SERVICES, where, text);
  expect(differencesOf(results).map(brief)).toEqual([]);
  expect(results.flatMap((result) => result.gaps)).toEqual([]);
}

/** Brings the rules that are picked into another order; the rest stays. */
function reorder(lines: readonly string[], isPicked: (line: string) => boolean, order: readonly number[]): string[] {
  const picked = lines.filter(isPicked);
  const next = order.filter((index) => index < picked.length).values();
  return lines.map((line) => (isPicked(line) ? (picked[next.next().value ?? 0] ?? line) : line));
}

const permutation = (length: number) =>
  fc.shuffledSubarray(
    Array.from({ length }, (_, index) => index),
    { minLength: length, maxLength: length },
  );

describe('silent', () => {
  test('comments dropped, all or any', () => {
    const drop = (line: string): string => line.replace(/ -m comment --comment (?:"[^"]*"|\S+)/, '');
    expectSilence(edit(TEXT, (lines) => lines.map(drop)));
    const count = TEXT.split('\n').length;
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: count, maxLength: count }), (which) => {
        expectSilence(edit(TEXT, (lines) => lines.map((line, index) => (which[index] === true ? drop(line) : line))));
      }),
      { numRuns: 40 },
    );
  });

  test('counters of rules and chains', () => {
    expectSilence(
      edit(TEXT, (lines) => lines.map((line) => (line.startsWith('-A ') ? `[12:3456] ${line}` : line.replace('[0:0]', '[7:420]')))),
    );
  });

  test('order of Services in shared chains', () => {
    const shared = /^-A KUBE-SERVICES (?!.*KUBE-NODEPORTS)/;
    const count = TEXT.split('\n').filter((line) => shared.test(line)).length;
    fc.assert(
      fc.property(permutation(count), permutation(2), (services, ports) => {
        expectSilence(
          edit(TEXT, (lines) =>
            reorder(
              reorder(lines, (line) => shared.test(line), services),
              (line) => /^-A KUBE-NODEPORTS .*KUBE-EXT/.test(line),
              ports,
            ),
          ),
        );
      }),
      { numRuns: 40 },
    );
  });

  test('order of endpoints, with the probabilities of their places', () => {
    const chain = [
      ...new Set(TEXT.split('\n').flatMap((line) => /^-A (KUBE-SVC-\S+) .*five:http -> .* --probability/.exec(line)?.[1] ?? [])),
    ];
    expect(chain).toHaveLength(1);
    const isSeat = (line: string): boolean => line.startsWith(`-A ${chain[0]} `) && line.includes('-> ') && !line.includes('-m recent');
    fc.assert(
      fc.property(permutation(5), (order) => {
        const targets = TEXT.split('\n')
          .filter(isSeat)
          .map((line) => line.slice(line.indexOf(' -j ')));
        const next = order.values();
        expectSilence(
          edit(TEXT, (lines) => lines.map((line) => (isSeat(line) ? line.replace(/ -j .*/, targets[next.next().value ?? 0] ?? '') : line))),
        );
      }),
      { numRuns: 40 },
    );
  });

  test('order of affinity rules, and of jumps from built-in chains', () => {
    expectSilence(
      edit(TEXT, (lines) => reorder(lines, (line) => / -m recent --rcheck /.test(line) && line.includes('five:http'), [4, 2, 0, 1, 3])),
    );
    expectSilence(edit(TEXT, (lines) => reorder(lines, (line) => line.startsWith('-A FORWARD '), [3, 1, 0, 2])));
    expectSilence(edit(TEXT, (lines) => reorder(lines, (line) => line.startsWith('-A INPUT '), [3, 1, 0, 2])));
  });

  test('--random-fully or not, roundings, other spellings', () => {
    expectSilence(TEXT.replaceAll(' --random-fully', ''));
    expectSilence(TEXT.replaceAll('0.33333333349', '0.3333333333'));
    expectSilence(TEXT.replaceAll('--set-xmark 0x4000/0x4000', '--or-mark 0x4000'));
    expectSilence(TEXT.replaceAll(' --mask 255.255.255.255 --rsource', ''));
    expectSilence(TEXT.replaceAll(' -m tcp -j DNAT', ' -j DNAT'));
    expectSilence(TEXT.replaceAll(' -m conntrack --ctstate NEW ', ' -m state --state NEW '));
  });

  test('canaries, hints, chains that nothing leads to, the drop mark of an older kubelet', () => {
    const added = [
      ':KUBE-PROXY-CANARY - [0:0]',
      ':KUBE-KUBELET-CANARY - [0:0]',
      ':KUBE-MARK-DROP - [0:0]',
      ':KUBE-XLB-67NZLRHBNDSAWJRO - [0:0]',
      ':KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]',
      '-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000',
      '-A KUBE-XLB-67NZLRHBNDSAWJRO -m comment --comment "shop/web:http has no local endpoints" -j KUBE-MARK-DROP',
      '-A KUBE-SVC-AAAAAAAAAAAAAAAA -j KUBE-SEP-34ZZ2QFGO32YYXXO',
    ];
    expectSilence(TEXT.replace('*nat\n', `*nat\n${added.join('\n')}\n`));
  });

  test('a harmless rule that stands twice', () => {
    expectSilence(
      edit(TEXT, (lines) =>
        lines.flatMap((line) => (/^-A (?:PREROUTING|POSTROUTING|KUBE-POSTROUTING|KUBE-MARK-MASQ) /.test(line) ? [line, line] : [line])),
      ),
    );
  });

  test('rules of other Services, whatever they are', () => {
    const text = edit(TEXT, (lines) => lines.filter((line) => !/^-A .*shop\/api/.test(line)));
    expect(differencesOf(verify([WEB, FIVE], WHERE, text)).map(brief)).toEqual([]);
  });

  test('a large cluster: comments of endpoints are left out, or half of them', () => {
    const large = dumpText(SERVICES, { ...WHERE, dialect: { largeCluster: true } });
    expect(large).not.toContain('shop/five:http -> ');
    expectSilence(large);
    const half = edit(large, (lines) => lines.map((line, index) => (index % 2 === 0 ? line : (TEXT.split('\n')[index] ?? line))));
    expectSilence(half);
  });
});

describe('not silent', () => {
  test('endpoints in another order that keep their probabilities', () => {
    const isSeat = (line: string): boolean => /^-A KUBE-SVC-\S+ .*five:http -> /.test(line) && !line.includes('-m recent');
    const results = verify(
      SERVICES,
      WHERE,
      edit(TEXT, (lines) => reorder(lines, isSeat, [4, 3, 2, 1, 0])),
    );
    const found = differencesOf(results);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ kind, code }) => kind === 'changed' && code === 'balance')).toBe(true);
    expect(found.map(({ effect }) => effect).join('\n')).toMatch(/10\.244\.2\.53:8080 gets 100 % of new connections instead of 20 %/);
  });
});
