import { refusedClaims, slotsOfPorts } from '../claims.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { getPods, kubectlOn, nameList, onPorts, plural, verb } from '../words.ts';
import { livingPods, resolutions, scaledToZero, selectorOf } from './selected.ts';

interface Refused extends Fact {
  readonly ports: readonly string[];
  readonly all: number;
  readonly cause: string;
}

/** No endpoint of a port is ready, or terminating and still serving: kube-proxy rejects (ICMP port unreachable), on every node. */
export const noUsableEndpoints = defineServiceRule<Refused>({
  id: 'no-usable-endpoints',
  title: 'no endpoint can take traffic: every connection is refused',
  severity: 'error',
  needs: ['EndpointSlice'],
  anyDataplane: true,
  foldsUnder: ['selector-matches-nothing'],
  detect: (scene) => {
    const unresolved = new Set(
      resolutions(scene)
        .filter(({ pods, unresolved: bad }) => pods > 0 && bad.length === pods)
        .map(({ port }) => port),
    );
    const ports = scene.service.ports.filter((port) => {
      const slots = scene.slots().filter((slot) => slot.port === port);
      return (
        slots.length > 0 &&
        slots.every((slot) => slot.usable.length === 0) &&
        !unresolved.has(port.name === '' ? String(port.port) : port.name)
      );
    });
    if (ports.length === 0) return [];
    const zero = scaledToZero(scene);
    return [
      {
        severity: zero !== null ? 'info' : selectorOf(scene) === null ? 'warning' : 'error',
        field: 'spec.selector',
        ports: ports.map((port) => (port.name === '' ? String(port.port) : port.name)),
        all: scene.service.ports.length,
        cause: zero === null ? causeOf(scene) : `${zero} is scaled to zero`,
      },
    ];
  },
  claims: ({ ports }, scene) => refusedClaims(scene, slotsOfPorts(scene, ports)),
  tell: ({ ports, all, cause }, scene) => ({
    message: `no endpoint of ${scene.key} can take traffic${onPorts(ports, all)}: ${outcome(scene)}`,
    why: cause,
    remedy:
      selectorOf(scene) === null
        ? `Write EndpointSlices for it, or give it a selector: ${kubectlOn(scene.service, 'describe')}`
        : `Find out why no pod is ready: ${getPods(scene)} -o wide`,
  }),
});

/** kube-proxy rejects; of other data planes some drop. */
function outcome({ cluster }: ServiceScene): string {
  return cluster.plane === 'unknown' ? 'connections fail' : 'connections are refused';
}

function causeOf(scene: ServiceScene): string {
  const endpoints = scene.service.ports.flatMap((port) => port.endpoints);
  const going = endpoints.filter(({ terminating }) => terminating).length;
  if (going > 0 && going === endpoints.length) return 'all endpoints are terminating and serve no more';
  if (selectorOf(scene) === null)
    return endpoints.length === 0
      ? 'it has no selector, and nobody has written EndpointSlices for it'
      : 'it has no selector, and none of the endpoints that were written for it is ready';
  if (!scene.cluster.has('Pod'))
    return endpoints.length === 0 ? 'it has no endpoints at all' : `none of its ${plural(endpoints.length, 'endpoint')} is ready`;
  const pods = livingPods(scene);
  if (pods.length === 0) return 'its selector picks no pod that runs';
  const states = new Map<string, number>();
  for (const { status } of pods) {
    const waiting = status?.containerStatuses?.[0]?.state.waiting.reason;
    const ready = (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');
    const state = waiting ?? (status?.phase === 'Pending' ? 'Pending' : ready ? 'Ready, but in no EndpointSlice' : 'not Ready');
    states.set(state, (states.get(state) ?? 0) + 1);
  }
  const told = [...states].map(([state, count]) => `${count} ${state}`);
  return `its selector picks ${plural(pods.length, 'pod')}, and ${verb(pods.length, 'it is', 'they are')} not usable: ${nameList(told)}`;
}
