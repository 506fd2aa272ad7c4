import { type Controller, controllerOf } from '../scene/controller.ts';
import { edgeOf } from '../scene/edge.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { shellWord } from '../words.ts';

interface Trust extends Fact {
  /** open: whoever sends the header is believed; ignored: it is written anew although the load balancer fills it in. */
  readonly kind: 'open' | 'ignored';
  readonly controller: string;
  readonly setting: string;
  readonly remedy: string;
}

/** X-Forwarded-For is worth as much as those from whom it is taken. */
export const forwardedHeadersUntrustedOrOpen = defineServiceRule<Trust>({
  id: 'forwarded-headers-untrusted-or-open',
  title: 'the ingress controller believes forwarded headers of anybody, or of nobody',
  severity: 'warning',
  anyDataplane: true,
  needs: [],
  foldsUnder: ['no-usable-endpoints'],
  detect: (scene) => {
    const controller = controllerOf(scene);
    if (controller === null || !scene.isExternal) return [];
    const isHttp = edgeOf(scene.service, scene.provider()).http;
    const found =
      controller.name === 'ingress-nginx'
        ? nginx(controller, isHttp?.key ?? null)
        : controller.name === 'traefik'
          ? traefik(controller, isHttp?.key ?? null)
          : null;
    return found === null
      ? []
      : [
          {
            ...found,
            controller: controller.name,
            objects: configRef(controller),
            ...(isHttp?.isSure === false && found.kind === 'ignored' ? { confidence: 'hint' as const } : {}),
          },
        ];
  },
  tell: ({ kind, controller, setting, remedy }, scene) => ({
    message:
      kind === 'open'
        ? `clients of ${scene.key} can give themselves any address: ${controller} believes forwarded headers of everybody`
        : `${controller} of ${scene.key} throws the client's address away that the load balancer names in X-Forwarded-For`,
    why: kind === 'open' ? `${setting}, and no load balancer that would write the headers anew is known to stand in front` : setting,
    remedy,
  }),
});

type Found = Pick<Trust, 'kind' | 'setting' | 'remedy'>;

const REAL_IP = 'proxy-real-ip-cidr';

function nginx({ config }: Controller, http: string | null): Found | null {
  if (config === null) return null;
  const { data = {}, metadata } = config;
  const name = `ConfigMap ${metadata.namespace ?? 'default'}/${metadata.name}`;
  const patch = (value: Readonly<Record<string, string>>): string =>
    `kubectl patch configmap ${shellWord(metadata.name)} -n ${shellWord(metadata.namespace ?? 'default')} --type merge -p '${JSON.stringify({ data: value })}'`;
  const isUsed = data['use-forwarded-headers'] === 'true';
  const trusted = (data[REAL_IP] ?? '0.0.0.0/0').split(',').map((one) => one.trim());
  const isOpen = trusted.some((cidr) => cidr === '0.0.0.0/0' || cidr === '::/0');
  // With the PROXY header on, the same networks say whose PROXY header counts: the address itself comes from there.
  if (isUsed && isOpen && http === null && data['use-proxy-protocol'] !== 'true') {
    const setting = `${name} has use-forwarded-headers, and ${REAL_IP} ${data[REAL_IP] === undefined ? 'is not set (0.0.0.0/0)' : `is ${data[REAL_IP]}`}`;
    return { kind: 'open', setting, remedy: `Trust the networks of your load balancer or CDN alone: ${patch({ [REAL_IP]: 'LB-CIDR' })}` };
  }
  if (http === null || isUsed || data['enable-real-ip'] === 'true') return null;
  return {
    kind: 'ignored',
    setting: `annotation ${http} has the load balancer speak HTTP, and ${name} does not have use-forwarded-headers: X-Forwarded-For is written anew`,
    remedy: `Believe the load balancer, and it alone: ${patch({ 'use-forwarded-headers': 'true', [REAL_IP]: 'LB-CIDR' })}`,
  };
}

function traefik({ words }: Controller, http: string | null): Found | null {
  const insecure = words.find((word) => /^--entrypoints\.[^.]+\.(forwardedheaders|proxyprotocol)\.insecure(=true)?$/i.test(word));
  if (insecure !== undefined && http === null) {
    const option = insecure.replace(/^--/, '').replace(/\.insecure.*$/i, '');
    return {
      kind: 'open',
      setting: `its command line has ${insecure}`,
      remedy: `Name those that may be believed: --${option}.trustedIPs=LB-CIDR`,
    };
  }
  const isTold = words.some((word) => /^--entrypoints\.[^.]+\.forwardedheaders\./i.test(word));
  if (http === null || isTold || words.some((word) => /^--configfile=/i.test(word))) return null;
  return {
    kind: 'ignored',
    setting: `annotation ${http} has the load balancer speak HTTP, and no entry point of traefik has forwardedHeaders.trustedIPs: X-Forwarded-For is written anew`,
    remedy: 'Believe the load balancer, and it alone: --entryPoints.NAME.forwardedHeaders.trustedIPs=LB-CIDR',
  };
}

function configRef({ config }: Controller): Fact['objects'] & object {
  return config === null ? [] : [{ kind: 'ConfigMap', namespace: config.metadata.namespace ?? 'default', name: config.metadata.name }];
}
