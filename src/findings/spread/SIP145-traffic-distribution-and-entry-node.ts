import type { Node } from '../../cluster/model.ts';
import { entryNodes, outsideFlow } from '../reach.ts';
import type { Slot } from '../scene/slots.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { plural, verb } from '../words.ts';

interface Preferred extends Fact {
  readonly by: string;
  readonly zones: number;
  /** Endpoints that no entry node sends to, where every zone was asked. */
  readonly idle: number;
  readonly all: number;
}

const MODES = ['service.kubernetes.io/topology-mode', 'service.kubernetes.io/topology-aware-hints'];
const MOST_ZONES = 12;

/** The node that an outside client comes in by applies the topology hints, not the client's own zone (pkg/proxy/topology.go). */
export const trafficDistributionAndEntryNode = defineServiceRule<Preferred>({
  id: 'traffic-distribution-and-entry-node',
  title: 'the zone of the entry node decides which endpoints outside clients get',
  severity: 'info',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    const by = askedFor(scene);
    if (by === null || !scene.isExternal || scene.isLocal) return [];
    for (const slot of scene.slots().filter(({ usable }) => usable.length > 1)) {
      const found = preferenceOf(scene, slot);
      if (found === null) continue;
      const severity = found.idle > 0 ? 'warning' : 'info';
      return [
        { ...found, severity, field: scene.service.trafficDistribution === null ? 'metadata.annotations' : 'spec.trafficDistribution', by },
      ];
    }
    return [];
  },
  tell: ({ by, zones, idle, all }, { key }) => ({
    message:
      idle > 0
        ? `${idle} of ${plural(all, 'endpoint')} of ${key} ${verb(idle, 'gets', 'get')} no outside traffic: no entry node is in a zone that prefers ${verb(idle, 'it', 'them')}`
        : `outside clients of ${key} get the endpoints that the zone of their entry node prefers`,
    why: `${by} makes kube-proxy prefer endpoints near the node that is asked; for outside clients that is the entry node (of ${plural(zones, 'zone')}), wherever they are themselves`,
    remedy:
      idle > 0
        ? 'Let the load balancer use nodes of every zone that has endpoints, or leave the preference out: each zone with entry nodes carries its whole share alone'
        : 'Nothing to do while each zone gets traffic in proportion to its endpoints; else leave the preference out',
  }),
});

function askedFor({ service }: ServiceScene): string | null {
  if (service.trafficDistribution !== null) return `trafficDistribution ${service.trafficDistribution}`;
  const mode = MODES.find((name) => /^auto$/i.test(service.annotations[name] ?? ''));
  return mode === undefined ? null : `annotation ${mode}`;
}

/** One node per zone is asked; null where hints make no difference (not every endpoint has one, or none fits). */
function preferenceOf(scene: ServiceScene, slot: Slot): Omit<Preferred, 'by'> | null {
  if (slot.usable.some(({ nodeHints }) => nodeHints.length > 0)) return null;
  const byZone = new Map<string, Node>();
  for (const node of entryNodes(scene)) byZone.set(node.labels['topology.kubernetes.io/zone'] ?? '', node);
  if (byZone.size > MOST_ZONES) return null;
  const flows = [...byZone.values()].map((node) => outsideFlow(scene, slot, node));
  const sets = flows.map((flow) => (flow?.branches ?? []).flatMap(({ endpoint }) => (endpoint === null ? [] : [endpoint.address])));
  if (sets.length === 0 || sets.some((set) => set.length === 0)) return null;
  const reached = new Set(sets.flat());
  if (sets.every((set) => set.length === slot.usable.length)) return null;
  return { zones: byZone.size, idle: slot.usable.filter(({ address }) => !reached.has(address)).length, all: slot.usable.length };
}
