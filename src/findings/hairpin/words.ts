import type { Caller } from '../scene/callers.ts';
import { namesOf } from '../scene/names.ts';
import type { ServiceScene } from '../scene.ts';
import { nameList, plural } from '../words.ts';

/** `web.ns1.svc`: what clients in the cluster should ask for. */
export function inside({ service }: ServiceScene): string {
  return `${service.name}.${service.namespace}.svc`;
}

/** Lets clients in the cluster resolve a host to the Service: no address outside is involved any more. */
export function rewriteAdvice(scene: ServiceScene): string {
  const host = namesOf(scene.cluster)
    .hostsOf(scene.service)
    .find((name) => !name.startsWith('*'));
  const line =
    host === undefined
      ? ''
      : `, or let the cluster's DNS answer so for the outside name (CoreDNS: rewrite name ${host} ${inside(scene)}.cluster.local)`;
  return `Let clients in the cluster ask ${inside(scene)}${line}`;
}

/** `; among them pod shop/api-0 (env API_URL names app.example.com)`; nothing without callers. */
export function callersClause(callers: readonly Caller[], lead: string): string {
  const [first] = callers;
  if (first === undefined) return '';
  const more = callers.length === 1 ? '' : ` and ${callers.length - 1} more`;
  return `${lead}${first.who} (${first.how})${more}`;
}

/** `on every node`, `on 2 of 4 nodes (node2, node4)`. */
export function onNodes(nodes: readonly string[], all: number): string {
  return nodes.length === all
    ? all === 1
      ? `on ${nodes[0] ?? ''}`
      : 'on every node'
    : `on ${nodes.length} of ${plural(all, 'node')} (${nameList(nodes)})`;
}
