import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { explain } from '../../src/analysis/explain.ts';
import { assertFlows } from '../../src/assert/assert.ts';
import { initialAssertions } from '../../src/assert/init.ts';
import { readAssertions } from '../../src/assert/read.ts';
import { renderInitial } from '../../src/render/assert-init.ts';
import { balancer, evidenceOf, nodes, type Raw, service, slice, webOn } from '../cluster/objects.ts';
import { caseFolders, loadCase } from '../support/cases.ts';
import { cluster } from './support.ts';

const QUESTION = { namespace: 'ns1', name: 'web', from: [], to: [], via: [], port: null };

function initial(raw: readonly Raw[]): string {
  return renderInitial(initialAssertions(explain(evidenceOf(raw), QUESTION)));
}

describe('assert --init', () => {
  test('names what is true, clients and targets together where they are alike', () => {
    const text = initial(cluster(service({ spec: { externalTrafficPolicy: 'Local' } })));
    expect(load(text)).toMatchObject({ apiVersion: 'srcip.io/v1alpha1', kind: 'FlowAssertions', service: 'ns1/web' });
    expect(text).toContain('to: clusterIP');
    expect(text).toMatch(/expect: \{verdict: dropped\}/);
    expect(text).toMatch(/expect: \{verdict: delivered, source: preserved\}/);
    expect(text.split('\n').filter((line) => line.startsWith('  - from')).length).toBeLessThan(16);
  });

  test('undetermined flows are left out, and named in a comment', () => {
    const text = initial([...nodes(2), service(), slice([webOn(1)])]);
    expect(text).toMatch(/^# left out: .*undetermined/m);
    expect(text).not.toMatch(/verdict: undetermined/);
  });

  test('names of a cluster cannot leave their comment', () => {
    const [head = ''] = initial([...nodes(2), balancer({ spec: { loadBalancerSourceRanges: ['10.0.0.0/8'] } }), slice([webOn(1)])]).split(
      'apiVersion',
    );
    expect(
      head
        .trimEnd()
        .split('\n')
        .every((line) => line.startsWith('# ')),
    ).toBe(true);
  });
});

describe('what was written holds where it was written', () => {
  const folders = caseFolders(new URL('../corpus', import.meta.url).pathname).filter((_, index) => index % 7 === 0);

  test.for(folders.map((folder) => [folder.slice(folder.lastIndexOf('/') + 1), folder] as const))('%s', ([, folder]) => {
    const { evidence, services } = loadCase(folder);
    for (const { metadata } of services) {
      const report = explain(evidence, { ...QUESTION, ...metadata });
      const text = renderInitial(initialAssertions(report));
      const { counts, results } = assertFlows(evidence, readAssertions(text, 'init.yaml'), 'default');
      expect(results.filter(({ status }) => status !== 'holds')).toEqual([]);
      expect(counts.holds).toBeGreaterThan(0);
    }
  });
});
