import type { ConfigMapObject, ContainerObject, PodObject } from '../../cluster/objects.ts';
import { isRecord } from '../../cluster/shape.ts';
import type { ServiceScene } from '../scene.ts';
import { customOf } from './custom.ts';
import { perService } from './per-cluster.ts';

/** The ingress controller that a Service belongs to, and what its configuration makes of clients' addresses. */
export interface Controller {
  readonly name: string;
  /** required: connections without a PROXY header fail; optional: it is read where it comes; null: its configuration was not read. */
  readonly proxyProtocol: 'required' | 'optional' | 'off' | null;
  /** What sets it: `use-proxy-protocol of ConfigMap ingress-nginx/ingress-nginx-controller`. */
  readonly proxySetting: string;
  /** Its ConfigMap, where it has one that was read. */
  readonly config: ConfigMapObject | null;
  /** Command line, settings from the environment included: `--entrypoints.web.proxyprotocol=true`. */
  readonly words: readonly string[];
}

interface Known {
  readonly name: string;
  /** Of the image's repository. */
  readonly image: RegExp;
  read(found: Found): Pick<Controller, 'proxyProtocol' | 'proxySetting'>;
}

interface Found {
  readonly config: ConfigMapObject | null;
  readonly words: readonly string[];
  /** It was started without a ConfigMap: its defaults hold. */
  readonly hasDefaults: boolean;
}

const KNOWN: readonly Known[] = [
  { name: 'F5 nginx-ingress', image: /(^|\/)nginx\/nginx(-plus)?-ingress$/, read: byKey('proxy-protocol') },
  {
    name: 'ingress-nginx',
    image: /(^|\/)(ingress-nginx\/controller(-chroot)?|nginx-ingress-controller(-[a-z0-9]+)?)$/,
    read: byKey('use-proxy-protocol'),
  },
  { name: 'traefik', image: /(^|\/)(traefik|mirrored-library-traefik)$/, read: traefik },
  { name: 'haproxy-ingress', image: /(^|\/)haproxy-ingress$/, read: byKey('use-proxy-protocol') },
];

/** The controller behind a Service by its pods' images; null: none that is known. */
export const controllerOf: (scene: ServiceScene) => Controller | null = perService((scene) => {
  const envoy = envoyGateway(scene);
  if (envoy !== null) return envoy;
  for (const pod of scene.selected()) {
    for (const container of pod.spec?.containers ?? []) {
      const repository = repositoryOf(container.image ?? '');
      const known = KNOWN.find(({ image }) => image.test(repository));
      if (known !== undefined) return controller(scene, known, pod, container);
    }
  }
  return null;
});

function controller(scene: ServiceScene, { name, read }: Known, pod: PodObject, container: ContainerObject): Controller {
  const words = wordsOf(container);
  const named = configNamed(words, pod.metadata.namespace ?? 'default');
  const config = named === null ? null : scene.cluster.object('ConfigMap', named.name, named.namespace);
  return { name, config, words, ...read({ config, words, hasDefaults: named === null }) };
}

function repositoryOf(image: string): string {
  const bare = image.split('@')[0] ?? '';
  return bare.lastIndexOf(':') > bare.lastIndexOf('/') ? bare.slice(0, bare.lastIndexOf(':')) : bare;
}

function wordsOf({ command = [], args = [], env = [] }: ContainerObject): string[] {
  const settings = env.flatMap(({ name, value }) =>
    name.startsWith('TRAEFIK_') ? [`--${name.slice('TRAEFIK_'.length).replaceAll('_', '.')}=${value ?? ''}`] : [],
  );
  return [...command, ...args, ...settings];
}

/** `--configmap=$(POD_NAMESPACE)/NAME`; `-nginx-configmaps` is F5's word for it. */
function configNamed(words: readonly string[], own: string): { readonly namespace: string; readonly name: string } | null {
  for (const word of words) {
    const [, namespace, name] = /^--?(?:nginx-)?configmaps?=(?:([^/]+)\/)?(.+)$/.exec(word) ?? [];
    if (name !== undefined) return { namespace: namespace === undefined || namespace.startsWith('$') ? own : namespace, name };
  }
  return null;
}

function byKey(key: string): Known['read'] {
  return ({ config, hasDefaults }) => {
    const value = config?.data?.[key]?.trim().toLowerCase();
    if (config === null) return { proxyProtocol: hasDefaults ? 'off' : null, proxySetting: key };
    const { namespace = 'default', name } = config.metadata;
    return { proxyProtocol: value === 'true' ? 'required' : 'off', proxySetting: `${key} of ConfigMap ${namespace}/${name}` };
  };
}

/** Traefik reads the header where a trusted address sends it, and never insists (pires/go-proxyproto, policy USE). */
function traefik({ words }: Found): Pick<Controller, 'proxyProtocol' | 'proxySetting'> {
  const word = words.find((one) => /^--entrypoints\.[^.]+\.proxyprotocol\b/i.test(one) && !/=false$/i.test(one));
  const elsewhere = words.some((one) => /^--configfile=/i.test(one));
  if (word !== undefined) return { proxyProtocol: 'optional', proxySetting: word };
  return { proxyProtocol: elsewhere ? null : 'off', proxySetting: 'entryPoints.NAME.proxyProtocol' };
}

const OWNER = 'gateway.envoyproxy.io/owning-gateway';

/** Envoy Gateway labels the Services that it makes; a ClientTrafficPolicy on the Gateway says whether the header is read. */
function envoyGateway({ service, cluster }: ServiceScene): Controller | null {
  const [name, namespace] = [service.labels[`${OWNER}-name`], service.labels[`${OWNER}-namespace`]];
  if (name === undefined || namespace === undefined) return null;
  const policy = customOf(cluster, 'ClientTrafficPolicy').find(
    ({ metadata, spec = {} }) => metadata.namespace === namespace && targets(spec).includes(name),
  );
  const base = { name: 'Envoy Gateway', config: null, words: [] };
  const proxySetting = `enableProxyProtocol of a ClientTrafficPolicy for Gateway ${namespace}/${name}`;
  if (policy === undefined) return { ...base, proxySetting, proxyProtocol: cluster.has('ClientTrafficPolicy') ? 'off' : null };
  const { enableProxyProtocol, proxyProtocol } = policy.spec ?? {};
  const isOptional = isRecord(proxyProtocol) && proxyProtocol['optional'] === true;
  const isOn = enableProxyProtocol === true || isRecord(proxyProtocol);
  return {
    ...base,
    proxySetting: `enableProxyProtocol of ClientTrafficPolicy ${namespace}/${policy.metadata.name}`,
    proxyProtocol: isOptional ? 'optional' : isOn ? 'required' : 'off',
  };
}

function targets(spec: Readonly<Record<string, unknown>>): unknown[] {
  const listed = Array.isArray(spec['targetRefs']) ? spec['targetRefs'] : [];
  return [spec['targetRef'], ...listed].flatMap((one) => (isRecord(one) && one['kind'] === 'Gateway' ? [one['name']] : []));
}
