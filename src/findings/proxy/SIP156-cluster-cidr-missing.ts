import type { Node } from '../../cluster/model.ts';
import { serviceKey } from '../../cluster/model.ts';
import { nodesOfClass } from '../../dataplane/detect.ts';
import type { DataplaneClass } from '../../dataplane/types.ts';
import { FAMILIES, type Family } from '../../net/ip.ts';
import { at, DROPPED, VIPS } from '../claims.ts';
import { anyPodOn } from '../inside.ts';
import type { ClusterScene } from '../scene.ts';
import { nodeRef } from '../scene.ts';
import { defineClusterRule, type Fact } from '../types.ts';
import { nameList, plural } from '../words.ts';
import { type CutOff, cutOffFrom } from './local-vips.ts';

interface Blind extends Fact {
  readonly family: Family;
  readonly nodes: readonly string[];
  readonly mode: string;
  /** A Service that pods lose by it. */
  readonly lost: (CutOff & { readonly node: string }) | null;
  readonly cni: string;
}

const MOST = 20;
const MOST_ASKED = 5;
/** Their kube-proxy comes without a clusterCIDR on purpose: pods have addresses of the cloud's network. */
const ON_PURPOSE = /aws|azure-cni|vpc/;

/** Without a local detector kube-proxy takes pods for outside clients (pkg/proxy/util/localdetector.go; "no cluster CIDR defined" in its log). */
export const clusterCidrMissing = defineClusterRule<Blind>({
  id: 'cluster-cidr-missing',
  title: 'kube-proxy cannot tell pods from outside clients',
  about: 'node',
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['dataplane-not-modelled'],
  detect: (scene) =>
    scene.dataplane.classes.flatMap((entry) =>
      FAMILIES.flatMap((family) => {
        const found = blindIn(scene, entry, family);
        return found === null ? [] : [found];
      }),
    ),
  claims: ({ lost }, scene) =>
    lost === null
      ? []
      : [
          {
            from: { kind: 'pod', nodes: [lost.node] },
            to: at(scene.scene(lost.service), [lost.slot], { kinds: VIPS, addresses: [lost.address] }),
            outcome: DROPPED,
          },
        ],
  tell: ({ family, nodes, mode, lost, cni }) => ({
    message: `kube-proxy on ${plural(nodes.length, 'node')} (${nameList(nodes)}) takes pods for outside clients in IPv${family}${lost === null ? '' : `: they are dropped at ${lost.address} of ${serviceKey(lost.service)}`}`,
    why: `${mode === 'NodeCIDR' ? 'detectLocalMode is NodeCIDR and the nodes have no podCIDR of that family' : 'clusterCIDR is not set for that family'}, so pods that use an address of a Service with policy Local get no short cut to endpoints elsewhere, and what comes to a clusterIP from outside the cluster is not masqueraded${ON_PURPOSE.test(cni) ? ` (usual with ${cni})` : ''}`,
    remedy:
      'Set clusterCIDR to the network of the pods: kubectl edit configmap kube-proxy -n kube-system, then kubectl rollout restart daemonset/kube-proxy -n kube-system',
  }),
});

function blindIn(scene: ClusterScene, entry: DataplaneClass, family: Family): Blind | null {
  const inUse = scene.cluster.services.some(({ clusterIPs }) => clusterIPs.some((ip) => ip.includes(':') === (family === 6)));
  if (!inUse || entry.candidates.length === 0) return null;
  const kinds = new Set(entry.candidates.map(({ detector }) => detector[family].kind));
  const [kind] = kinds;
  if (kinds.size !== 1 || (kind !== 'absent' && kind !== 'node-cidr')) return null;
  const names = new Set(nodesOfClass(scene.dataplane, entry, scene.cluster.nodes));
  const blind = (node: Node): boolean => kind === 'absent' || !node.podCidrs.some((cidr) => cidr.family === family);
  const nodes = scene.cluster.nodes.filter((node) => names.has(node.name) && blind(node));
  if (nodes.length === 0) return null;
  const lost = lostOn(scene, nodes, family);
  const cni = scene.dataplane.networks[0]?.name ?? 'unknown';
  const severity = lost !== null ? 'error' : ON_PURPOSE.test(cni) ? 'info' : 'warning';
  const shown = nodes.map(({ name }) => name);
  const mode = kind === 'absent' ? 'ClusterCIDR' : 'NodeCIDR';
  return { severity, objects: shown.slice(0, MOST).map(nodeRef), key: `IPv${family} ${mode}`, family, nodes: shown, mode, lost, cni };
}

function lostOn(scene: ClusterScene, nodes: readonly Node[], family: Family): Blind['lost'] {
  for (const node of nodes.slice(0, MOST_ASKED)) {
    const found = cutOffFrom(scene, { asker: anyPodOn(scene, node), node, family });
    if (found !== null) return { ...found, node: node.name };
  }
  return null;
}
