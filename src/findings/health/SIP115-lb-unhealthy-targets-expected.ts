import { entriesAmong, entryNodes } from '../reach.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, plural, shellWord, verb } from '../words.ts';
import { checksPerNode } from './annotations.ts';

interface RedByDesign extends Fact {
  readonly healthy: readonly string[];
  readonly all: number;
  readonly port: number | null;
}

/** Local policy: kube-proxy answers 503 to the health check of every node without a ready endpoint, so most targets are red by design. */
export const lbUnhealthyTargetsExpected = defineServiceRule<RedByDesign>({
  id: 'lb-unhealthy-targets-expected',
  title: 'the load balancer shows unhealthy targets by design',
  severity: 'info',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'local-no-reachable-target', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    if (!checksPerNode(scene)) return [];
    const ready = new Set(scene.endpoints().flatMap((endpoint) => (endpoint.ready && endpoint.node !== null ? [endpoint.node] : [])));
    const entries = entryNodes(scene);
    const healthy = entriesAmong(scene, ready).map((node) => node.name);
    if (healthy.length === 0 || healthy.length === entries.length) return [];
    return [
      { field: 'spec.externalTrafficPolicy', healthy: healthy.slice(0, 50), all: entries.length, port: scene.service.healthCheckNodePort },
    ];
  },
  tell: ({ healthy, all, port }, scene) => ({
    message: `${healthy.length} of ${plural(all, 'load balancer target')} of ${scene.key} ${verb(healthy.length, 'is', 'are')} expected to be healthy: ${nameList(healthy)}`,
    why: 'externalTrafficPolicy is Local: the health check asks each node whether it has a ready endpoint of its own, and the others answer 503',
    remedy:
      port === null
        ? `Nothing, as long as those that are red are the others: kubectl get endpointslices -n ${shellWord(scene.service.namespace)} -l kubernetes.io/service-name=${shellWord(scene.service.name)}`
        : `Nothing, as long as those that are red are the others; what a node answers: curl -s http://NODE-IP:${port}/healthz`,
  }),
});
