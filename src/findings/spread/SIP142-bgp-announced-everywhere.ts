import { parseCidr } from '../../net/ip.ts';
import { at, DROPPED, EXTERNAL, usableSlots } from '../claims.ts';
import { entryNodes } from '../reach.ts';
import { customOf } from '../scene/custom.ts';
import { perCluster } from '../scene/per-cluster.ts';
import { nodeRef } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, plural } from '../words.ts';

interface Everywhere extends Fact {
  readonly address: string;
  readonly field: string;
  readonly config: string;
  readonly nodes: readonly string[];
}

const MOST = 20;
const FIELDS = ['serviceLoadBalancerIPs', 'serviceExternalIPs'] as const;

/** Calico announces the networks of its BGPConfiguration from every node; of wider ones it adds a route per Local Service from the nodes with endpoints, of a single address it does not (projectcalico/calico #8375). */
export const bgpAnnouncedEverywhere = defineServiceRule<Everywhere>({
  id: 'bgp-announced-everywhere',
  title: 'every node announces the address, those without an endpoint too',
  severity: 'warning',
  needs: ['EndpointSlice', 'BGPConfiguration'],
  foldsUnder: ['no-usable-endpoints', 'local-no-reachable-target'],
  detect: (scene) => {
    const singles = scene.isLocal ? announcedSingles(scene.cluster) : [];
    const own = new Set([...scene.vips, ...scene.service.externalIPs]);
    const found = singles.find(({ address }) => own.has(address));
    if (found === undefined) return [];
    const slots = scene.slots().filter(({ usable }) => usable.length > 0);
    const nodes = entryNodes(scene)
      .filter(({ name }) => slots.some((slot) => !slot.holders().has(name)))
      .map(({ name }) => name);
    if (nodes.length === 0) return [];
    return [{ confidence: 'hint', objects: nodes.slice(0, MOST).map(nodeRef), ...found, nodes }];
  },
  claims: ({ address, nodes }, scene) =>
    nodes.map((node) => {
      const lacking = usableSlots(scene).filter((slot) => !slot.holders().has(node));
      return { from: EXTERNAL, to: at(scene, lacking, { addresses: [address], nodes: [node] }), outcome: DROPPED };
    }),
  tell: ({ address, field, config, nodes }, { key }) => ({
    message: `${address} of ${key} seems to be announced by all nodes, and ${plural(nodes.length, 'node')} of them ${nodes.length === 1 ? 'drops' : 'drop'} what comes: ${nameList(nodes)}`,
    why: `${field} of BGPConfiguration ${config} names the single address, which every node then announces whatever its endpoints, while externalTrafficPolicy is Local`,
    remedy: `Name a wider network there (then Calico announces the address of a Local Service from nodes with endpoints only): kubectl edit bgpconfigurations.crd.projectcalico.org; check the routes on the router`,
  }),
});

/** Networks of one address that Calico announces. */
const announcedSingles = perCluster((scene) =>
  customOf(scene, 'BGPConfiguration').flatMap(({ metadata, spec }) =>
    FIELDS.flatMap((field) => {
      const entries: unknown = spec?.[field];
      return (Array.isArray(entries) ? entries : []).flatMap((entry: unknown) => {
        const text = typeof entry === 'object' && entry !== null && 'cidr' in entry ? entry.cidr : undefined;
        const cidr = typeof text === 'string' ? parseCidr(text) : null;
        if (cidr === null || cidr.prefix !== (cidr.family === 4 ? 32 : 128)) return [];
        return [{ address: cidr.text.slice(0, cidr.text.indexOf('/')), field, config: metadata.name }];
      });
    }),
  ),
);
