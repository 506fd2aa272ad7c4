import { slotsOfPorts } from '../claims.ts';
import { edgeOf } from '../scene/edge.ts';
import { defineServiceRule } from '../types.ts';
import { kubectlOn, nameList, onPorts, verb } from '../words.ts';
import { type Bypass, bypassClaims, findBypass, hostnameAnnotation, throughBalancer } from './bypass.ts';
import { callersClause } from './words.ts';

interface WithoutTls extends Bypass {
  readonly annotation: string;
  readonly ports: readonly string[];
  readonly slots: number;
}

/** The load balancer terminates TLS, and kube-proxy leads clients in the cluster past it (KEP-1860, second motivation). */
export const hairpinTlsTerminatedAtLb = defineServiceRule<WithoutTls>({
  id: 'hairpin-tls-terminated-at-lb',
  title: 'connections from inside the cluster miss the TLS that the load balancer terminates',
  severity: 'error',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints'],
  detect: (scene) => {
    const edge = edgeOf(scene.service, scene.provider()).tls;
    if (edge === null) return [];
    const ports = scene.service.ports.filter(({ port, protocol }) => protocol === 'TCP' && edge.covers(port) && port !== 80);
    const bypass = ports.length === 0 ? null : findBypass(scene);
    if (bypass === null) return [];
    return [
      {
        ...bypass,
        callers: bypass.callers.filter(({ port }) => port === null || ports.some((one) => one.port === port)),
        // An annotation of a provider that nothing else confirms is a hint.
        confidence: edge.isSure ? bypass.confidence : 'hint',
        severity: edge.isSure && bypass.confidence === 'derived' ? 'error' : 'warning',
        field: `metadata.annotations["${edge.key}"]`,
        annotation: edge.key,
        ports: ports.map(({ name, port }) => (name === '' ? String(port) : name)),
        slots: scene.service.ports.length,
      },
    ];
  },
  claims: ({ ports }, scene) => bypassClaims(scene, slotsOfPorts(scene, ports)),
  tell: ({ addresses, annotation, ports, slots, callers }, scene) => ({
    message: `clients in the cluster that ask ${nameList(addresses)} of ${scene.key}${onPorts(ports, slots)} meet the pods' plain ${verb(ports.length, 'port', 'ports')} and not the load balancer's TLS${callersClause(callers, ', such as ')}`,
    why: `annotation ${annotation} has the load balancer terminate TLS, but kube-proxy sends connections to its address from inside straight to the pods`,
    remedy: `Send clients in the cluster through the load balancer: ${kubectlOn(scene.service, 'patch')} ${throughBalancer(scene, hostnameAnnotation(annotation))} Or let them ask ${scene.service.name}.${scene.service.namespace}.svc in plain text`,
  }),
});
