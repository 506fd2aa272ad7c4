/** How big a cluster to make. */
export interface ClusterSize {
  readonly nodes: number;
  readonly services: number;
  readonly slices: number;
  /** Pods besides those of kube-proxy and flannel. */
  readonly pods: number;
  /** Bytes of one Node as JSON. */
  readonly nodeBytes: number;
  /** Endpoints of an ordinary slice. */
  readonly endpointsPerSlice: number;
  readonly seed: number;
  /** `local`: every Service is a LoadBalancer with policy Local. */
  readonly mix: 'ordinary' | 'local';
  /** Start of the nodes' providerID, such as `aws`; empty: they have none. */
  readonly cloud: string;
}

/** A Service that will be made. */
export interface PlannedService {
  readonly index: number;
  readonly namespace: string;
  readonly name: string;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer';
  readonly policy: 'Cluster' | 'Local';
}

/** A slice that will be made: it holds the backends from `first` on. */
export interface PlannedSlice {
  readonly service: PlannedService;
  /** Which slice of its Service it is. */
  readonly part: number;
  readonly first: number;
  readonly count: number;
  /** Only nodes with an index below this have backends of this slice. */
  readonly nodes: number;
}

/** Everything that is decided before the first object is made. */
export interface Plan {
  readonly size: ClusterSize;
  readonly services: readonly PlannedService[];
  readonly slices: readonly PlannedSlice[];
}

const DEFAULTS: ClusterSize = {
  nodes: 5000,
  services: 10_000,
  slices: 20_000,
  pods: 0,
  nodeBytes: 9 * 1024,
  endpointsPerSlice: 12,
  seed: 1,
  mix: 'ordinary',
  cloud: '',
};

/** The controller puts at most so many endpoints into one slice. */
const SLICE_LIMIT = 100;
/** Of bench/target. */
export const TARGET_ENDPOINTS = 36;
const BIG_ENDPOINTS = 1000;
/** The endpoints of bench/target stand on so few nodes that most have none. */
const TARGET_NODES = 24;

export function defaultsOf(size: Partial<ClusterSize>): ClusterSize {
  return { ...DEFAULTS, ...size };
}

/** Decides which Services there are and which slices each has. Backends are numbered through, so every endpoint has its own address. */
export function createPlan(size: ClusterSize): Plan {
  const target: PlannedService = { index: 0, namespace: 'bench', name: 'target', type: 'LoadBalancer', policy: 'Local' };
  const big: PlannedService = { index: 1, namespace: 'bench', name: 'big', type: 'NodePort', policy: 'Cluster' };
  const ordinary = Array.from({ length: Math.max(0, size.services - 2) }, (_, i) =>
    size.mix === 'local' ? localService(i + 2) : ordinaryService(i + 2),
  );
  const slices: PlannedSlice[] = [
    { service: target, part: 0, first: 0, count: TARGET_ENDPOINTS, nodes: Math.min(TARGET_NODES, size.nodes) },
  ];
  let first = TARGET_ENDPOINTS;
  const add = (service: PlannedService, part: number, count: number): void => {
    slices.push({ service, part, first, count, nodes: size.nodes });
    first += count;
  };
  for (let part = 0; part < BIG_ENDPOINTS / SLICE_LIMIT; part++) add(big, part, SLICE_LIMIT);
  for (let i = 0; slices.length < size.slices && ordinary.length > 0; i++) {
    const service = ordinary[i % ordinary.length];
    if (service !== undefined) add(service, Math.floor(i / ordinary.length), size.endpointsPerSlice);
  }
  return { size, services: [target, big, ...ordinary], slices };
}

function localService(index: number): PlannedService {
  return { index, namespace: `team-${index % 200}`, name: `app-${index}`, type: 'LoadBalancer', policy: 'Local' };
}

function ordinaryService(index: number): PlannedService {
  const type = index % 50 === 0 ? 'LoadBalancer' : index % 10 === 0 ? 'NodePort' : 'ClusterIP';
  return { index, namespace: `team-${index % 200}`, name: `app-${index}`, type, policy: index % 100 === 0 ? 'Local' : 'Cluster' };
}

/** A number in [0, 1) that depends on seed and key only (splitmix32). */
export function chance(seed: number, key: number): number {
  let z = (Math.imul(seed, 0x9e3779b9) + Math.imul(key + 1, 0x85ebca6b)) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
}

/** Hexadecimal digits that depend on seed and key only. */
export function hex(seed: number, key: number, digits: number): string {
  let out = '';
  for (let i = 0; out.length < digits; i++)
    out += Math.floor(chance(seed + i * 7919, key) * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return out.slice(0, digits);
}

/** A version 4 shaped UID. */
export function uid(seed: number, key: number): string {
  const digits = hex(seed, key, 32);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20)}`;
}
