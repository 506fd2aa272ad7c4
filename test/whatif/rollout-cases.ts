import { failTime } from '../../src/findings/spread/check-times.ts';
import { lingeringOf } from '../../src/findings/spread/workloads.ts';
import { parseRollout } from '../../src/whatif/rollout/find-workload.ts';
import type { RolloutReport } from '../../src/whatif/rollout/report.ts';
import { rollout } from '../../src/whatif/rollout/rollout.ts';
import { balancer, evidenceOf, flannel, kubeadm, nodes, type Raw, service, slice, webOn } from '../cluster/objects.ts';

export interface Situation {
  readonly kind?: 'Deployment' | 'DaemonSet' | 'StatefulSet';
  /** Nodes of the cluster; the pods are on the first of them. */
  readonly nodes?: number;
  /** The nodes of the pods. */
  readonly pods?: readonly number[];
  /** Of pods that are ready, but of another workload. */
  readonly others?: readonly number[];
  readonly strategy?: Raw;
  readonly template?: Raw;
  readonly container?: Raw;
  readonly spec?: Raw;
  readonly service?: 'aws' | 'hetzner' | 'unknown' | 'nodePort' | 'clusterIP';
  readonly policy?: 'Local' | 'Cluster';
  readonly internal?: 'Local';
  readonly proxy?: string;
  readonly mode?: string;
  readonly cordoned?: readonly number[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An update of workload ns1/web behind Service ns1/web, in four nodes unless said otherwise. */
export function update(situation: Situation): RolloutReport {
  const { kind = 'Deployment' } = situation;
  const question = { namespace: 'ns1', name: 'web', port: null, workload: parseRollout(`${kind.toLowerCase()}/web`) };
  return rollout(evidenceOf(objectsOf(situation)), question, { failTime, lingeringOf });
}

/** The same cluster as objects. */
export function objectsOf(situation: Situation): Raw[] {
  const { nodes: count = 4, pods = [1, 2, 3], others = [], cordoned = [], mode = 'iptables', proxy = 'v1.33.4' } = situation;
  const providerID = { aws: 'aws:///eu/i-1', hetzner: 'hcloud://1', unknown: '', nodePort: '', clusterIP: '' }[situation.service ?? 'aws'];
  const all = nodes(count, providerID === '' ? {} : { providerID }).map((node, index) =>
    cordoned.includes(index + 1) ? { ...node, spec: { ...(node['spec'] as Raw), unschedulable: true } } : node,
  );
  const own = pods.map((at, index) => endpointOf(index, at, 'web'));
  return [
    ...all,
    serviceOf(situation),
    slice([...own, ...others.map((at, index) => endpointOf(index, at, 'other'))]),
    workloadOf(situation, pods.length),
    ...pods.map((at, index) => podOf(`web-${index}`, at, situation.kind ?? 'Deployment')),
    ...others.map((at, index) => podOf(`other-${index}`, at, 'Deployment', 'other')),
    ...kubeadm(`mode: ${mode}\nclusterCIDR: 10.244.0.0/16\n`, `registry.k8s.io/kube-proxy:${proxy}`),
    ...flannel(),
  ];
}

function endpointOf(index: number, at: number, name: string) {
  return webOn(at, { pod: `${name}-${index}`, ip: `10.244.${at}.${(name === 'web' ? 20 : 60) + index}` });
}

function serviceOf({ service: of = 'aws', policy = 'Local', internal, annotations = {} }: Situation): Raw {
  const spec = { externalTrafficPolicy: policy, ...(internal === undefined ? {} : { internalTrafficPolicy: internal }) };
  if (of === 'nodePort') return service({ spec });
  if (of === 'clusterIP')
    return service({
      spec: { type: 'ClusterIP', internalTrafficPolicy: internal ?? 'Cluster', ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }] },
    });
  const type = of === 'aws' ? { 'service.beta.kubernetes.io/aws-load-balancer-type': 'nlb' } : {};
  return balancer({ spec, metadata: { annotations: { ...type, ...annotations } } });
}

function workloadOf({ kind = 'Deployment', strategy = {}, template = {}, container = {}, spec = {} }: Situation, replicas: number): Raw {
  const containers = [{ name: 'web', image: 'web:2', ...container }];
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web', namespace: 'ns1' },
    spec: {
      ...(kind === 'DaemonSet' ? {} : { replicas }),
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers, ...template } },
      [kind === 'Deployment' ? 'strategy' : 'updateStrategy']: strategy,
      ...spec,
    },
  };
}

function podOf(name: string, at: number, kind: string, of = 'web'): Raw {
  const owner = kind === 'Deployment' ? { kind: 'ReplicaSet', name: `${of}-5d4f` } : { kind, name: of };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ns1', labels: { app: 'web' }, ownerReferences: [owner] },
    spec: { nodeName: `node${at}` },
    status: { phase: 'Running', podIP: `10.244.${at}.20` },
  };
}

export const SURGE = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
export const FIRST_GONE = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };
export const sleeping = (seconds: number): Raw => ({ lifecycle: { preStop: { sleep: { seconds } } } });

/** `node1 may be 22, node2 never -`: whether each node is without a ready pod, and for how many seconds it drops. */
export function told({ nodes: all }: RolloutReport): string {
  return all.map(({ node, without, drops }) => `${node} ${without} ${drops === null ? '-' : (drops.seconds ?? drops.until)}`).join(', ');
}
