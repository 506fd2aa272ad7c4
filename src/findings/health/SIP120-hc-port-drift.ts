import { defineServiceRule, type Fact } from '../types.ts';
import { annotate } from '../words.ts';
import { checksPerNode, isNodePort, pinnedPorts } from './annotations.ts';

interface OldPort extends Fact {
  readonly annotation: string;
  readonly pinned: number;
  readonly current: number;
}

/** The health-check port changes when a Service is made anew or leaves Local policy for a while; an annotation that pins it does not follow. */
export const hcPortDrift = defineServiceRule<OldPort>({
  id: 'hc-port-drift',
  title: 'the load balancer checks a port that the Service had before',
  severity: 'warning',
  needs: [],
  detect: (scene) => {
    const current = scene.service.healthCheckNodePort;
    if (!checksPerNode(scene) || current === null) return [];
    const own = new Set(scene.service.ports.map(({ nodePort }) => nodePort));
    return pinnedPorts(scene)
      .filter(({ port }) => isNodePort(port) && port !== current && !own.has(port))
      .map(({ key, port }) => ({ confidence: 'observed', key, field: `metadata.annotations`, annotation: key, pinned: port, current }));
  },
  tell: ({ annotation, pinned, current }, scene) => ({
    message: `the load balancer of ${scene.key} is told to check port ${pinned}, and the Service's health-check port is ${current}`,
    why: `annotation ${annotation} pins a port that nobody answers on any more, so all targets look unhealthy`,
    remedy: `Take the annotation away, and pin spec.healthCheckNodePort in the manifest when the Service is made: ${annotate(scene, `${annotation}-`)}`,
  }),
});
