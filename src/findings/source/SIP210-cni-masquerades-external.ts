import type { DaemonSetObject } from '../../cluster/objects.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, shellWord } from '../words.ts';
import { maskedClaims, seenBy } from './sees.ts';

interface Masqueraded extends Fact {
  readonly who: string;
  readonly seen: readonly string[];
  readonly remedy: string;
}

/** Local policy keeps the client's address as far as kube-proxy is concerned; a CNI's own rules may still rewrite it. */
export const cniMasqueradesExternal = defineServiceRule<Masqueraded>({
  id: 'cni-masquerades-external',
  title: "the CNI rewrites outside clients' addresses in spite of Local policy",
  severity: 'warning',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'lb-is-a-proxy'],
  detect: (scene) => {
    if (!scene.isLocal || scene.slots().every(({ usable }) => usable.length === 0)) return [];
    const seen = seenBy(scene);
    if (seen.kind === 'other' && seen.by === 'cni') {
      const who = scene.cluster.dataplane.networks[0]?.name ?? 'the CNI';
      return [
        {
          field: 'spec.externalTrafficPolicy',
          who,
          seen: seen.addresses,
          remedy: `Have ${who} leave alone what comes from outside to pods of the same node`,
        },
      ];
    }
    return byWeave(scene);
  },
  claims: ({ confidence }, scene) => (confidence === 'hint' ? [] : maskedClaims(scene, null)),
  tell: ({ who, seen, remedy }, scene) => ({
    message: `pods of ${scene.key} see ${seen.length === 0 ? "a node's address" : nameList(seen)} for outside clients, in spite of externalTrafficPolicy Local`,
    why: `${who} masquerades what comes from outside the pods' network, after kube-proxy has left it alone`,
    remedy,
  }),
});

/** Weave Net masquerades on the way to its own node's pods, too, unless NO_MASQ_LOCAL is set (weaveworks/weave#3648). */
function byWeave({ cluster }: ServiceScene): Masqueraded[] {
  const daemon = cluster.objects('DaemonSet').find(({ metadata }) => metadata.name === 'weave-net');
  if (daemon === undefined || leavesAlone(daemon)) return [];
  const namespace = daemon.metadata.namespace ?? 'kube-system';
  return [
    {
      confidence: 'hint',
      objects: [{ kind: 'DaemonSet', namespace, name: 'weave-net' }],
      field: 'spec.externalTrafficPolicy',
      who: 'Weave Net (NO_MASQ_LOCAL is not set)',
      seen: [],
      remedy: `kubectl -n ${shellWord(namespace)} set env daemonset/weave-net NO_MASQ_LOCAL=1`,
    },
  ];
}

function leavesAlone({ spec }: DaemonSetObject): boolean {
  return (spec?.template?.spec?.containers ?? []).some(({ env = [] }) =>
    env.some(({ name, value }) => name === 'NO_MASQ_LOCAL' && value === '1'),
  );
}
