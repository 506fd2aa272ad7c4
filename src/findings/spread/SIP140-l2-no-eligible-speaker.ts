import type { Node } from '../../cluster/model.ts';
import type { CustomObject, DaemonSetObject } from '../../cluster/objects.ts';
import { reasonList } from '../reasons.ts';
import { perCluster } from '../scene/per-cluster.ts';
import type { ServiceScene } from '../scene.ts';
import { nodeRef } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, shellWord } from '../words.ts';
import { advertisementsFor, holderOf, mayAnnounce } from './metallb.ts';

interface Unannounced extends Fact {
  readonly vips: readonly string[];
  readonly pool: string;
  /** Null: no advertisement covers the pool. */
  readonly refusals: readonly { readonly node: string; readonly why: string }[] | null;
}

const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';
const MOST = 20;

/** MetalLB speaker (speaker/layer2_controller.go ShouldAnnounce): a Ready speaker, the advertisement's node selectors, no exclusion label, and with Local policy an endpoint. */
export const l2NoEligibleSpeaker = defineServiceRule<Unannounced>({
  id: 'l2-no-eligible-speaker',
  title: 'no node announces the address of the load balancer',
  severity: 'error',
  needs: ['EndpointSlice', 'Pod', 'DaemonSet', 'IPAddressPool', 'L2Advertisement', 'BGPAdvertisement'],
  foldsUnder: ['no-usable-endpoints', 'endpoint-without-nodename', 'local-no-reachable-target'],
  anyDataplane: true,
  detect: (scene) => {
    const speaker = speakerOf(scene.cluster);
    const advertised = scene.service.type === 'LoadBalancer' && speaker !== null ? advertisementsFor(scene) : null;
    if (speaker === null || advertised === null || advertised.bgp.length > 0 || holderOf(scene) !== null) return [];
    const base = { vips: scene.vips, pool: advertised.pool.metadata.name };
    const { nodes } = scene.cluster.cluster;
    if (advertised.l2.length === 0) return [{ ...base, refusals: null }];
    if (scene.slots().every(({ usable }) => usable.length === 0)) return [];
    const refusals: { node: string; why: string }[] = [];
    for (const node of nodes) {
      const why = refusal(scene, node, { speaker, l2: advertised.l2 });
      if (why === null) return [];
      refusals.push({ node: node.name, why });
    }
    return refusals.length === 0 ? [] : [{ ...base, refusals, objects: refusals.slice(0, MOST).map(({ node }) => nodeRef(node)) }];
  },
  tell: ({ vips, pool, refusals }, { key }) => ({
    message: `no node announces ${nameList(vips)} of ${key}: nobody answers for the address`,
    why:
      refusals === null
        ? `pool ${pool} has the address, and no L2Advertisement or BGPAdvertisement covers it`
        : `of MetalLB's speakers none may (${reasonList(refusals.map(({ node, why }) => ({ name: node, why })))})`,
    remedy: refusals === null ? advertise(pool) : unblock(refusals),
  }),
});

interface Speaker {
  readonly heedsLabel: boolean;
  /** Nodes with a Ready one. */
  readonly nodes: ReadonlySet<string>;
}

/** MetalLB's speakers; null where no DaemonSet shows that MetalLB is what announces here. */
const speakerOf = perCluster((scene): Speaker | null => {
  const daemon = scene.objects('DaemonSet').find(isSpeaker);
  if (daemon === undefined) return null;
  const { name, namespace } = daemon.metadata;
  const ready = scene
    .pods()
    .inNamespace(namespace ?? 'default')
    .filter(({ metadata, status }) => {
      const isOwn = metadata.ownerReferences?.some((owner) => owner.kind === 'DaemonSet' && owner.name === name) === true;
      return isOwn && (status?.conditions ?? []).every((condition) => condition.type !== 'Ready' || condition.status === 'True');
    });
  return { heedsLabel: heedsLabel(daemon), nodes: new Set(ready.flatMap(({ spec }) => spec?.nodeName ?? [])) };
});

function isSpeaker({ spec, metadata }: DaemonSetObject): boolean {
  const images = (spec?.template?.spec?.containers ?? []).map(({ image }) => image ?? '');
  return (
    images.some((image) => /metallb[/-](metallb-)?speaker/.test(image)) ||
    (metadata.namespace === 'metallb-system' && /speaker/.test(metadata.name))
  );
}

/** The exclusion label counts since 0.14, unless the speaker was told otherwise. */
function heedsLabel({ spec }: DaemonSetObject): boolean {
  const container = (spec?.template?.spec?.containers ?? []).find(({ image, name }) => /speaker/.test(`${name} ${image}`));
  if ([...(container?.command ?? []), ...(container?.args ?? [])].some((word) => /^--ignore-exclude-lb(=true)?$/.test(word))) return false;
  const minor = /:v?0\.(\d+)/.exec(container?.image ?? '')?.[1];
  return minor === undefined || Number(minor) >= 14;
}

function refusal(
  scene: ServiceScene,
  node: Node,
  { speaker, l2 }: { readonly speaker: Speaker; readonly l2: readonly CustomObject[] },
): string | null {
  if (!speaker.nodes.has(node.name)) return 'no Ready speaker pod';
  if (speaker.heedsLabel && node.labels[EXCLUDED] !== undefined) return `label ${EXCLUDED}`;
  if (!l2.some((advertisement) => mayAnnounce(advertisement, node.labels))) return 'no L2Advertisement selects the node';
  if (scene.isLocal && !scene.slots().some((slot) => slot.holders().has(node.name))) return 'no endpoint, and the policy is Local';
  return null;
}

function advertise(pool: string): string {
  const manifest = {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'L2Advertisement',
    metadata: { name: 'l2', namespace: 'metallb-system' },
    spec: { ipAddressPools: [pool] },
  };
  return `Advertise the pool: echo ${shellWord(JSON.stringify(manifest))} | kubectl apply -f -`;
}

function unblock(refusals: NonNullable<Unannounced['refusals']>): string {
  const labelled = refusals.find(({ why }) => why.startsWith('label '));
  if (labelled !== undefined) return `Let the node announce: kubectl label node ${shellWord(labelled.node)} ${EXCLUDED}-`;
  if (refusals.some(({ why }) => why.startsWith('no L2')))
    return 'Widen nodeSelectors of the L2Advertisement: kubectl edit l2advertisements -n metallb-system';
  return 'See the speakers (kubectl get pods -n metallb-system -o wide), and run a pod of the Service on a node with one';
}
