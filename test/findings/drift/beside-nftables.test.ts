import { describe, expect, test } from 'vitest';
import { verifyAll } from '../../../src/analysis/verify.ts';
import type { Evidence, NodeFile } from '../../../src/cluster/evidence.ts';
import { check } from '../../../src/findings/check.ts';
import { createClusterScene } from '../../../src/findings/scene.ts';
import { loadCase } from '../../support/cases.ts';

const { evidence } = loadCase('test/fixtures/rules/recorded/cluster-nftables', { nodeFiles: true });

function drift(changed: Evidence): string[] {
  const scene = createClusterScene(changed, { verified: verifyAll(changed, null) });
  const found = check(scene, { services: scene.cluster.services }).findings.filter(({ code }) => code.startsWith('SIP3'));
  return [
    ...new Set(
      found.map(({ id, severity, objects }) => `${id} ${severity} ${objects.flatMap((o) => (o.kind === 'Node' ? o.name : [])).join()}`),
    ),
  ];
}

/** The node's listing with more behind it. */
function listed(more: string): Evidence {
  const add = (file: NodeFile): NodeFile =>
    file.node === 'node2' && file.format === 'nft' ? { ...file, text: `${file.text}\n${more}\n` } : file;
  return { ...evidence, nodeFiles: evidence.nodeFiles.map(add) };
}

describe("rules of others beside kube-proxy's nftables mode", () => {
  test('none: silent', () => expect(drift(evidence)).toEqual([]));

  test('FORWARD drops, as iptables-nft has it in the listing', () => {
    const text = 'table ip filter {\n\tchain FORWARD {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}';
    expect(drift(listed(text))).toEqual(['drift-forward-drop error node2']);
  });

  test('FORWARD drops, as iptables-save prints it', () => {
    const dump = { node: 'node2', format: 'iptables-save', path: 'dump', text: '*filter\n:FORWARD DROP [0:0]\nCOMMIT\n' } as const;
    const others = evidence.nodeFiles.filter(({ node, format }) => node !== 'node2' || format !== 'iptables-save');
    expect(drift({ ...evidence, nodeFiles: [...others, dump] })).toEqual(['drift-forward-drop error node2']);
  });

  test('a table of an administrator drops requests to a node port', () => {
    const nodePort = createClusterScene(evidence).cluster.services.flatMap(({ ports }) => ports.flatMap((port) => port.nodePort ?? []))[0];
    const text = `table inet admin {\n\tchain early {\n\t\ttype filter hook prerouting priority raw; policy accept;\n\t\ttcp dport ${nodePort} drop\n\t}\n}`;
    expect(drift(listed(text))).toEqual(['drift-foreign-rule-first error node2']);
  });

  test("an administrator's table that accepts, and a network plugin's: silent", () => {
    expect(drift(listed('table inet admin {\n\tchain f {\n\t\ttype filter hook forward priority filter; policy accept;\n\t}\n}'))).toEqual(
      [],
    );
    expect(drift(listed('table inet calico {\n\tchain f {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}'))).toEqual(
      [],
    );
  });
});
