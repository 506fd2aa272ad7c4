import { namespaceOf } from '../../cluster/endpoints.ts';
import { controllerOf } from '../scene/controller.ts';
import { customOf } from '../scene/custom.ts';
import type { Served } from '../scene/fronts.ts';
import type { ServiceScene } from '../scene.ts';
import type { ObjectRef } from '../types.ts';

/** Something that judges clients by the address that the ingress controller sees. */
export interface Restriction {
  readonly kind: 'allow' | 'deny' | 'limit';
  /** `nginx.ingress.kubernetes.io/whitelist-source-range of Ingress ns1/web`. */
  readonly what: string;
  /** Networks of lists; empty for limits. */
  readonly cidrs: readonly string[];
  readonly object: ObjectRef;
  /** That it is about this Service's clients shows only by class and labels. */
  readonly isHint: boolean;
}

const NGINX = 'nginx.ingress.kubernetes.io/';
const LISTS: Readonly<Record<string, 'allow' | 'deny'>> = {
  'whitelist-source-range': 'allow',
  'allowlist-source-range': 'allow',
  'denylist-source-range': 'deny',
};
const LIMITS: readonly string[] = ['limit-rps', 'limit-rpm', 'limit-connections'];
/** Of the controller as a whole. */
const CONFIG_LISTS: Readonly<Record<string, 'allow' | 'deny'>> = {
  'whitelist-source-range': 'allow',
  'block-cidrs': 'deny',
  'denylist-source-range': 'deny',
};

/** Every restriction on clients that come by a Service's ingress controller. Lists that hold everybody restrict nobody. */
export function restrictionsOn(scene: ServiceScene): Restriction[] {
  const fronts = scene.cluster.fronts().servedBy(scene.service);
  const name = controllerOf(scene)?.name ?? null;
  const found = [
    ...(name === null || name === 'ingress-nginx' ? fronts.flatMap(byAnnotation) : []),
    ...byConfig(scene),
    ...(name === null || name === 'traefik' ? byMiddleware(scene, fronts) : []),
    ...bySecurityPolicy(scene, fronts),
  ];
  return found.filter(
    ({ kind, cidrs }) => kind === 'limit' || (cidrs.length > 0 && !cidrs.some((cidr) => /^(0\.0\.0\.0|::)\/0$/.test(cidr))),
  );
}

function byAnnotation(front: Served): Restriction[] {
  if (front.kind !== 'Ingress') return [];
  const object = { kind: 'Ingress', namespace: front.namespace, name: front.name };
  const told = (key: string) => ({
    what: `${NGINX}${key} of Ingress ${front.namespace}/${front.name}`,
    object,
    isHint: front.evidence === 'class',
  });
  const lists = Object.entries(LISTS).flatMap(([key, kind]) => {
    const value = front.annotations[`${NGINX}${key}`];
    return value === undefined ? [] : [{ kind, cidrs: split(value), ...told(key) }];
  });
  const limit = LIMITS.find((key) => (front.annotations[`${NGINX}${key}`] ?? '0') !== '0');
  return limit === undefined ? lists : [...lists, { kind: 'limit', cidrs: [], ...told(limit) }];
}

function byConfig(scene: ServiceScene): Restriction[] {
  const controller = controllerOf(scene);
  if (controller?.name !== 'ingress-nginx' || controller.config === null) return [];
  const { metadata, data = {} } = controller.config;
  const object = { kind: 'ConfigMap', namespace: namespaceOf(metadata), name: metadata.name };
  return Object.entries(CONFIG_LISTS).flatMap(([key, kind]) =>
    data[key] === undefined
      ? []
      : [{ kind, cidrs: split(data[key]), what: `${key} of ConfigMap ${object.namespace}/${object.name}`, object, isHint: false }],
  );
}

// ---- Traefik ---------------------------------------------------------------------------------

/** Ingresses name middlewares as `NAMESPACE-NAME@kubernetescrd`. */
function byMiddleware(scene: ServiceScene, fronts: readonly Served[]): Restriction[] {
  const evidence = new Map<string, Served['evidence']>();
  for (const front of fronts)
    for (const name of split(front.annotations['traefik.ingress.kubernetes.io/router.middlewares'] ?? ''))
      evidence.set(name, front.evidence);
  return customOf(scene.cluster, 'Middleware').flatMap(({ metadata, spec = {} }) => {
    const namespace = namespaceOf(metadata);
    const used = evidence.get(`${namespace}-${metadata.name}@kubernetescrd`);
    if (used === undefined) return [];
    const base = { object: { kind: 'Middleware', namespace, name: metadata.name }, isHint: used === 'class' };
    const what = (key: string): string => `${key} of Middleware ${namespace}/${metadata.name}`;
    const lists = ['ipAllowList', 'ipWhiteList'].flatMap((key): Restriction[] => {
      const list = record(spec[key]);
      // With a strategy it goes by X-Forwarded-For and not by the connection.
      if (spec[key] === undefined || list['ipStrategy'] !== undefined) return [];
      return [{ kind: 'allow', what: what(key), cidrs: texts(list['sourceRange']), ...base }];
    });
    const criterion = record(record(spec['rateLimit'])['sourceCriterion']);
    const limits =
      spec['rateLimit'] === undefined || Object.keys(criterion).length > 0
        ? []
        : [{ kind: 'limit' as const, what: what('rateLimit'), cidrs: [], ...base }];
    return [...lists, ...limits];
  });
}

// ---- Envoy Gateway ---------------------------------------------------------------------------

function bySecurityPolicy(scene: ServiceScene, fronts: readonly Served[]): Restriction[] {
  return customOf(scene.cluster, 'SecurityPolicy').flatMap(({ metadata, spec = {} }) => {
    const namespace = namespaceOf(metadata);
    const targets = [spec['targetRef'], ...list(spec['targetRefs'])].map(record);
    const front = fronts.find(
      (one) => one.namespace === namespace && targets.some(({ kind, name }) => kind === one.kind && name === one.name),
    );
    if (front === undefined) return [];
    const authorization = record(spec['authorization']);
    return list(authorization['rules'])
      .map(record)
      .flatMap((rule): Restriction[] => {
        const cidrs = texts(record(rule['principal'])['clientCIDRs']);
        if (cidrs.length === 0) return [];
        const object = { kind: 'SecurityPolicy', namespace, name: metadata.name };
        return [
          {
            kind: rule['action'] === 'Deny' ? 'deny' : 'allow',
            what: `clientCIDRs of SecurityPolicy ${namespace}/${metadata.name}`,
            cidrs,
            object,
            isHint: front.evidence === 'class',
          },
        ];
      });
  });
}

function split(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function record(raw: unknown): Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? (raw as Readonly<Record<string, unknown>>) : {};
}

function list(raw: unknown): readonly unknown[] {
  return Array.isArray(raw) ? raw : [];
}

function texts(raw: unknown): string[] {
  return list(raw).filter((one) => typeof one === 'string');
}
