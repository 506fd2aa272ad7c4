import type { Service } from '../../cluster/model.ts';
import { serviceKey } from '../../cluster/model.ts';
import type { Front } from '../scene/fronts.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { kubectlOn } from '../words.ts';
import { seenBy } from './sees.ts';

interface Misplaced extends Fact {
  readonly controller: Service;
  /** `Ingress ns1/web`. */
  readonly front: string;
  /** The Service has an address of its own beside: for those who come by it the policy is right. */
  readonly hasOwnClients: boolean;
}

/** Behind an ingress the pod's client is the ingress controller: the policy of the controller's Service decides what that one sees. */
export const localOnWrongService = defineServiceRule<Misplaced>({
  id: 'local-on-wrong-service',
  title: "Local policy is set on a Service behind an ingress, and not on the ingress controller's",
  severity: 'warning',
  needs: ['Ingress', 'IngressClass'],
  foldsUnder: ['no-usable-endpoints'],
  detect: (scene) => {
    if (!scene.isLocal) return [];
    const fronts = scene.cluster.fronts();
    for (const front of fronts.backedBy(scene.service)) {
      const controllers = fronts.controllersOf(front);
      const [controller] = controllers;
      if (controller === undefined || controllers.some((one) => one === scene.service || !hidesClients(scene, one))) continue;
      const evidence = fronts.servedBy(controller).find((one) => isSame(one, front))?.evidence;
      const hasOwnClients = scene.service.ingress.length > 0 || scene.service.externalIPs.length > 0;
      return [
        {
          severity: hasOwnClients ? 'info' : 'warning',
          confidence: evidence === 'status' ? 'derived' : 'hint',
          objects: [
            { kind: 'Service', namespace: controller.namespace, name: controller.name },
            { kind: front.kind, namespace: front.namespace, name: front.name },
          ],
          field: 'spec.externalTrafficPolicy',
          controller,
          front: `${front.kind} ${front.namespace}/${front.name}`,
          hasOwnClients,
        },
      ];
    }
    return [];
  },
  tell: ({ controller, front, hasOwnClients }, scene) => ({
    message: `externalTrafficPolicy Local of ${scene.key} shows nothing of clients that come by ${front}: the ingress controller's Service ${serviceKey(controller)} hides them`,
    why: `the pods' client is the ingress controller, and clients' addresses are lost before it: its own Service has externalTrafficPolicy Cluster${hasOwnClients ? `; only who comes by ${scene.key}'s own address is seen` : ''}`,
    remedy: `Set it there: ${kubectlOn(controller, 'patch')} --type merge -p '{"spec":{"externalTrafficPolicy":"Local"}}', and let the application read X-Forwarded-For`,
  }),
});

/** Nothing else brings the address back: neither a PROXY header nor a load balancer that speaks HTTP, and none that loses it earlier. */
function hidesClients(scene: ServiceScene, controller: Service): boolean {
  if (controller.externalTrafficPolicy !== 'Cluster') return false;
  const seen = seenBy(scene.cluster.scene(controller));
  return (
    (seen.kind === 'other' && seen.by === 'kube-proxy') ||
    (seen.kind === 'unknown' && scene.cluster.plane !== 'unknown' && !hasEndpoints(controller))
  );
}

function hasEndpoints({ ports }: Service): boolean {
  return ports.some(({ endpoints }) => endpoints.length > 0);
}

function isSame(one: Front, other: Front): boolean {
  return one.kind === other.kind && one.name === other.name && one.namespace === other.namespace;
}
