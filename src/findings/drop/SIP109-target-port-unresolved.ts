import { defineServiceRule, type Fact } from '../types.ts';
import { getPods, nameList, plural } from '../words.ts';
import { type Resolution, resolutions } from './selected.ts';

/** API validation allows container port names of at most 15 characters. */
const LONGEST_NAME = 15;

interface Unresolved extends Fact {
  readonly resolution: Resolution;
}

/** A named targetPort is looked up in each pod's containers, by name and protocol; a pod without it is no endpoint of that port. */
export const targetPortUnresolved = defineServiceRule<Unresolved>({
  id: 'target-port-unresolved',
  title: 'no container of the selected pods has the port that targetPort names',
  severity: 'error',
  needs: ['Pod'],
  anyDataplane: true,
  detect: (scene) =>
    resolutions(scene)
      .filter(({ pods, unresolved }) => pods > 0 && unresolved.length > 0)
      .map((resolution) => ({
        severity: resolution.unresolved.length === resolution.pods ? 'error' : 'warning',
        key: resolution.port,
        field: `spec.ports.${scene.service.ports.findIndex(({ name, port }) => (name === '' ? String(port) : name) === resolution.port)}.targetPort`,
        objects: resolution.unresolved
          .slice(0, 10)
          .map(({ metadata }) => ({ kind: 'Pod', name: metadata.name, namespace: metadata.namespace ?? scene.service.namespace })),
        resolution,
      })),
  tell: ({ resolution }, scene) => {
    const { port, targetPort, protocol, pods, unresolved, otherProtocol } = resolution;
    const who = unresolved.length === pods ? 'none of its pods' : `${unresolved.length} of ${plural(pods, 'pod')}`;
    return {
      message: `port ${port} of ${scene.key} leads to targetPort "${targetPort}", which ${who} ${unresolved.length === pods ? 'has' : 'lack'}: ${unresolved.length === pods ? 'connections are refused' : 'these pods get no traffic'}`,
      why:
        otherProtocol !== null
          ? `a container has a port of that name with protocol ${otherProtocol}, and the Service asks for ${protocol}`
          : targetPort.length > LONGEST_NAME
            ? `a port name has at most ${LONGEST_NAME} characters, so no container can have this one`
            : `no container port of ${nameList(unresolved.map(({ metadata }) => metadata.name))} has that name with protocol ${protocol}`,
      remedy: `Name the container's port so, or give targetPort its number; the names that are there: ${getPods(scene)} -o jsonpath='{range .items[*]}{.metadata.name}{" "}{.spec.containers[*].ports}{"\\n"}{end}'`,
    };
  },
});
