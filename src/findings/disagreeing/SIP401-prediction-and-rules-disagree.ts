import { explainedNodes } from '../drift/explained.ts';
import { perService } from '../scene/per-cluster.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact, type Severity } from '../types.ts';
import { nameList, plural, shellWord } from '../words.ts';
import { claimOf } from './claims.ts';
import { type DisagreeingFlow, isLost, nodesOf, otherwise, travels } from './flow-words.ts';

interface Disagreement extends Fact {
  readonly flows: readonly DisagreeingFlow[];
  readonly all: number;
  readonly nodes: readonly string[];
}

/** Packets were followed through the rules that nodes really have, and end otherwise than predicted where no difference of rules explains it. */
export const predictionAndRulesDisagree = defineServiceRule<Disagreement>({
  id: 'prediction-and-rules-disagree',
  title: "by the nodes' own rules packets end otherwise than predicted",
  severity: 'warning',
  needs: ['EndpointSlice'],
  needsRules: 'compared',
  anyDataplane: true,
  foldsUnder: ['drift-shared-rules', 'drift-iptables-backend-split', 'kube-proxy-nodename-mismatch'],
  leavesOut: (scene) => {
    if (scene.cluster.extras.fromManifests?.has(scene.key) === true) return { why: 'no node has rules of what manifests say', all: true };
    const { follow } = scene.cluster.extras;
    if (follow === undefined) return { why: 'packets were not followed through the rules', all: true };
    const followed = followedOf(scene);
    if (followed === null)
      return { why: 'packets were followed for the Services before it only; name it to follow its own (check svc/NAME)', all: true };
    const { nodes, nodesWithRules } = followed;
    return nodes < nodesWithRules
      ? { why: `packets were followed on ${nodes} of the ${nodesWithRules} nodes whose rules were read`, all: false }
      : null;
  },
  detect: (scene) => {
    const flows = (followedOf(scene)?.flows ?? []).filter(({ agrees }) => agrees === false);
    if (flows.length === 0) return [];
    const known = explainedNodes(scene);
    const open = flows.filter((flow) => !nodesOf(flow).some((name) => known.has(name)));
    if (open.length === 0) return [];
    const nodes = [...new Set(open.flatMap(({ from, via, to }) => from.node ?? via ?? to.node ?? []))].sort();
    const severity: Severity = open.some(isLost) ? 'error' : 'warning';
    const sorted = [...open.filter(isLost), ...open.filter((flow) => !isLost(flow))];
    const all = followedOf(scene)?.flows.length ?? 0;
    return [{ severity, confidence: 'observed', objects: nodes.slice(0, 50).map(nodeRef), flows: sorted, all, nodes }];
  },
  claims: ({ flows }, scene) => flows.flatMap((flow) => claimOf(flow, scene)),
  tell: ({ flows, all, nodes }, scene) => {
    const [first] = flows;
    return {
      message: `by the rules of ${nameList(nodes)}, ${flows.length} of ${plural(all, 'flow')} of ${scene.key} ${flows.length === 1 ? 'ends' : 'end'} otherwise than predicted`,
      why:
        first === undefined
          ? ''
          : `${travels(first)}: ${otherwise(first)}${flows.length > 1 ? ` (and ${flows.length - 1} more)` : ''}; none of the rules that differ explains it`,
      remedy: `The rules are right about their node; look at every such flow, and follow one: kubectl srcip verify svc/${shellWord(scene.service.name)} -n ${shellWord(scene.service.namespace)} --rules ssh`,
    };
  },
});

const followedOf = perService((scene: ServiceScene) => scene.cluster.extras.follow?.(scene.service) ?? null);
