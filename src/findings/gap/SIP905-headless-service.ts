import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList } from '../words.ts';

interface Headless extends Fact {
  /** Fields that only a service proxy would act on. */
  readonly ignored: readonly string[];
}

/** clusterIP None: DNS answers with the pods' own addresses, and service proxies pass the Service over. Fires where the Service asks for what only a proxy could do. */
export const headlessService = defineServiceRule<Headless>({
  id: 'headless-service',
  title: 'a headless Service has fields that only a service proxy would act on',
  severity: 'info',
  needs: [],
  anyDataplane: true,
  unproxied: true,
  detect: (scene) => {
    if (scene.service.unproxied?.why !== 'headless') return [];
    const ignored = ignoredIn(scene);
    return ignored.length === 0 ? [] : [{ field: 'spec.clusterIP', ignored }];
  },
  tell: ({ ignored }, { key }) => ({
    message: `${nameList(ignored)} of ${key} ${ignored.length === 1 ? 'has' : 'have'} no effect: the Service is headless`,
    why: "clusterIP is None: DNS answers with the pods' addresses, clients connect to the pods themselves on their own ports, and no service proxy takes part",
    remedy:
      'Take these fields out of the manifest, or add a second Service with a clusterIP for the clients that need them (clusterIP cannot be changed in place)',
  }),
});

function ignoredIn({ service, object }: ServiceScene): string[] {
  const spec = object?.spec ?? {};
  const remapped = service.ports.some(({ port, targetPort }) => typeof targetPort === 'number' && targetPort !== port);
  return [
    ...(spec.internalTrafficPolicy === 'Local' ? ['internalTrafficPolicy Local'] : []),
    ...(spec.externalTrafficPolicy === 'Local' ? ['externalTrafficPolicy Local'] : []),
    ...(spec.sessionAffinity === 'ClientIP' ? ['sessionAffinity ClientIP'] : []),
    ...(spec.trafficDistribution === undefined ? [] : [`trafficDistribution ${spec.trafficDistribution}`]),
    ...((spec.externalIPs ?? []).length > 0 ? ['externalIPs'] : []),
    ...(remapped ? ['a targetPort that differs from port'] : []),
  ];
}
