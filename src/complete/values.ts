import { clientSuggestions, podSuggestions, prefixed } from './clients.ts';
import type { Resource, Sources } from './cluster.ts';
import { DIRECTIVE, isHarmless, named, type Reply, replyWith, type Suggestion } from './reply.ts';
import { fieldSuggestions } from './service-fields.ts';
import { addressesOf, portSuggestions } from './targets.ts';
import type { Typed } from './words.ts';
import { servicesIn } from './words-of-service.ts';

/** What a flag's value is completed from. */
export interface Asked {
  readonly command: string;
  readonly partial: string;
  readonly typed: Typed;
}

type Complete = (asked: Asked, sources: Sources) => Promise<Reply>;

const NEWEST_MINOR = 36;
const OLDEST_MINOR = 19;

const TARGETS: readonly Suggestion[] = [
  { value: 'clusterIP', description: 'every cluster IP of the Service' },
  { value: 'nodePort', description: 'its node ports, on every node' },
  { value: 'externalIP', description: 'its external IPs' },
  { value: 'loadBalancer', description: 'its load-balancer addresses' },
  { value: 'healthCheck', description: 'its healthCheckNodePort' },
  { value: 'node/', description: 'its node ports on one node', isBeginning: true },
];
const RULES: readonly Suggestion[] = [
  { value: 'ssh', description: 'log in to the nodes' },
  { value: 'exec', description: 'in the kube-proxy pods' },
  { value: 'debug', description: 'in a pod that is made on each node and removed' },
];
const WORKLOADS: Readonly<Record<string, Resource>> = {
  deploy: 'deployments',
  deployment: 'deployments',
  deployments: 'deployments',
  sts: 'statefulsets',
  statefulset: 'statefulsets',
  ds: 'daemonsets',
  daemonset: 'daemonsets',
};

/** Flags whose values are neither paths nor enumerations of the manifest. */
export const VALUES: Readonly<Record<string, Complete>> = {
  namespace: (asked, { cluster }) => fromCluster(asked, cluster.names('namespaces')),
  'debug-namespace': (asked, { cluster }) => fromCluster(asked, cluster.names('namespaces')),
  via: nodes,
  drain: nodes,
  cordon: nodes,
  nodes: async (asked, { cluster }) => inList(asked.partial, named(await cluster.names('nodes'))),
  context: (asked, sources) => fromConfig(asked, sources, 'contexts'),
  user: (asked, sources) => fromConfig(asked, sources, 'users'),
  cluster: async (asked, sources) =>
    asked.command === 'demo' ? replyWith(named(await sources.demoClusters()), asked.partial) : fromConfig(asked, sources, 'clusters'),
  from: async ({ partial }, { cluster }) => replyWith(await clientSuggestions(partial, cluster), partial),
  to: targets,
  port: async ({ partial, typed }, { cluster }) => {
    const service = await serviceOf(typed, cluster);
    return replyWith(service === null ? [] : portSuggestions(service), partial);
  },
  rules: async ({ partial }) => ({ ...replyWith(RULES, partial), directive: DIRECTIVE.files }),
  select: findings,
  ignore: findings,
  set: async ({ partial }) => replyWith(fieldSuggestions(partial), partial),
  'delete-pod': async ({ partial }, { cluster }) => replyWith(await podSuggestions(partial, cluster), partial),
  move,
  rollout,
  'kube-version': async ({ partial }) => replyWith(VERSIONS, partial),
  'proxy-mode': async ({ partial }) => replyWith(named(['iptables', 'nftables', 'ipvs']), partial),
  'detect-local': async ({ partial }) => replyWith(LOCAL_MODES, partial),
};

const VERSIONS: readonly Suggestion[] = Array.from({ length: NEWEST_MINOR - OLDEST_MINOR + 1 }, (_, index) => ({
  value: `1.${NEWEST_MINOR - index}`,
}));
const LOCAL_MODES: readonly Suggestion[] = [
  { value: 'NodeCIDR' },
  { value: 'ClusterCIDR=', description: 'CIDR[,CIDR]', isBeginning: true },
  { value: 'BridgeInterface=', description: 'DEVICE', isBeginning: true },
  { value: 'InterfaceNamePrefix=', description: 'PREFIX', isBeginning: true },
];

async function fromCluster({ partial }: Asked, names: Promise<readonly string[]>): Promise<Reply> {
  return replyWith(named(await names), partial);
}

function nodes(asked: Asked, { cluster }: Sources): Promise<Reply> {
  return fromCluster(asked, cluster.names('nodes'));
}

async function fromConfig({ partial }: Asked, { config }: Sources, what: 'contexts' | 'clusters' | 'users'): Promise<Reply> {
  const entries = (await config.names(what)).filter(({ name }) => isHarmless(name));
  return replyWith(
    entries.map(({ name, about }) => ({ value: name, description: isHarmless(about) ? about : undefined })),
    partial,
  );
}

async function targets({ partial, typed }: Asked, { cluster }: Sources): Promise<Reply> {
  if (partial.startsWith('node/')) return replyWith(prefixed('node/', named(await cluster.names('nodes'))), partial);
  const service = /^[a-z]/i.test(partial) && !partial.includes(':') ? null : await serviceOf(typed, cluster);
  return replyWith([...TARGETS, ...(service === null ? [] : addressesOf(service))], partial);
}

async function serviceOf(typed: Typed, cluster: Sources['cluster']) {
  const [name] = servicesIn(typed);
  return name === undefined ? null : cluster.service(name);
}

/** The last of the values between commas, with those before it in front. */
function inList(partial: string, suggestions: readonly Suggestion[]): Reply {
  const begun = partial.slice(0, partial.lastIndexOf(',') + 1);
  const given = new Set(begun.split(','));
  return replyWith(
    prefixed(
      begun,
      suggestions.filter(({ value }) => !given.has(value)),
    ),
    partial,
  );
}

/** Codes; ids once some letters that no code has are typed. */
async function findings({ partial }: Asked, sources: Sources): Promise<Reply> {
  const word = partial.slice(partial.lastIndexOf(',') + 1);
  const all = await sources.findings();
  const byCode = all.map(({ code, title }) => ({ value: code, description: title }));
  const byId = all.map(({ id, title }) => ({ value: id, description: title }));
  return inList(partial, word === '' || word.startsWith('S') ? byCode : byId);
}

/** `[NAMESPACE/]POD=`, then the node. */
async function move({ partial }: Asked, { cluster }: Sources): Promise<Reply> {
  const at = partial.indexOf('=');
  if (at >= 0) return replyWith(prefixed(partial.slice(0, at + 1), named(await cluster.names('nodes'))), partial);
  const pods = await podSuggestions(partial, cluster);
  return replyWith(
    pods.map((pod) => (pod.isBeginning === true ? pod : { ...pod, value: `${pod.value}=`, isBeginning: true })),
    partial,
  );
}

async function rollout({ partial }: Asked, { cluster }: Sources): Promise<Reply> {
  const type = partial.slice(0, Math.max(0, partial.indexOf('/')));
  const resource = Object.hasOwn(WORKLOADS, type) ? WORKLOADS[type] : undefined;
  if (resource !== undefined) return replyWith(prefixed(`${type}/`, named(await cluster.names(resource))), partial);
  return replyWith(
    ['deploy/', 'sts/', 'ds/'].map((value) => ({ value, isBeginning: true })),
    partial,
  );
}
