import { kubectlOn } from './command.ts';
import type { NoteContext } from './note-context.ts';
import type { Note } from './report.ts';

const OPENSHIFT_FALLBACK = 'traffic-policy.network.alpha.openshift.io/local-with-fallback';

/** Notes about what stands in front of the nodes. */
export function balancerNotes(context: NoteContext): Note[] {
  return [
    ...pending(context),
    ...hostnameOnly(context),
    ...ipModeProxy(context),
    ...balancerHidesClient(context),
    ...podTargets(context),
    ...announcer(context),
    ...proxyProtocol(context),
    ...fallbackAnnotation(context),
  ];
}

function pending({ service }: NoteContext): Note[] {
  if (service.type !== 'LoadBalancer' || service.ingress.length > 0) return [];
  const who = service.loadBalancerClass === null ? '' : ` (loadBalancerClass ${service.loadBalancerClass})`;
  return [
    {
      id: 'lb-pending',
      severity: 'warning',
      text: `The load balancer has no address yet${who}: until status.loadBalancer.ingress is filled, only node ports and the clusterIP work.`,
      remedy: `See the events: ${kubectlOn(service, 'describe')}`,
    },
  ];
}

function hostnameOnly({ service }: NoteContext): Note[] {
  const entries = service.ingress;
  if (entries.length === 0 || entries.some((entry) => entry.ip !== null)) return [];
  const names = entries.map((entry) => entry.hostname).filter((name) => name !== null);
  const local = service.externalTrafficPolicy === 'Local';
  return [
    {
      id: 'lb-hostname-only',
      severity: 'info',
      text: `The status has only a hostname (${names.join(', ')}): kube-proxy writes no rule for the load balancer. In-cluster clients that use that name resolve it, leave the cluster with their packet, and come back through the load balancer as outside clients${local ? ': they are then served by nodes with a local endpoint only, like everyone else' : ''}.`,
    },
  ];
}

function ipModeProxy({ service }: NoteContext): Note[] {
  const ips = service.ingress.filter((entry) => entry.ipMode === 'Proxy' && entry.ip !== null).map((entry) => entry.ip);
  if (ips.length === 0) return [];
  return [
    {
      id: 'ipmode-proxy',
      severity: 'info',
      text: `ipMode Proxy: kube-proxy (from 1.30) does not capture ${ips.join(', ')}; in-cluster clients go out to the load balancer and come back as its clients.`,
    },
  ];
}

function balancerHidesClient({ provider }: NoteContext): Note[] {
  if (provider?.source !== 'load-balancer') return [];
  return [
    {
      id: 'lb-is-a-proxy',
      severity: 'info',
      text: `The load balancer (${provider.name}) opens connections of its own: what the nodes take for the client is an address of the load balancer, with either policy.`,
      remedy: "PROXY protocol at the load balancer and in the pods brings the client's address back",
    },
  ];
}

function podTargets({ provider }: NoteContext): Note[] {
  if (provider?.target !== 'pod') return [];
  return [
    {
      id: 'lb-targets-pods',
      severity: 'info',
      text: `The load balancer (${provider.name}) sends to the pods themselves: its traffic passes no node port and no rule of kube-proxy, and externalTrafficPolicy has no influence on it.`,
    },
  ];
}

function announcer({ service, provider }: NoteContext): Note[] {
  if (provider?.choice !== 'announcer') return [];
  return [
    {
      id: 'lb-announcer',
      severity: 'info',
      text: `${provider.name} announces the address from a node (in layer 2 mode one at a time): all traffic enters there. Which node it is does not show in the Service.`,
      remedy: `${kubectlOn(service, 'describe')} (events name the announcing node)`,
    },
  ];
}

/** An annotation that turns on the PROXY header, while kube-proxy sends in-cluster clients past the load balancer. */
function proxyProtocol({ service }: NoteContext): Note[] {
  const key = Object.keys(service.annotations).find((name) => /proxy-?protocol/i.test(name) && service.annotations[name] !== 'false');
  const captured = service.ingress.some((entry) => entry.ip !== null && entry.ipMode !== 'Proxy');
  if (key === undefined || !captured) return [];
  return [
    {
      id: 'hairpin-proxy-protocol-bypass',
      severity: 'warning',
      text: `The load balancer adds a PROXY header (${key}), but kube-proxy sends in-cluster clients of the LB IP straight to the pods: their connections arrive without the header.`,
      remedy: 'Let the provider set ipMode Proxy or a hostname in the status, or call the clusterIP from inside',
    },
  ];
}

function fallbackAnnotation({ service }: NoteContext): Note[] {
  if (service.annotations[OPENSHIFT_FALLBACK] === undefined || service.externalTrafficPolicy !== 'Local') return [];
  return [
    {
      id: 'openshift-local-with-fallback',
      severity: 'warning',
      text: `Annotation ${OPENSHIFT_FALLBACK} asks OpenShift's own proxy to use any endpoint where a node has none. Upstream kube-proxy, which is modelled here, drops there; a build that honours the annotation delivers instead.`,
      remedy: "Pull the nodes' rules to see which of the two your nodes do",
    },
  ];
}
