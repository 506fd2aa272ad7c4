import { matchesLabels } from '../scene/selector.ts';
import type { ServiceScene } from '../scene.ts';
import { shellWord } from '../words.ts';
import { selectorOf } from './selected.ts';

/** A command that spreads the pods behind a Service over nodes, for the workload that makes them, where that was read. */
export function workloadCommand(scene: ServiceScene): string {
  const selector = selectorOf(scene);
  const found = selector === null ? undefined : scene.cluster.objects('Deployment').find(isOwner(scene, selector));
  const namespace = shellWord(scene.service.namespace);
  const matchLabels = found?.spec?.selector?.matchLabels ?? selector ?? {};
  const constraint = {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels },
  };
  const replicas = (found?.spec?.replicas ?? 1) < 2 ? { replicas: 2 } : {};
  const patch = JSON.stringify({ spec: { ...replicas, template: { spec: { topologySpreadConstraints: [constraint] } } } });
  return `kubectl patch deploy ${found === undefined ? 'DEPLOYMENT' : shellWord(found.metadata.name)} -n ${namespace} --type merge -p ${shellWord(patch)}`;
}

function isOwner({ service }: ServiceScene, selector: Readonly<Record<string, string>>) {
  return ({
    metadata,
    spec,
  }: {
    metadata: { namespace?: string };
    spec?: { template?: { metadata?: { labels?: Readonly<Record<string, string>> } } };
  }): boolean => (metadata.namespace ?? 'default') === service.namespace && matchesLabels(selector, spec?.template?.metadata?.labels ?? {});
}
