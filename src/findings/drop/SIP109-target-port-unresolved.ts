import { refusedClaims, slotsOfPorts } from '../claims.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact, type Telling } from '../types.ts';
import { getPods, nameList, plural } from '../words.ts';
import { type Resolution, resolutions, type Undeclared, undeclaredPorts } from './selected.ts';

/** API validation allows container port names of at most 15 characters. */
const LONGEST_NAME = 15;

/** A name that no pod has is certain; a number that no pod declares is legal, and a hint. */
type Unresolved = Fact & ({ readonly resolution: Resolution } | { readonly undeclared: Undeclared });

/** A named targetPort is looked up in each pod's containers, by name and protocol; a pod without it is no endpoint of that port. */
export const targetPortUnresolved = defineServiceRule<Unresolved>({
  id: 'target-port-unresolved',
  title: 'no container of the selected pods has the port that targetPort names',
  severity: 'error',
  needs: ['Pod'],
  anyDataplane: true,
  detect: (scene) => [
    ...undeclaredPorts(scene).map((undeclared) => ({
      severity: 'info' as const,
      confidence: 'hint' as const,
      key: undeclared.port,
      field: fieldOf(scene, undeclared.port),
      undeclared,
    })),
    ...resolutions(scene)
      .filter(({ pods, unresolved }) => pods > 0 && unresolved.length > 0)
      .map((resolution) => ({
        severity: resolution.unresolved.length === resolution.pods ? ('error' as const) : ('warning' as const),
        key: resolution.port,
        field: fieldOf(scene, resolution.port),
        objects: resolution.unresolved
          .slice(0, 10)
          .map(({ metadata }) => ({ kind: 'Pod', name: metadata.name, namespace: metadata.namespace ?? scene.service.namespace })),
        resolution,
      })),
  ],
  claims: (fact, scene) => {
    if ('undeclared' in fact) return [];
    const { port, pods, unresolved } = fact.resolution;
    return unresolved.length < pods ? [] : refusedClaims(scene, slotsOfPorts(scene, [port]));
  },
  tell: (fact, scene) => {
    if ('undeclared' in fact) return tellUndeclared(fact.undeclared, scene);
    const { resolution } = fact;
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

function fieldOf({ service }: ServiceScene, label: string): string {
  return `spec.ports.${service.ports.findIndex(({ name, port }) => (name === '' ? String(port) : name) === label)}.targetPort`;
}

function tellUndeclared({ port, targetPort, declared }: Undeclared, scene: ServiceScene): Telling {
  return {
    message: `port ${port} of ${scene.key} leads to port ${targetPort}, which none of its pods declares`,
    why: `the pods declare ${nameList(declared.map(String))}; an undeclared port may well be open, but where nothing listens connections are refused`,
    remedy: `See whether something listens there (kubectl exec … -- ss -ltn, or connect to a pod directly), and declare the port or correct targetPort: ${getPods(scene)}`,
  };
}
