import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, patchSpec } from '../words.ts';

interface Portless extends Fact {
  readonly ports: readonly string[];
  readonly provider: string | null;
}

/** allocateLoadBalancerNodePorts false leaves nothing for a load balancer that sends to node ports (KEP-1864). */
export const nodeportNotAllocated = defineServiceRule<Portless>({
  id: 'nodeport-not-allocated',
  title: 'the load balancer sends to node ports, and the Service has none',
  severity: 'error',
  needs: [],
  anyDataplane: true,
  foldsUnder: ['lb-bypasses-nodeports'],
  detect: (scene) => {
    const { service, isUnapplied } = scene;
    if (service.type !== 'LoadBalancer' || service.allocatesNodePorts || service.unproxied !== null || isUnapplied) return [];
    const without = service.ports.filter(({ nodePort }) => nodePort === null);
    const provider = scene.provider();
    // One that keeps the address of the packet, or sends to pods, needs no node port.
    if (without.length === 0 || provider?.target === 'loadBalancerIP' || provider?.target === 'pod') return [];
    const ports = without.map((port) => (port.name === '' ? String(port.port) : port.name));
    const needed = provider?.target === 'nodePort' ? provider.name : null;
    return [{ severity: needed === null ? 'info' : 'error', field: 'spec.allocateLoadBalancerNodePorts', ports, provider: needed }];
  },
  tell: ({ ports, provider }, scene) => ({
    message:
      provider === null
        ? `${scene.key} has no node port for ${nameList(ports)}: a load balancer that sends to node ports cannot serve it`
        : `${provider} sends to node ports, and ${scene.key} has none for ${nameList(ports)}: nothing gets through`,
    why: 'allocateLoadBalancerNodePorts is false, so the API server gives none (ports given before it was set stay)',
    remedy: `Let it have node ports: ${patchSpec(scene, { allocateLoadBalancerNodePorts: true })}${provider === null ? "; leave it where the load balancer keeps the packet's address (MetalLB, kube-vip) or sends to pods" : ''}`,
  }),
});
