import { describe, expect, test } from 'vitest';
import { serviceKey } from '../../src/cluster/model.ts';
import { check } from '../../src/findings/check.ts';
import type { CheckFinding } from '../../src/findings/check-report.ts';
import { createClusterScene } from '../../src/findings/scene.ts';
import { caseFolders, loadCase, type ProbeRecord, type RecordedCase } from '../support/cases.ts';

/** What findings claim of outside clients at node ports, against what a kernel with the nodes' rules did to them. */

const cases = caseFolders('test/corpus').map((path) => loadCase(path));

interface Asked {
  readonly record: ProbeRecord;
  readonly node: string;
  readonly service: string;
}

/** Probes of outside clients at node ports of Services that are alone with that port. */
function outsideProbes(recorded: RecordedCase): Asked[] {
  const { cluster, dataplane } = createClusterScene(recorded.evidence);
  const detectors = dataplane.classes.flatMap(({ candidates }) => candidates.flatMap(({ detector }) => [detector[4], detector[6]]));
  // A client with an address of the pod network (external-client-inside-cluster-cidr).
  const passesForPod = (address: string): boolean => detectors.some((one) => one.kind === 'cidr' && one.cidr.contains(address));
  return recorded.records.flatMap((record) => {
    const member = recorded.members.get(record.from);
    const isOutside = member?.kind === 'client' && !member.addresses.some(passesForPod);
    if (!isOutside || !cluster.nodeByName.has(record.to)) return [];
    const served = cluster.services.filter(({ ports }) =>
      ports.some((port) => port.nodePort === record.port && port.protocol === record.protocol.toUpperCase()),
    );
    const [only] = served;
    return only === undefined || served.length > 1 ? [] : [{ record, node: record.to, service: serviceKey(only) }];
  });
}

function findingsOf(recorded: RecordedCase): readonly CheckFinding[] {
  const scene = createClusterScene(recorded.evidence);
  return check(scene, { services: scene.cluster.services }).findings;
}

function about(findings: readonly CheckFinding[], id: string, service: string): CheckFinding | undefined {
  return findings.find((finding) => finding.id === id && finding.service !== null && serviceKey(finding.service) === service);
}

const nodesOf = (finding: CheckFinding | undefined): readonly string[] =>
  (finding?.objects ?? []).filter(({ kind }) => kind === 'Node').map(({ name }) => name);

describe('no finding contradicts the kernel', () => {
  test.each(cases.map((recorded) => [recorded.name, recorded]))('%s', (_, recorded) => {
    const findings = findingsOf(recorded);
    const wrong: string[] = [];
    for (const { record, node, service } of outsideProbes(recorded)) {
      const results = new Set(record.outcomes.map(({ result }) => result));
      const claim = (id: string, holds: boolean): void => {
        if (!holds)
          wrong.push(`${id}: ${record.from} → ${node}:${record.port}/${record.protocol} v${record.family} was ${[...results].join()}`);
      };
      const dropping = about(findings, 'local-node-without-endpoint', service);
      if (nodesOf(dropping).includes(node) && !/ on ports? /.test(dropping?.message ?? ''))
        claim('local-node-without-endpoint', !results.has('delivered'));
      const refused = about(findings, 'no-usable-endpoints', service) ?? about(findings, 'selector-matches-nothing', service);
      if (refused !== undefined && !/ on ports? /.test(refused.message)) claim(refused.id, !results.has('delivered'));
      const masked = about(findings, 'snat-hides-client-ip', service);
      const isMasked = record.outcomes.some(({ snat }) => snat === true);
      if (masked === undefined && isMasked && record.outcomes.every(({ by }) => by === undefined || by === 'kube-proxy')) {
        const scene = createClusterScene(recorded.evidence);
        const policy = scene.cluster.services.find((one) => serviceKey(one) === service)?.externalTrafficPolicy;
        if (policy === 'Cluster' && scene.plane === 'known') claim('snat-hides-client-ip is silent', false);
      }
    }
    expect(wrong).toEqual([]);
  });
});

test('enough was compared', () => {
  const probes = cases.flatMap(outsideProbes).length;
  const claims = cases.flatMap(findingsOf).filter(({ id }) => id === 'local-node-without-endpoint').length;
  expect(probes).toBeGreaterThan(300);
  expect(claims).toBeGreaterThan(15);
});
