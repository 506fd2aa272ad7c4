import { externalAsker } from '../../analysis/clients.ts';
import type { Provider } from '../../analysis/providers.ts';
import { familyOf } from '../../net/ip.ts';
import { at, EXTERNAL, UNANSWERED, usableSlots } from '../claims.ts';
import { entryNodes } from '../reach.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { kubectlOn, nameList } from '../words.ts';

interface Unserved extends Fact {
  readonly addresses: readonly string[];
  readonly provider: string;
  readonly evidence: string;
  readonly at: number;
}

/** ipMode Proxy has kube-proxy write no rule for the address (KEP-1860), but this kind of load balancer delivers packets with that very address to the nodes. */
export const ipmodeProxyUnreachable = defineServiceRule<Unserved>({
  id: 'ipmode-proxy-unreachable',
  title: 'no node serves an address of ipMode Proxy that is delivered to the nodes unchanged',
  severity: 'error',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints'],
  detect: (scene) => {
    const provider = scene.provider();
    const entries = scene.service.ingress.filter(({ ip, ipMode }) => ip !== null && ipMode === 'Proxy');
    if (provider === null || entries.length === 0 || !isPassthrough(provider)) return [];
    const addresses = entries.flatMap(({ ip }) => (ip !== null && isUnserved(scene, ip) ? [ip] : []));
    if (addresses.length === 0) return [];
    return [
      {
        confidence: isCertain(scene, provider) ? 'derived' : 'hint',
        severity: isCertain(scene, provider) ? 'error' : 'warning',
        field: 'status.loadBalancer.ingress',
        addresses,
        provider: provider.name,
        evidence: provider.evidence,
        at: scene.service.ingress.findIndex(({ ip }) => ip === addresses[0]),
      },
    ];
  },
  claims: ({ addresses }, scene) => [
    { from: EXTERNAL, to: at(scene, usableSlots(scene), { addresses }), outcome: UNANSWERED },
    { from: { kind: 'pod', nodes: null }, to: at(scene, usableSlots(scene), { addresses }), outcome: UNANSWERED },
  ],
  tell: ({ addresses, provider, evidence, at }, scene) => ({
    message: `nobody is served at ${nameList(addresses)} of ${scene.key}, inside and outside the cluster`,
    why: `its ipMode is Proxy, so kube-proxy writes no rule for it, but ${provider} (${evidence}) delivers packets to the nodes with that address unchanged`,
    remedy: `Set ipMode to VIP: ${kubectlOn(scene.service, 'patch')} --subresource=status --type=json -p '${JSON.stringify([{ op: 'replace', path: `/status/loadBalancer/ingress/${Math.max(0, at)}/ipMode`, value: 'VIP' }])}', and find out who sets Proxy`,
  }),
});

/** The node sees the load balancer's address as destination, and the client's as source. */
function isPassthrough({ target, source, choice }: Provider): boolean {
  return target === 'loadBalancerIP' && source === 'client' && choice !== 'status';
}

/** A name in an annotation alone does not show who serves the address. */
function isCertain({ cluster, service }: ServiceScene, { name, evidence }: Provider): boolean {
  if (!evidence.startsWith('annotation')) return true;
  return (
    name === 'metallb' && service.loadBalancerClass === null && cluster.cluster.daemonSets.some((key) => key.startsWith('metallb-system/'))
  );
}

/** By the prediction no rule takes an outside client's packet (kube-proxy before 1.30 knows no ipMode, and serves it). */
function isUnserved(scene: ServiceScene, address: string): boolean {
  const slot = scene.slots().find(({ family, usable }) => family === familyOf(address) && usable.length > 0);
  const [node] = entryNodes(scene);
  if (slot === undefined || node === undefined) return false;
  const { port } = slot;
  const target = { kind: 'loadBalancerIP', node: null, address, port: port.port, protocol: port.protocol, servicePort: null } as const;
  return scene
    .oracle()
    .ask(externalAsker(null, null, null), target, node)
    .flow.branches.some(({ outcome }) => outcome === 'unhandled');
}
