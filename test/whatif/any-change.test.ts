import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/net/failure.ts';
import type { Change } from '../../src/whatif/change.ts';
import { parseDetectLocal, parseKubeVersion, parseProxyMode, parseReplicas, parseSet } from '../../src/whatif/parse-change.ts';
import { whatif } from '../../src/whatif/whatif.ts';
import { caseFolders, loadCase, type RecordedCase } from '../support/cases.ts';

const folders = caseFolders(new URL('../corpus', import.meta.url).pathname).filter((_, index) => index % 14 === 2);

/** Changes of every kind, with names of this cluster. */
function changesFor({ evidence }: RecordedCase): readonly (readonly Change[])[] {
  const node = evidence.objects.find(({ kind }) => kind === 'Node')?.metadata.name ?? '';
  const pods = evidence.objects.filter(({ kind, metadata }) => kind === 'Pod' && metadata.namespace !== 'kube-system');
  const pod = { namespace: pods[0]?.metadata.namespace ?? '', name: pods[0]?.metadata.name ?? '' };
  const fields = [
    'type=ClusterIP',
    'type=NodePort',
    'type=LoadBalancer',
    'externalTrafficPolicy=Local',
    'externalIPs=203.0.113.99',
    'externalIPs=',
    'sessionAffinity=ClientIP',
    'publishNotReadyAddresses=true',
  ];
  const single: Change[] = [
    ...fields.map(parseSet),
    { kind: 'drain', node },
    { kind: 'cordon', node },
    { kind: 'delete-pod', ...pod },
    { kind: 'move', ...pod, node },
    ...[0, 1, 2, 7].map(parseReplicas),
    ...['1.20', '1.25', '1.36'].map(parseKubeVersion),
    ...['iptables', 'nftables', 'ipvs'].map(parseProxyMode),
    ...['NodeCIDR', 'BridgeInterface=cni0', 'ClusterCIDR=10.244.0.0/16'].map(parseDetectLocal),
  ];
  return [
    ...single.map((each) => [each]),
    [parseSet('type=LoadBalancer'), parseReplicas(3), { kind: 'drain', node }, parseProxyMode('nftables')],
  ];
}

describe('any change of any cluster', () => {
  test.for(folders.map((folder) => [folder.slice(folder.lastIndexOf('/') + 1), folder] as const))('%s is told or refused', ([, folder]) => {
    const recorded = loadCase(folder);
    const [service] = recorded.services;
    const question = { namespace: '', name: '', ...service?.metadata, from: [], to: [], via: [], port: null };
    let told = 0;
    for (const changes of changesFor(recorded)) {
      try {
        const report = whatif(recorded.evidence, question, changes);
        told++;
        expect(report.answer.text).toMatch(/^After .*\.$/);
        expect(report.answer.text).not.toMatch(/undefined|null|NaN|\(\)| {2}/);
        for (const { after } of report.flows) {
          const sum = (after?.branches ?? []).reduce((total, { share }) => total + share, 0);
          if (after !== null && after.branches.length > 0) expect(sum).toBeCloseTo(1, 6);
        }
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        expect(error.message).not.toMatch(/undefined|NaN/);
      }
    }
    expect(told).toBeGreaterThan(12);
  });
});
