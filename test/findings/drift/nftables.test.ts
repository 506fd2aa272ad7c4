import { describe, expect, test } from 'vitest';
import { verifyAll } from '../../../src/analysis/verify.ts';
import type { VerifiedNode } from '../../../src/analysis/verify-report.ts';
import type { Evidence } from '../../../src/cluster/evidence.ts';
import { check } from '../../../src/findings/check.ts';
import { createClusterScene } from '../../../src/findings/scene.ts';
import { loadCase } from '../../support/cases.ts';

const RECORDED = 'test/fixtures/rules/recorded';
const CASES = ['cluster-nftables', 'local-ipv6-nftables', 'local-ranges-nftables', 'knobs-40028'];

const load = (name: string): Evidence => loadCase(`${RECORDED}/${name}`, { nodeFiles: true }).evidence;

const nftText = (evidence: Evidence, node: string): string =>
  evidence.nodeFiles.find((file) => file.node === node && file.format === 'nft')?.text ?? '';

/** The evidence with the nft ruleset of one node changed; the change has to change something. */
function changed(evidence: Evidence, node: string, change: (text: string) => string): Evidence {
  const before = nftText(evidence, node);
  const after = change(before);
  expect(after).not.toBe(before);
  return {
    ...evidence,
    nodeFiles: evidence.nodeFiles.map((file) => (file.node === node && file.format === 'nft' ? { ...file, text: after } : file)),
  };
}

function brief({ rules }: VerifiedNode): string[] {
  return (['missing', 'unexpected', 'changed'] as const).flatMap((kind) =>
    rules[kind].map(({ code, chain, severity }) => `${kind} ${code} ${chain.replace(/-[A-Z2-7]{8}-.*/, '')} ${severity}`),
  );
}

const differences = (evidence: Evidence, node: string): string[] =>
  verifyAll(evidence, null)
    .nodes.filter((verified) => verified.node === node)
    .flatMap(brief);

function drift(evidence: Evidence): string[] {
  const scene = createClusterScene(evidence, { verified: verifyAll(evidence, null) });
  const { findings } = check(scene, { services: scene.cluster.services });
  return [...new Set(findings.filter(({ code }) => code.startsWith('SIP3')).map(({ id, severity }) => `${id} ${severity}`))];
}

describe('as kube-proxy wrote it: no difference', () => {
  test.each(CASES)('%s', (name) => {
    const evidence = load(name);
    const report = verifyAll(evidence, null);
    const inNftables = report.nodes.filter(({ families }) => families.some(({ mode }) => mode === 'nftables'));
    expect(inNftables.length).toBeGreaterThan(0);
    expect(inNftables.flatMap(brief)).toEqual([]);
    expect(drift(evidence)).toEqual([]);
  });
});

describe('ways to break a node', () => {
  const cluster = load('cluster-nftables');
  const local = load('local-ranges-nftables');
  const without = (line: RegExp) => (text: string) => text.replace(line, '');

  test.each<[string, Evidence, (text: string) => string, string[], string[], string?]>([
    [
      'a clusterIP is no longer in the map',
      cluster,
      (text) => text.replace(/10\.96\.0\.10 \. tcp \. 80 : goto service-\S+?,?\s/, ''),
      ['missing cluster-ip-jump @service-ips error'],
      ['drift-chain-missing error'],
    ],
    [
      'a node port is no longer in the map',
      cluster,
      (text) => text.replace(/(map service-nodeports \{\n[^\n]*\n[^\n]*\n)\t*elements = \{[^}]*\}\n/, '$1'),
      ['missing node-port-jump @service-nodeports error'],
      ['drift-chain-missing error'],
    ],
    [
      'an endpoint chain leads to an address that is no endpoint',
      cluster,
      (text) => text.replace(/dnat to 10\.244\.3\.10:8080/g, 'dnat to 10.244.3.99:8080'),
      ['missing balance service warning', 'unexpected stale-endpoint service error'],
      ['drift-stale-endpoint error', 'drift-missing-endpoint warning'],
    ],
    [
      'the only seat of a chain is gone',
      cluster,
      without(/numgen random mod \d+ vmap \{[^}]*\}/g),
      ['missing balance service error', 'missing balance service error'],
      ['drift-missing-endpoint error'],
    ],
    [
      'clients from outside are not masqueraded',
      cluster,
      (text) => text.replace(/(chain external-\S+ \{\n)\s+jump mark-for-masquerade[^\n]*\n/, '$1'),
      ['missing masquerade-external external warning'],
      ['drift-policy warning'],
    ],
    [
      'a node with endpoints refuses',
      cluster,
      (text) =>
        text.replace(
          /(map no-endpoint-nodeports \{\n[^\n]*\n[^\n]*\n)/,
          '$1\t\telements = { tcp . 30080 comment "ns1/web:http" : goto reject-chain }\n',
        ),
      ['unexpected reject-no-endpoints @no-endpoint-nodeports error'],
      ['drift-nft-verdict error'],
    ],
    [
      'what drops without a local endpoint is gone',
      local,
      (text) => text.replace(/(map no-endpoint-nodeports \{\n[^\n]*\n[^\n]*\n)\t*elements = \{[^}]*\}\n/, '$1'),
      ['missing drop-no-local-endpoints @no-endpoint-nodeports warning'],
      ['drift-nft-verdict warning'],
      'node2',
    ],
    [
      'Local policy binds pods, too',
      local,
      (text) => text.replace(/\n[^\n]*comment "short-circuit pod traffic"/g, ''),
      ['missing pod-short-circuit external warning'],
      ['drift-policy warning'],
    ],
    [
      'another source range',
      local,
      (text) => text.replace(/(saddr != \{ )[^,}]+/, '$1203.0.113.0/24'),
      ['changed source-range firewall error'],
      ['drift-firewall-chain error'],
    ],
    [
      'the way to all Services is cut',
      cluster,
      (text) => text.replace(/(chain nat-prerouting \{\n[^\n]*\n)\s+jump services\n/, '$1'),
      ['missing hook nat-prerouting error'],
      ['drift-shared-rules error'],
    ],
  ])('%s', (_name, evidence, change, expected, findings, node = 'node1') => {
    const broken = changed(evidence, node, change);
    expect(differences(broken, node)).toEqual(expected);
    expect(drift(broken)).toEqual(findings);
    for (const other of evidence.nodeFiles.map((file) => file.node)) if (other !== node) expect(differences(broken, other)).toEqual([]);
  });
});
