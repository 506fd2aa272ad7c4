import { describe, expect, test } from 'vitest';
import { verifyAll } from '../../../src/analysis/verify.ts';
import type { Evidence } from '../../../src/cluster/evidence.ts';
import { check } from '../../../src/findings/check.ts';
import type { CheckReport } from '../../../src/findings/check-report.ts';
import { createClusterScene } from '../../../src/findings/scene.ts';
import { baseNames, loadBase, loadBroken } from '../../support/broken.ts';
import { loadCase } from '../../support/cases.ts';

const BROKEN = 'test/fixtures/broken';

function checked(evidence: Evidence, compare = true): CheckReport {
  const scene = createClusterScene(evidence, compare ? { verified: verifyAll(evidence, null) } : {});
  return check(scene, { services: scene.cluster.services });
}

/** `id severity nodes` of what `--rules` shows. */
function drift({ findings }: CheckReport): string[] {
  const found = findings.filter(({ code, id }) => code.startsWith('SIP3') || id === 'kube-proxy-nodename-mismatch');
  return [
    ...new Set(
      found.map(
        ({ id, severity, objects }) => `${id} ${severity} ${objects.flatMap(({ kind, name }) => (kind === 'Node' ? name : [])).join()}`,
      ),
    ),
  ];
}

describe('rules that were broken on a real kernel', () => {
  test.each([
    ['cluster-ip-jump-deleted', ['drift-chain-missing error node2']],
    ['external-chain-flushed', ['drift-chain-missing error node1']],
    ['endpoint-of-a-dead-pod-left', ['drift-stale-endpoint error node2']],
    ['last-seat-deleted', ['drift-missing-endpoint error node1']],
    ['endpoint-not-there-yet', ['drift-missing-endpoint warning node2']],
    ['external-mark-deleted', ['drift-policy error node2']],
    ['local-short-circuit-for-all', ['drift-policy error node1']],
    ['another-source-range', ['drift-firewall-chain error node1']],
    ['dnat-first', ['drift-foreign-rule-first error node2']],
    ['forward-policy-drop', ['drift-forward-drop error node1']],
    ['prerouting-hook-deleted', ['drift-shared-rules error node1']],
    ['hairpin-mark-deleted', ['drift-other-rule warning node1']],
  ])('%s', (name, expected) => expect(drift(checked(loadBroken(BROKEN, name).recorded.evidence))).toEqual(expected));

  test.each(baseNames(BROKEN))('%s as kube-proxy wrote it: silent', (name) => {
    expect(drift(checked(loadBase(BROKEN, name).evidence))).toEqual([]);
  });
});

test('without the rules nothing is claimed, and that is said', () => {
  const { evidence } = loadCase('test/corpus/local-flannel');
  const report = check(createClusterScene(evidence), { services: createClusterScene(evidence).cluster.services });
  expect(drift(report)).toEqual([]);
  expect(report.notChecked.filter(({ id }) => id.startsWith('drift-')).map(({ why }) => why)).toContain(
    "the nodes' rules were not read (--rules)",
  );
});

describe('a node with the rules of another', () => {
  const { evidence } = loadCase('test/corpus/local-flannel', { nodeFiles: true });
  const text = evidence.nodeFiles.find(({ node, format }) => node === 'node2' && format === 'iptables-save')?.text ?? '';
  const swap = (change: (own: string) => string): Evidence => ({
    ...evidence,
    nodeFiles: evidence.nodeFiles.map((file) =>
      file.node === 'node1' && file.format === 'iptables-save' ? { ...file, text: change(file.text) } : file,
    ),
  });

  test('kube-proxy that knows the endpoints and holds none for local', () => {
    expect(drift(checked(swap(() => text)))).toContain('kube-proxy-nodename-mismatch error node1');
    expect(drift(checked(evidence))).toEqual([]);
  });

  test("another node's endpoint in the chain for Local policy (drift-local-contains-remote)", () => {
    const remote =
      /-A (KUBE-SVC-\S+) .*-> 10\.244\.3\.10:8080".* -j (KUBE-SEP-\S+)/.exec(
        evidence.nodeFiles.find(({ node }) => node === 'node1')?.text ?? '',
      )?.[2] ?? '';
    const change = (own: string): string =>
      own.replace(/^(-A KUBE-SVL-\S+ .*)10\.244\.1\.10(:8080" -j )KUBE-SEP-\S+$/m, `$110.244.3.10$2${remote}`);
    expect(change(evidence.nodeFiles.find(({ node }) => node === 'node1')?.text ?? '')).toContain(remote);
    expect(drift(checked(swap(change)))).toContain('drift-local-contains-remote error node1');
  });

  test('the health check is not let in ahead of a firewall that drops (drift-hc-accept-missing)', () => {
    const change = (own: string): string => own.replace(/^.*health check node port.*\n/m, '').replace(':INPUT ACCEPT', ':INPUT DROP');
    expect(drift(checked(swap(change))).map((line) => line.split(' ')[0])).toContain('drift-hc-accept-missing');
  });

  test('the other backend has tables, too', () => {
    const warned = (own: string): string => `# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n${own}`;
    expect(drift(checked(swap(warned)))).toEqual(['drift-iptables-backend-split warning node1']);
    expect(drift(checked(swap(() => warned('*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n'))))).toContain(
      'drift-iptables-backend-split error node1',
    );
  });
});

test('chains of iptables mode that were left behind', () => {
  const { evidence } = loadCase('test/corpus/local-nftables', { nodeFiles: true });
  const left = {
    node: 'node1',
    format: 'iptables-save',
    path: 'left',
    text: '*nat\n:KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]\nCOMMIT\n',
  } as const;
  expect(drift(checked(evidence, false))).toEqual([]);
  expect(drift(checked({ ...evidence, nodeFiles: [...evidence.nodeFiles.filter(({ node }) => node !== 'node1'), left] }, false))).toContain(
    'drift-mode-leftover warning node1',
  );
});
