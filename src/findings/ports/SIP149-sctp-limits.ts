import type { Service } from '../../cluster/model.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList } from '../words.ts';

interface Limited extends Fact {
  readonly ports: readonly string[];
  readonly provider: string | null;
}

/** Load balancers that carry TCP and UDP only. */
const WITHOUT: ReadonlySet<string> = new Set(['aws-nlb', 'aws-classic', 'azure', 'gcp', 'digitalocean', 'hetzner', 'linode', 'scaleway']);

const AZURE_INTERNAL = 'service.beta.kubernetes.io/azure-load-balancer-internal';

/** cloud-provider-azure refuses SCTP for public load balancers alone (getExpectedLBRules). */
function carriesSctp(name: string, { annotations }: Service): boolean {
  return !WITHOUT.has(name) || (name === 'azure' && annotations[AZURE_INTERNAL] === 'true');
}

/** SCTP passes kube-proxy as any protocol does, but an association with several paths breaks under translation of its addresses. */
export const sctpLimits = defineServiceRule<Limited>({
  id: 'sctp-limits',
  title: 'SCTP has limits behind a Service',
  severity: 'info',
  needs: [],
  detect: (scene) => {
    const ports = scene.isExternal ? scene.service.ports.filter(({ protocol }) => protocol === 'SCTP') : [];
    if (ports.length === 0) return [];
    const name = scene.provider()?.name ?? null;
    const provider = name !== null && !carriesSctp(name, scene.service) ? name : null;
    const labels = ports.map((port) => (port.name === '' ? String(port.port) : port.name));
    return [{ severity: provider === null ? 'info' : 'warning', field: 'spec.ports', ports: labels, provider }];
  },
  tell: ({ ports, provider }, { key }) => ({
    message:
      provider === null
        ? `SCTP on port ${nameList(ports)} of ${key} works with one path per association only`
        : `the load balancer of ${key} carries no SCTP: nothing arrives on port ${nameList(ports)} from ${provider}`,
    why:
      provider === null
        ? 'the nodes translate the addresses of packets, not those inside SCTP INIT chunks, so that multihoming breaks'
        : `${provider} balances TCP and UDP; the node port itself takes SCTP, with one path per association`,
    remedy:
      provider === null
        ? 'Turn multihoming off in the peers, or give the pods addresses of their own (hostNetwork, a second network)'
        : 'Let the peers use the node ports (policy Local keeps their addresses), or a load balancer in the cluster that announces an address (MetalLB, kube-vip)',
  }),
});
