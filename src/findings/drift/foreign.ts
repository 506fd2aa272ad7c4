import { nodeRef, type ServiceScene } from '../scene.ts';
import type { Fact, Severity, Telling } from '../types.ts';
import { nameList, plural, shellWord } from '../words.ts';
import { type Stranger, strangersOf } from './differences.ts';

/** Rules of somebody else that do the same to a Service, on some nodes. */
export interface Foreign extends Fact {
  readonly nodes: readonly string[];
  readonly sample: Stranger;
  readonly count: number;
}

const RANKS: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** One fact per hook and writer. */
export function foreignOf({ cluster, key }: ServiceScene, picks: (stranger: Stranger) => boolean): Foreign[] {
  const groups = new Map<string, Stranger[]>();
  for (const stranger of (strangersOf(cluster).get(key) ?? []).filter(picks)) {
    const name = `${stranger.hook} ${stranger.writer ?? stranger.chain} ${stranger.act}`;
    groups.set(name, [...(groups.get(name) ?? []), stranger]);
  }
  return [...groups].flatMap(([name, group]) => {
    const [worst] = [...group].sort((a, b) => RANKS[a.severity] - RANKS[b.severity]);
    if (worst === undefined) return [];
    const nodes = [...new Set(group.map(({ node }) => node))].sort();
    const severity: Severity = worst.match === 'certain' ? worst.severity : worst.severity === 'error' ? 'warning' : worst.severity;
    return [
      { severity, confidence: 'observed', key: name, objects: nodes.slice(0, 50).map(nodeRef), nodes, sample: worst, count: group.length },
    ];
  });
}

export function foreignTelling({ nodes, sample, count }: Foreign, scene: ServiceScene): Telling {
  const { writer, table, hook, chain, lineNumber, line, why, match, act } = sample;
  const whose = writer === null ? "a rule that is not kube-proxy's" : `a rule of ${writer}`;
  return {
    message: `on ${nameList(nodes)} ${whose} ${match === 'certain' ? 'takes' : 'may take'} packets of ${scene.key} in ${hook} (${act})`,
    why: `${why}; ${table} ${chain}${lineNumber === null ? '' : `, line ${lineNumber}`}: ${line}${count > 1 ? ` (${plural(count, 'such rule')})` : ''}`,
    remedy: `Follow one packet through it, then change the rule where it is made: kubectl srcip trace ${shellWord(`svc/${scene.service.name}`)} -n ${shellWord(scene.service.namespace)} --from external --to nodePort --rules ssh`,
  };
}
