import type { PodObject } from '../../cluster/objects.ts';
import { nearMatches } from '../../net/near.ts';
import { refusedClaims } from '../claims.ts';
import { matchesLabels } from '../scene/selector.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { kubectlOn, nameList, shellWord } from '../words.ts';
import { livingPods, scaledToZero, selectorOf } from './selected.ts';

type Labels = Readonly<Record<string, string>>;

interface NothingPicked extends Fact {
  readonly selector: string;
  readonly near: Near | null;
}

type Near =
  | { readonly what: 'label'; readonly key: string; readonly wanted: string; readonly has: string | null; readonly pod: string }
  | { readonly what: 'namespace'; readonly namespaces: readonly string[] };

/** A selector that picks no pod: nothing will ever make the Service answer until one of the two is changed. */
export const selectorMatchesNothing = defineServiceRule<NothingPicked>({
  id: 'selector-matches-nothing',
  title: "the Service's selector picks no pod",
  severity: 'error',
  needs: ['Pod'],
  anyDataplane: true,
  detect: (scene) => {
    const selector = selectorOf(scene);
    if (selector === null || livingPods(scene).length > 0) return [];
    // Endpoints without pods: somebody writes them in spite of the selector, or the pods were not read.
    if (scene.service.ports.some((port) => port.endpoints.length > 0) || scaledToZero(scene) !== null) return [];
    return [{ field: 'spec.selector', selector: textOf(selector), near: nearest(scene, selector) }];
  },
  claims: (_, scene) => refusedClaims(scene, scene.slots()),
  tell: ({ selector, near }, scene) => ({
    message: `the selector of ${scene.key} (${selector}) picks no pod: it has no endpoints, connections are refused`,
    why: whyOf(near, scene),
    remedy:
      near?.what === 'label'
        ? `Make selector and labels agree: ${kubectlOn(scene.service, 'patch')} --type merge -p ${shellWord(JSON.stringify({ spec: { selector: { [near.key]: near.has } } }))}`
        : `Compare the selector with the labels that pods have: kubectl get pods -n ${shellWord(scene.service.namespace)} --show-labels`,
  }),
});

function whyOf(near: Near | null, { service }: ServiceScene): string {
  if (near === null) return `no pod of namespace ${service.namespace} has these labels, nor any that come near`;
  if (near.what === 'namespace')
    return `pods with these labels are in ${nameList(near.namespaces)}, but a Service picks pods of its own namespace only`;
  return near.has === null
    ? `pod ${near.pod} has all of these labels but ${near.key}`
    : `pod ${near.pod} has all of these labels but ${near.key}, which is ${near.has} there and ${near.wanted} in the selector`;
}

function textOf(selector: Labels): string {
  return Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** Pods that lack one label only, those with a similar value first; then pods of other namespaces. */
function nearest(scene: ServiceScene, selector: Labels): Near | null {
  const { pods } = scene.cluster;
  for (const [key, wanted] of Object.entries(selector)) {
    const others = Object.fromEntries(Object.entries(selector).filter(([name]) => name !== key));
    const candidates =
      Object.keys(others).length === 0 ? pods().inNamespace(scene.service.namespace) : pods().selected(scene.service.namespace, others);
    const found = candidates.filter((pod) => pod.metadata.labels?.[key] !== undefined);
    const values = found.map((pod) => pod.metadata.labels?.[key] ?? '');
    const best = nearMatches(wanted, values, 1)[0] ?? (Object.keys(others).length > 0 ? values[0] : undefined);
    const pod = found.find((one) => one.metadata.labels?.[key] === best);
    if (best !== undefined && pod !== undefined) return { what: 'label', key, wanted, has: best, pod: pod.metadata.name };
  }
  const elsewhere = namespacesOf(scene.cluster.pods().all, selector);
  return elsewhere.length === 0 ? null : { what: 'namespace', namespaces: elsewhere };
}

function namespacesOf(pods: readonly PodObject[], selector: Labels): string[] {
  const found = new Set<string>();
  for (const { metadata } of pods) if (matchesLabels(selector, metadata.labels ?? {})) found.add(metadata.namespace ?? 'default');
  return [...found].slice(0, 3);
}
