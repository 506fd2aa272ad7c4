import { entryNodes } from '../reach.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, verb } from '../words.ts';
import { checksPerNode } from './annotations.ts';

interface Blocked extends Fact {
  readonly nodes: readonly string[];
  readonly port: number;
  readonly source: string;
  readonly isProbe: boolean;
  readonly line: string | null;
  readonly hook: string;
}

/** Where checks come from, where the provider says so; else a client of nobody's (RFC 5737). */
const PROBES: Readonly<Record<string, string>> = { azure: '168.63.129.16', gcp: '35.191.0.1' };
const SOMEBODY = '198.51.100.10';
const MOST_NODES = 200;

/** A rule of the host's own firewall that the health check meets before kube-proxy accepts it (in nftables mode nothing accepts it). */
export const hcPortBlocked = defineServiceRule<Blocked>({
  id: 'hc-port-blocked',
  title: "a node's firewall keeps the health check from kube-proxy",
  severity: 'error',
  needs: [],
  needsRules: 'read',
  foldsUnder: ['lb-bypasses-nodeports'],
  detect: (scene) => {
    const { probeHost } = scene.cluster.extras;
    const port = scene.service.healthCheckNodePort;
    if (probeHost === undefined || port === null || !checksPerNode(scene)) return [];
    const provider = scene.provider()?.name ?? '';
    const source = PROBES[provider] ?? SOMEBODY;
    const found = entryNodes(scene)
      .slice(0, MOST_NODES)
      .map((node) => ({ node: node.name, answer: probeHost(node.name, { source, port }) }))
      .filter(({ answer }) => answer?.reaches === false);
    const first = found[0]?.answer;
    if (first === undefined || first === null || first.reaches) return [];
    const isProbe = PROBES[provider] !== undefined;
    const nodes = found.map(({ node }) => node);
    const base = {
      confidence: 'observed',
      objects: nodes.slice(0, 20).map(nodeRef),
      nodes,
      port,
      source,
      isProbe,
      line: first.line,
      hook: first.hook,
    } as const;
    // Some firewalls let the load balancer's own network in, and nobody else.
    return [isProbe ? base : { ...base, severity: 'warning' }];
  },
  tell: ({ nodes, port, source, isProbe, line, hook }, scene) => ({
    message: `the firewall of ${nameList(nodes)} keeps ${isProbe ? 'the health check' : 'outside hosts'} from port ${port}: ${nodes.length === entryNodes(scene).length ? 'every target' : verb(nodes.length, 'that target', 'these targets')} of ${scene.key} ${isProbe ? 'is' : 'may be'} unhealthy`,
    why: `a packet from ${source} to that port ends in ${hook}${line === null ? ' by the policy of the chain' : `: ${line}`}`,
    remedy: `Let the network from which the checks come in (firewalls outside the nodes could not be looked at): iptables -I INPUT -p tcp --dport ${port} -s ${probeNetwork(scene)} -j ACCEPT`,
  }),
});

function probeNetwork(scene: ServiceScene): string {
  switch (scene.provider()?.name) {
    case 'azure':
      return '168.63.129.16';
    case 'gcp':
      return '130.211.0.0/22,35.191.0.0/16';
    default:
      return 'LOAD-BALANCER-NETWORK';
  }
}
