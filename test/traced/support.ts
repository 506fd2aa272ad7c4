import { fileURLToPath } from 'node:url';
import { parseClient, parseTarget, type Question } from '../../src/analysis/question.ts';
import type { Evidence, NodeFile } from '../../src/cluster/evidence.ts';
import { loadCase } from '../support/cases.ts';

/** A recorded cluster with what its nodes printed; `edit` changes the dump of one node. */
export function clusterWithRules(
  name: string,
  edit: { readonly node: string; readonly change: (text: string) => string } | null = null,
): Evidence {
  const folder = fileURLToPath(new URL(`../fixtures/rules/recorded/${name}`, import.meta.url));
  const { evidence } = loadCase(folder, { nodeFiles: true });
  const changed = (file: NodeFile): NodeFile =>
    edit !== null && file.node === edit.node && file.format === 'iptables-save' ? { ...file, text: edit.change(file.text) } : file;
  return { ...evidence, nodeFiles: evidence.nodeFiles.map(changed) };
}

/** Leaves out every line that a pattern matches. */
export function lineless(pattern: RegExp): (text: string) => string {
  return (text) =>
    text
      .split('\n')
      .filter((line) => !pattern.test(line))
      .join('\n');
}

/** A question about Service ns1/web of the recorded clusters. */
export function questionOf(from: readonly string[], to: readonly string[], via: readonly string[] = []): Question {
  return {
    namespace: 'ns1',
    name: 'web',
    from: from.map((text) => parseClient(text, 'ns1')),
    to: to.map(parseTarget),
    via,
    port: null,
  };
}
