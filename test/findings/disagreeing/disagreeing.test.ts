import { describe, expect, test } from 'vitest';
import { createFollow, type FollowLimits } from '../../../src/analysis/follow.ts';
import { verifyAll } from '../../../src/analysis/verify.ts';
import type { Evidence } from '../../../src/cluster/evidence.ts';
import { check } from '../../../src/findings/check.ts';
import type { CheckReport } from '../../../src/findings/check-report.ts';
import { createClusterScene } from '../../../src/findings/scene.ts';
import { baseNames, loadBase, loadBroken } from '../../support/broken.ts';
import { loadCase } from '../../support/cases.ts';

const BROKEN = 'test/fixtures/broken';

function checked(evidence: Evidence, limits?: FollowLimits): CheckReport {
  const { cluster, dataplane } = createClusterScene(evidence);
  const scene = createClusterScene(evidence, {
    verified: verifyAll(evidence, null),
    follow: createFollow({ evidence, cluster, dataplane }, [], limits),
  });
  return check(scene, { services: scene.cluster.services });
}

/** A table of an administrator, beside kube-proxy's chains of iptables. */
function withTable(evidence: Evidence, node: string, text: string): Evidence {
  return { ...evidence, nodeFiles: [...evidence.nodeFiles, { node, format: 'nft', path: `${node}/nft-ruleset.txt`, text }] };
}

const DROPS = 'table inet admin {\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}\n';

function told({ findings }: CheckReport): string[] {
  return findings.filter(({ id }) => id === 'prediction-and-rules-disagree').map(({ severity, message }) => `${severity}: ${message}`);
}

describe('prediction-and-rules-disagree', () => {
  const { evidence } = loadCase('test/corpus/local-flannel', { nodeFiles: true });

  test('a table that no comparison of rules looks at drops: told with its flows', () => {
    const report = checked(withTable(evidence, 'node1', DROPS));
    const found = report.findings.filter(({ id }) => id === 'prediction-and-rules-disagree');
    expect(found.length).toBeGreaterThan(0);
    expect(found.map(({ severity, confidence }) => `${severity} ${confidence}`)).toContain('error observed');
    expect(found[0]?.message).toMatch(/^by the rules of .*node1.*, \d+ of \d+ flows of \S+ end otherwise than predicted$/);
    expect(found[0]?.why).toMatch(/the rules make it .*, predicted was delivered/);
    expect(report.findings.filter(({ code }) => code.startsWith('SIP3'))).toEqual([]);
  });

  test('what follows from objects alone names it', () => {
    const report = checked(withTable(evidence, 'node1', DROPS));
    const derived = report.findings.filter(({ message }) => message.includes('(apart from what SIP401 tells)'));
    expect(derived.length).toBeGreaterThan(0);
    expect(checked(evidence).findings.filter(({ message }) => message.includes('apart from'))).toEqual([]);
  });

  test('rules as they should be: silent', () => expect(told(checked(evidence))).toEqual([]));

  test.each(baseNames(BROKEN))('%s as kube-proxy wrote it: silent', (name) => {
    expect(told(checked(loadBase(BROKEN, name).evidence))).toEqual([]);
  });

  test.each(['forward-policy-drop', 'cluster-ip-jump-deleted', 'dnat-first', 'prerouting-hook-deleted', 'external-mark-deleted'])(
    '%s: the finding of the rule stands for its flows',
    (name) => {
      const report = checked(loadBroken(BROKEN, name).recorded.evidence);
      expect(told(report)).toEqual([]);
      expect(report.findings.some(({ code }) => code.startsWith('SIP3'))).toBe(true);
    },
  );

  test('what is not followed is said', () => {
    const why = (report: CheckReport): string[] =>
      report.notChecked.filter(({ id }) => id === 'prediction-and-rules-disagree').map((each) => `${each.why} ${each.services}`);
    expect(why(checked(evidence))).toEqual([]);
    expect(why(checked(evidence, { nodes: 2, flows: 1_000_000 }))).toEqual([
      'packets were followed on 2 of the 4 nodes whose rules were read null',
    ]);
    expect(why(checked(evidence, { nodes: 6, flows: 0 }))[0]).toContain('name it to follow its own (check svc/NAME)');
    const scene = createClusterScene(evidence, { verified: verifyAll(evidence, null) });
    expect(why(check(scene, { services: scene.cluster.services }))).toEqual(['packets were not followed through the rules null']);
  });
});
