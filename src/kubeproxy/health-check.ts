import type { Node, Service } from '../cluster/model.ts';
import type { Fate } from './fate.ts';
import { undetermined } from './fate.ts';
import * as reasons from './reasons.ts';
import type { World } from './world.ts';

/** How a node's health-check node port answers, as far as kube-proxy itself is well. */
export interface HealthAnswer {
  readonly status: 200 | 503;
  /** Distinct addresses of ready endpoints on the node. */
  readonly localEndpoints: number;
}

/** pkg/proxy/healthcheck: 200 with at least one ready local endpoint (terminating ones do not count), else 503. */
export function healthAnswer(service: Service, node: Node): HealthAnswer {
  const local = new Set<string>();
  for (const port of service.ports) {
    for (const endpoint of port.endpoints) if (endpoint.ready && endpoint.node === node.name) local.add(endpoint.address);
  }
  return { status: local.size > 0 ? 200 : 503, localEndpoints: local.size };
}

/** A request to the health-check node port: kube-proxy's own HTTP listener on the host answers, no Service rule is involved. */
export function healthCheckFate(world: World, service: Service, node: Node | null): Fate {
  if (node === null) return undetermined('health-check node port', 'the node is not known');
  const why = world.unmodelled(node);
  if (why !== null) return undetermined(`health-check node port of node ${node.name}`, why);
  const { status, localEndpoints } = healthAnswer(service, node);
  const text = `kube-proxy on node ${node.name} answers HTTP ${status}: ${localEndpoints === 0 ? 'no' : localEndpoints} ready local endpoint${localEndpoints === 1 ? '' : 's'}`;
  return {
    kind: 'determined',
    ends: [
      {
        outcome: 'unhandled',
        then: 'host-listener',
        share: 1,
        endpoint: null,
        source: null,
        httpStatus: status,
        reasons: [reasons.plain(status === 200 ? 'health-check-200' : 'health-check-503', text)],
      },
    ],
  };
}
