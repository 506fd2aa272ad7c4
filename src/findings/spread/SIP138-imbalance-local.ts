import type { ServiceScene } from '../scene.ts';
import { nodeRef } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { annotate } from '../words.ts';
import { balancedOf } from './balanced.ts';

interface Skewed extends Fact {
  /** The hottest endpoint's share, and that of each if all had the same. */
  readonly hottest: number;
  readonly coolest: number;
  readonly fair: number;
  readonly node: string;
  readonly ports: readonly string[];
  readonly crossZone: boolean;
}

const NOTABLE = 1.25;
const SERIOUS = 2;
const WEIGHTED = 'networking.gke.io/weighted-load-balancing';

/** Local policy: the load balancer spreads over nodes, each node over its own endpoints, so that an endpoint gets 1 ÷ (nodes × endpoints beside it). */
export const imbalanceLocal = defineServiceRule<Skewed>({
  id: 'imbalance-local',
  title: 'endpoints get uneven shares of the outside traffic',
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'local-no-reachable-target', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    if (!scene.isLocal || scene.service.annotations[WEIGHTED] === 'pods-per-node' || !isUneven(scene)) return [];
    const shares = balancedOf(scene)?.shares ?? [];
    const ports = [...new Set(shares.map(({ servicePort }) => servicePort))];
    const skews = ports.map((port) => skewOf(shares.filter(({ servicePort }) => servicePort === port)));
    const [worst] = skews.filter((skew) => skew !== null).sort((a, b) => b.hottest / b.fair - a.hottest / a.fair);
    if (worst === undefined || worst.hottest / worst.fair < NOTABLE) return [];
    const severity = worst.hottest / worst.fair >= SERIOUS ? 'warning' : 'info';
    const affected = ports.filter((_, index) => (skews[index]?.hottest ?? 0) / (skews[index]?.fair ?? 1) >= NOTABLE);
    const crossZone = scene.provider()?.name === 'aws-nlb';
    // How a load balancer of which nothing is known spreads is a supposition.
    const confidence = scene.provider() === null ? 'hint' : 'derived';
    return [
      { ...worst, severity, confidence, objects: [nodeRef(worst.node)], field: 'spec.externalTrafficPolicy', ports: affected, crossZone },
    ];
  },
  tell: ({ hottest, coolest, fair, node, crossZone }, scene) => ({
    message: `outside traffic to ${scene.key} is uneven: an endpoint on ${node} gets ${percent(hottest)}, others ${percent(coolest)} (${(hottest / fair).toFixed(1)} times its fair share)`,
    why: `externalTrafficPolicy is Local: the load balancer spreads over nodes, and each node over its own endpoints, whose numbers differ${crossZone ? '; without cross-zone balancing zones are another such step' : ''} (clients are supposed to be many and alike)`,
    remedy: `Run the same number of pods on every node (topologySpreadConstraints over kubernetes.io/hostname with maxSkew 1 and whenUnsatisfiable DoNotSchedule, or a DaemonSet)${crossZone ? ` and balance across zones: ${annotate(scene, 'service.beta.kubernetes.io/aws-load-balancer-attributes=load_balancing.cross_zone.enabled=true')}` : ''}`,
  }),
});

/** Nodes with different numbers of endpoints; cheap, so that the load balancer's view is made for few Services only. */
function isUneven(scene: ServiceScene): boolean {
  return scene.slots().some((slot) => new Set([...slot.holders().values()].map((here) => here.length)).size > 1);
}

function skewOf(shares: readonly { readonly share: number; readonly endpoint: { readonly node: string | null } }[]) {
  if (shares.length < 2) return null;
  const [hottest] = [...shares].sort((a, b) => b.share - a.share);
  const values = shares.map(({ share }) => share);
  const node = hottest?.endpoint.node ?? null;
  return node === null ? null : { hottest: Math.max(...values), coolest: Math.min(...values), fair: 1 / shares.length, node };
}

function percent(share: number): string {
  return share >= 0.1 ? `${Math.round(share * 100)} %` : `${(share * 100).toFixed(1)} %`;
}
