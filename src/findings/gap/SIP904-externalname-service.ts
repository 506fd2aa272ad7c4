import { defineServiceRule, type Fact } from '../types.ts';
import { shellWord } from '../words.ts';

interface Alias extends Fact {
  readonly target: string;
  /** Fields that somebody may think work. */
  readonly isRemapped: boolean;
}

/** type ExternalName is a DNS CNAME; service proxies pass it over (pkg/proxy/util ShouldSkipService). */
export const externalNameService = defineServiceRule<Alias>({
  id: 'externalname-service',
  title: 'an ExternalName Service is a DNS alias and nothing else',
  severity: 'info',
  needs: [],
  anyDataplane: true,
  unproxied: true,
  detect: ({ service }) => {
    if (service.unproxied?.why !== 'ExternalName') return [];
    const isRemapped = service.ports.some(({ port, targetPort }) => targetPort !== port);
    return [{ field: 'spec.externalName', target: service.unproxied.externalName, isRemapped }];
  },
  tell: ({ target, isRemapped }, { key, service }) => ({
    message: `${key} is only a DNS name for ${JSON.stringify(target)}: no service proxy handles its traffic`,
    why: `type ExternalName makes a CNAME record${isRemapped ? '; its targetPort is not applied, because nothing translates ports' : ''}; policies, node ports and load balancer fields have no effect, and clients see the target's own address`,
    remedy: `Ask about the target instead (kubectl run -it --rm ask --image=busybox --restart=Never -- nslookup ${shellWord(service.name)}.${shellWord(service.namespace)}); for ports or policies use a Service without selector and an EndpointSlice`,
  }),
});
