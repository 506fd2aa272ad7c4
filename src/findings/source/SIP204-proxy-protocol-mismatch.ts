import type { ServicePort } from '../../cluster/model.ts';
import { type Controller, controllerOf } from '../scene/controller.ts';
import { type Edge, edgeOf } from '../scene/edge.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { onPorts, shellWord } from '../words.ts';

interface Mismatch extends Fact {
  readonly side: 'load-balancer' | 'controller';
  readonly controller: string;
  readonly setting: string;
  readonly config: { readonly namespace: string; readonly name: string } | null;
  /** The load balancer's annotation, or how it is known that it adds no header. */
  readonly edge: string;
  readonly ports: readonly string[];
  readonly slots: number;
  readonly isImpossible: boolean;
}

/** Providers whose load balancers add the header only by an annotation that is in the table of scene/edge.ts. */
const BY_ANNOTATION: ReadonlySet<string> = new Set([
  'aws-nlb',
  'aws-classic',
  'digitalocean',
  'hetzner',
  'openstack',
  'scaleway',
  'linode',
]);

/** The header is either sent and read, or neither: one side alone breaks every connection. */
export const proxyProtocolMismatch = defineServiceRule<Mismatch>({
  id: 'proxy-protocol-mismatch',
  title: 'the load balancer and the ingress controller disagree about the PROXY header',
  severity: 'error',
  anyDataplane: true,
  needs: [],
  foldsUnder: ['no-usable-endpoints', 'lb-pending'],
  detect: (scene) => {
    const controller = controllerOf(scene);
    if (controller === null || scene.service.ingress.length === 0) return [];
    const edge = edgeOf(scene.service, scene.provider());
    return controller.proxyProtocol === 'off'
      ? unread(scene, controller, edge)
      : controller.proxyProtocol === 'required'
        ? unsent(scene, controller, edge)
        : [];
  },
  tell: ({ side, controller, setting, config, edge, ports, slots, isImpossible }, scene) => ({
    message: `connections to ${scene.key}${onPorts(ports, slots)} break: ${side === 'load-balancer' ? `the load balancer adds a PROXY header that ${controller} does not expect` : `${controller} expects a PROXY header that nobody adds`}`,
    why: side === 'load-balancer' ? `annotation ${edge} switches the header on, and ${setting} does not` : `${setting} is on, and ${edge}`,
    remedy: isImpossible
      ? `Switch it off: ${patchConfig(setting, config, 'false')}; this load balancer keeps the client's address without it (externalTrafficPolicy Local)`
      : side === 'load-balancer'
        ? `Let ${controller} read it: ${config === null ? setting : patchConfig(setting, config, 'true')}, or take the annotation away`
        : `Switch it on at the load balancer in the same moment, or off here: ${patchConfig(setting, config, 'false')}`,
  }),
});

/** A setting is told as `KEY of ConfigMap NAMESPACE/NAME`. */
function patchConfig(setting: string, config: Mismatch['config'], value: 'true' | 'false'): string {
  const key = setting.split(' ')[0] ?? setting;
  if (config === null) return `set it to ${value} in the controller's configuration`;
  return `kubectl patch configmap ${shellWord(config.name)} -n ${shellWord(config.namespace)} --type merge -p '${JSON.stringify({ data: { [key]: value } })}'`;
}

/** Sent and not read. */
function unread(scene: ServiceScene, controller: Controller, { proxyProtocol }: Edge): Mismatch[] {
  const ports = proxyProtocol === null ? [] : httpPorts(scene).filter(({ port }) => proxyProtocol.covers(port));
  if (proxyProtocol === null || ports.length === 0) return [];
  return [
    {
      ...common(scene, controller, ports),
      ...(proxyProtocol.isSure ? {} : { confidence: 'hint', severity: 'warning' }),
      field: `metadata.annotations["${proxyProtocol.key}"]`,
      side: 'load-balancer',
      edge: proxyProtocol.key,
      isImpossible: false,
    },
  ];
}

/** Expected and not sent. In front of other load balancers something of one's own may add the header: of those nothing is claimed. */
function unsent(scene: ServiceScene, controller: Controller, { proxyProtocol }: Edge): Mismatch[] {
  const provider = scene.provider();
  if (provider === null) return [];
  const isImpossible = (provider.name === 'gcp' || provider.name === 'azure') && !hasPrivateLink(scene);
  if (!isImpossible && !BY_ANNOTATION.has(provider.name)) return [];
  const ports = httpPorts(scene).filter(({ port }) => proxyProtocol === null || !proxyProtocol.covers(port));
  if (ports.length === 0) return [];
  const edge = isImpossible
    ? `the load balancer (${provider.name}) passes packets through and cannot add it`
    : `no annotation has the load balancer (${provider.name}) add it${proxyProtocol === null ? '' : ' on these ports'}`;
  return [{ ...common(scene, controller, ports), field: 'metadata.annotations', side: 'controller', edge, isImpossible }];
}

function common({ service }: ServiceScene, { name, proxySetting, config }: Controller, ports: readonly ServicePort[]) {
  const metadata = config === null ? null : { namespace: config.metadata.namespace ?? 'default', name: config.metadata.name };
  return {
    controller: name,
    setting: proxySetting,
    config: metadata,
    objects: metadata === null ? [] : [{ kind: 'ConfigMap', ...metadata }],
    ports: ports.map((port) => (port.name === '' ? String(port.port) : port.name)),
    slots: service.ports.length,
  };
}

/** Ports of the controller's own HTTP listeners; others are TCP services with a setting of their own (`…:PROXY`). */
function httpPorts({ service }: ServiceScene): readonly ServicePort[] {
  return service.ports.filter(
    ({ protocol, port, name, targetPort }) =>
      protocol === 'TCP' && (port === 80 || port === 443 || /^https?$/.test(name) || /^https?$/.test(String(targetPort))),
  );
}

/** Azure's Private Link Service adds the header for those who come by it. */
function hasPrivateLink({ service }: ServiceScene): boolean {
  return service.annotations['service.beta.kubernetes.io/azure-pls-proxy-protocol'] === 'true';
}
