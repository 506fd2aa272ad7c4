import { isUsable } from '../../analysis/usable.ts';
import { at, EXTERNAL, UNANSWERED, usableSlots } from '../claims.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { kubectlOn, nameList, patchSpec, plural, shellWord, verb } from '../words.ts';

interface Homeless extends Fact {
  readonly unnamed: readonly string[];
  /** Names of nodes that no Node object has. */
  readonly strangers: readonly string[];
  readonly count: number;
  readonly all: number;
}

/** kube-proxy compares an endpoint's nodeName with its own by characters: one without a node, or with another spelling, is local nowhere. */
export const endpointWithoutNodename = defineServiceRule<Homeless>({
  id: 'endpoint-without-nodename',
  title: 'endpoints name no node that exists, so they are local nowhere',
  severity: 'error',
  needs: ['EndpointSlice', 'Node'],
  foldsUnder: ['no-usable-endpoints'],
  detect: (scene) => {
    const { service, cluster } = scene;
    if (!scene.isLocal && service.internalTrafficPolicy !== 'Local') return [];
    const usable = scene.endpoints().filter(isUsable);
    const unnamed = usable.filter(({ node }) => node === null);
    const strange = usable.filter(({ node }) => node !== null && !cluster.cluster.nodeByName.has(node));
    const count = unnamed.length + strange.length;
    if (count === 0) return [];
    return [
      {
        severity: count === usable.length ? 'error' : 'warning',
        field: scene.isLocal ? 'spec.externalTrafficPolicy' : 'spec.internalTrafficPolicy',
        unnamed: unnamed.map(({ address }) => address),
        strangers: [...new Set(strange.flatMap(({ node }) => node ?? []))],
        count,
        all: usable.length,
      },
    ];
  },
  claims: ({ count, all }, scene) =>
    scene.isLocal && count === all ? [{ from: EXTERNAL, to: at(scene, usableSlots(scene)), outcome: UNANSWERED }] : [],
  tell: ({ unnamed, strangers, count, all }, scene) => ({
    message: `${count} of ${plural(all, 'endpoint')} of ${scene.key} ${verb(count, 'is', 'are')} local to no node: Local policy never uses ${verb(count, 'it', 'them')}`,
    why: [
      unnamed.length === 0 ? '' : `${nameList(unnamed)} ${verb(unnamed.length, 'has', 'have')} no nodeName`,
      strangers.length === 0 ? '' : `no Node is called ${nameList(strangers)} (case and domain count)`,
    ]
      .filter((part) => part !== '')
      .join('; '),
    remedy: `Set nodeName in its EndpointSlices (kubectl get endpointslices -n ${shellWord(scene.service.namespace)} -l ${shellWord(`kubernetes.io/service-name=${scene.service.name}`)}), or use Cluster policy: ${scene.isLocal ? patchSpec(scene, { externalTrafficPolicy: 'Cluster' }) : `${kubectlOn(scene.service, 'patch')} --type merge -p '{"spec":{"internalTrafficPolicy":"Cluster"}}'`}`,
  }),
});
