import type { Node } from '../../cluster/model.ts';
import { defineClusterRule, type Fact } from '../types.ts';

interface Desktop extends Fact {
  readonly tool: string;
}

/** Clusters in containers or a virtual machine of one computer: what comes in has passed that computer's own port forwarding. */
export const localDevNat = defineClusterRule<Desktop>({
  id: 'local-dev-nat',
  title: "the computer's own port forwarding hides clients before the cluster sees them",
  severity: 'info',
  about: 'cluster',
  anyDataplane: true,
  needs: [],
  detect: (scene) => {
    // Only Services that are reached from outside have such clients.
    if (!scene.cluster.services.some(({ externalTrafficPolicy }) => externalTrafficPolicy !== null)) return [];
    const tool = scene.cluster.nodes.map(toolOf).find((found) => found !== null);
    return tool === undefined || tool === null ? [] : [{ confidence: 'hint', tool }];
  },
  tell: ({ tool }) => ({
    message: `clients that come by a published port of this computer have lost their address before they reach a node (${tool})`,
    why: "published ports of containers and forwarded ports of virtual machines are served by a program or a NAT rule of the computer, which takes the client's place",
    remedy:
      "No Service setting helps; to see clients' addresses, ask a node's own address from a host that can reach it, or test on a cluster with a load balancer",
  }),
});

function toolOf({ name, providerID, labels }: Node): string | null {
  if (providerID?.startsWith('kind://') === true) return 'kind';
  if (Object.keys(labels).some((label) => label.startsWith('minikube.k8s.io/'))) return 'minikube';
  if (/^k3d-.*-(server|agent)-\d+$/.test(name)) return 'k3d';
  return name === 'docker-desktop' ? 'Docker Desktop' : null;
}
