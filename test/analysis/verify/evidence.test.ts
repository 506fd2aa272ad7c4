import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { proxier, WEB } from '../../expected/sample.ts';
import { dumpText, OTHER, verify } from './sample-dump.ts';
import { brief, differencesOf, edit } from './support.ts';

const WHERE = proxier(34);
const SERVICES = [WEB, OTHER];
const TEXT = dumpText(SERVICES, WHERE);

describe('half a dump', () => {
  test('cut anywhere: said, and no difference claimed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 90, max: TEXT.length - 'COMMIT\n'.length - 1 }), (end) => {
        const results = verify(SERVICES, WHERE, TEXT.slice(0, end));
        expect(differencesOf(results).map(brief)).toEqual([]);
        expect(results.every((result) => result.gaps.length > 0)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('what stands in the whole part is still compared', () => {
    const cut = TEXT.slice(0, TEXT.indexOf('-A KUBE-POSTROUTING')).replace(
      /^-A KUBE-MARK-MASQ .*$/m,
      '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x1/0x1',
    );
    const broken = edit(cut, (lines) => lines.filter((line) => !line.startsWith('-A KUBE-FORWARD -m comment')));
    const found = differencesOf(verify(SERVICES, WHERE, broken));
    expect(found.map(({ code }) => code)).toContain('forward-marked');
  });

  test('a table that is not there at all is a gap, not a missing table full of rules', () => {
    const only = TEXT.slice(TEXT.indexOf('*nat'));
    const results = verify(SERVICES, WHERE, only);
    expect(differencesOf(results)).toEqual([]);
    expect(results[0]?.gaps).toContainEqual({ what: 'table "filter"', why: 'the dump does not have it' });
  });

  test('without nat nothing is known', () => {
    const filter = TEXT.slice(0, TEXT.indexOf('*nat'));
    const results = verify(SERVICES, WHERE, filter);
    expect(results[0]?.mode).toEqual({ kind: 'unknown', reason: 'the dump has no table "nat"' });
  });

  test('a line that cannot be read: its chain is not judged, the others are', () => {
    const text = edit(TEXT, (lines) =>
      lines
        .map((line) => (line.startsWith('-A KUBE-SVC-67NZLRHBNDSAWJRO ! -s') ? line.replace('cluster IP"', 'cluster IP') : line))
        .filter((line) => !line.startsWith('-A KUBE-MARK-MASQ ')),
    );
    const results = verify(SERVICES, WHERE, text);
    expect(differencesOf(results).map(brief)).toEqual([
      'missing in nat KUBE-MARK-MASQ: -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
    ]);
    expect(results[0]?.gaps).toEqual([{ what: expect.stringMatching(/^line \d+ of node1/), why: 'a quote is not closed' }]);
  });

  test('the warning of the other backend is a gap', () => {
    const results = verify(SERVICES, WHERE, `${TEXT}# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n`);
    expect(results[0]?.gaps).toEqual([
      { what: 'rules of the other iptables backend', why: expect.stringContaining('iptables-legacy-save') },
    ]);
  });
});

describe('not iptables mode', () => {
  const table = (name: string, ...lines: readonly string[]): string => `*${name}\n:PREROUTING ACCEPT [0:0]\n${lines.join('\n')}\nCOMMIT\n`;
  const modeOf = (text: string) => verify(SERVICES, WHERE, text)[0];

  test.for<[string, string, RegExp]>([
    ['nothing of kube-proxy', table('nat') + table('filter'), /no chain of kube-proxy/],
    [
      'the kubelet’s chains only',
      table('nat', ':KUBE-KUBELET-CANARY - [0:0]') + table('filter', ':KUBE-FIREWALL - [0:0]'),
      /the kubelet’s chains only/,
    ],
    [
      'ipvs mode',
      table(
        'nat',
        ':KUBE-SERVICES - [0:0]',
        ':KUBE-NODE-PORT - [0:0]',
        ':KUBE-MARK-MASQ - [0:0]',
        ':KUBE-POSTROUTING - [0:0]',
        '-A PREROUTING -j KUBE-SERVICES',
        '-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT',
      ) + table('filter'),
      /ipvs mode/,
    ],
    [
      'ipvs mode with forgotten chains of iptables mode',
      table(
        'nat',
        ':KUBE-SERVICES - [0:0]',
        ':KUBE-NODE-PORT - [0:0]',
        ':KUBE-NODEPORTS - [0:0]',
        ':KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]',
        '-A KUBE-SERVICES -j KUBE-NODE-PORT',
      ) + table('filter'),
      /ipvs mode/,
    ],
  ])('%s', ([, text, reason]) => {
    const result = modeOf(text);
    expect(result?.mode).toEqual({ kind: 'notIptablesMode', reason: expect.stringMatching(reason) });
    expect(differencesOf(verify(SERVICES, WHERE, text))).toEqual([]);
  });

  test('iptables mode whose KUBE-SERVICES is gone is iptables mode, broken', () => {
    const text = edit(TEXT, (lines) => lines.filter((line) => !/^(?:-A|:)\s?(?:\S+ .*-j )?KUBE-SERVICES/.test(line)));
    expect(modeOf(text)?.mode).toEqual({ kind: 'iptables' });
    expect(differencesOf(verify(SERVICES, WHERE, text)).map(({ code, chainIs }) => `${code} ${chainIs}`)).toEqual(
      expect.arrayContaining(['hook present', 'cluster-ip-jump gone', 'all-node-ports gone']),
    );
  });
});
