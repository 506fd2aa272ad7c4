import { usableSlots } from '../claims.ts';
import { controllerOf } from '../scene/controller.ts';
import { edgeOf } from '../scene/edge.ts';
import { hasHairpinProxy } from '../scene/names.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Severity } from '../types.ts';
import { kubectlOn, nameList } from '../words.ts';
import { type Bypass, bypassClaims, findBypass, hostnameAnnotation, throughBalancer } from './bypass.ts';
import { callersClause } from './words.ts';

interface WithoutHeader extends Bypass {
  /** Who wants the header: the load balancer's annotation, the controller's setting, or both. */
  readonly signs: readonly string[];
  readonly hostname: string | null;
  readonly isOptional: boolean;
}

/** kube-proxy takes the load balancer's address for its own (kubernetes/kubernetes#66607): what it would have put in front of each connection is missing. */
export const hairpinProxyProtocolBypass = defineServiceRule<WithoutHeader>({
  id: 'hairpin-proxy-protocol-bypass',
  title: 'connections from inside the cluster lack the PROXY header',
  severity: 'error',
  needs: ['EndpointSlice'],
  foldsUnder: ['no-usable-endpoints', 'proxy-protocol-mismatch'],
  detect: (scene) => {
    const controller = controllerOf(scene);
    const edge = edgeOf(scene.service, scene.provider()).proxyProtocol;
    const isRequired = controller?.proxyProtocol === 'required';
    if ((edge === null && !isRequired) || controller?.proxyProtocol === 'off' || hasHairpinProxy(scene)) return [];
    const bypass = findBypass(scene);
    if (bypass === null) return [];
    const isOptional = controller?.proxyProtocol === 'optional';
    // What an unknown application makes of a missing header is its own matter: some read it where it comes, most insist.
    const severity: Severity = isOptional ? 'info' : isRequired ? 'error' : 'warning';
    return [
      {
        ...bypass,
        // An annotation that nothing else confirms is a hint.
        confidence: isRequired || edge?.isSure === true ? bypass.confidence : 'hint',
        severity,
        signs: signsOf(scene, isRequired),
        hostname: hostnameAnnotation(edge?.key ?? ''),
        isOptional,
        field: edge === null ? 'status.loadBalancer.ingress' : `metadata.annotations["${edge.key}"]`,
      },
    ];
  },
  claims: (_, scene) => bypassClaims(scene, usableSlots(scene)),
  tell: ({ addresses, callers, signs, hostname, isOptional }, scene) => ({
    message: `clients in the cluster that ask ${nameList(addresses)} of ${scene.key} come without the PROXY header${isOptional ? ', so their connections show their own addresses' : ' and fail'}${callersClause(callers, ', such as ')}`,
    why: `${signs.join(' and ')}, but kube-proxy sends connections to the load balancer's address from inside straight to the pods, with either externalTrafficPolicy`,
    remedy: `Send clients in the cluster through the load balancer: ${kubectlOn(scene.service, 'patch')} ${throughBalancer(scene, hostname)} Or give the controller a second port without PROXY for clients inside (they lack the header at the clusterIP, too)`,
  }),
});

function signsOf(scene: ServiceScene, isRequired: boolean): string[] {
  const edge = edgeOf(scene.service, scene.provider()).proxyProtocol;
  const controller = controllerOf(scene);
  return [
    ...(edge === null ? [] : [`annotation ${edge.key} has the load balancer add the header`]),
    ...(isRequired && controller !== null ? [`${controller.name} insists on it (${controller.proxySetting})`] : []),
  ];
}
