import type { Front } from '../scene/fronts.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';

interface Bypassed extends Fact {
  readonly evidence: string;
}

const ALB_TARGET = 'alb.ingress.kubernetes.io/target-type';
const NEG = 'cloud.google.com/neg';

/** The load balancer sends to the pods themselves, so that node ports, externalTrafficPolicy and the health-check node port play no part (kubernetes-sigs/aws-load-balancer-controller #1714). */
export const lbBypassesNodeports = defineServiceRule<Bypassed>({
  id: 'lb-bypasses-nodeports',
  title: 'the load balancer sends to the pods themselves',
  severity: 'info',
  needs: [],
  anyDataplane: true,
  detect: (scene) => {
    if (!scene.isExternal) return [];
    const evidence = scene.service.type === 'LoadBalancer' ? byProvider(scene) : byIngress(scene);
    return evidence === null ? [] : [{ evidence }];
  },
  tell: ({ evidence }, { key }) => ({
    message: `the load balancer of ${key} sends to the pods themselves, past node ports and kube-proxy`,
    why: `${evidence}: externalTrafficPolicy, health-check node port and the nodes' rules have no influence on its traffic, so no verdict about nodes applies to it`,
    remedy:
      "Look at the health of its targets (the pods) instead; whether pods see the client is the load balancer's own setting (AWS NLB: target-group attribute preserve_client_ip.enabled)",
  }),
});

function byProvider(scene: ServiceScene): string | null {
  const provider = scene.provider();
  return provider?.target === 'pod' ? `${provider.name} (${provider.evidence}) has the pods' addresses as its targets` : null;
}

/** Every way in from outside that is known is an Ingress whose controller sends to pods; node ports may still be asked by others, of which nothing tells. */
function byIngress({ service, cluster }: ServiceScene): string | null {
  const fronts = service.type === 'NodePort' ? cluster.fronts().backedBy(service) : [];
  const ingresses = fronts.filter(({ kind }) => kind === 'Ingress');
  if (ingresses.length === 0 || !ingresses.every((front) => sendsToPods(front, service.annotations[NEG]))) return null;
  const [first] = ingresses;
  return `Ingress ${first?.namespace}/${first?.name} has its load balancer send to pods`;
}

function sendsToPods({ annotations, via }: Front, neg: string | undefined): boolean {
  if (annotations[ALB_TARGET] === 'ip') return true;
  const [className] = via;
  return (className === undefined || /^gce/.test(className)) && neg !== undefined && /"ingress"\s*:\s*true/.test(neg);
}
