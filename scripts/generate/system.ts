import { CLUSTER_CIDR, SERVICE_CIDR } from './addresses.ts';
import { KUBE_VERSION } from './nodes.ts';
import type { Plan } from './plan.ts';
import { uid } from './plan.ts';
import { makePod } from './pods.ts';

const TIME = '2025-06-02T07:10:00Z';

interface Agent {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly configMap: string;
  readonly container: Readonly<Record<string, unknown>>;
}

const AGENTS: readonly Agent[] = [
  {
    name: 'kube-proxy',
    namespace: 'kube-system',
    labels: { 'k8s-app': 'kube-proxy' },
    configMap: 'kube-proxy',
    container: {
      name: 'kube-proxy',
      image: `registry.k8s.io/kube-proxy:${KUBE_VERSION}`,
      command: ['/usr/local/bin/kube-proxy', '--config=/var/lib/kube-proxy/config.conf', '--hostname-override=$(NODE_NAME)'],
    },
  },
  {
    name: 'kube-flannel-ds',
    namespace: 'kube-flannel',
    labels: { app: 'flannel', tier: 'node' },
    configMap: 'kube-flannel-cfg',
    container: {
      name: 'kube-flannel',
      image: 'ghcr.io/flannel-io/flannel:v0.27.4',
      command: ['/opt/bin/flanneld'],
      args: ['--ip-masq', '--kube-subnet-mgr'],
    },
  },
];

/** Namespaces, kube-proxy and flannel: their ConfigMaps, DaemonSets and one pod of each per node. */
export function* systemObjects(plan: Plan): Generator<unknown> {
  const namespaces = new Set(['default', 'kube-system', 'kube-flannel', ...plan.services.map((service) => service.namespace)]);
  for (const name of namespaces)
    yield { apiVersion: 'v1', kind: 'Namespace', metadata: { name, creationTimestamp: TIME }, status: { phase: 'Active' } };
  yield configMap('kube-proxy', 'kube-system', { 'config.conf': KUBE_PROXY_CONFIG });
  yield configMap('kube-flannel-cfg', 'kube-flannel', {
    'net-conf.json': JSON.stringify({ Network: CLUSTER_CIDR, Backend: { Type: 'vxlan' } }),
  });
  yield {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes', creationTimestamp: TIME },
    spec: { cidrs: [SERVICE_CIDR] },
  };
  for (const [number, agent] of AGENTS.entries()) {
    yield daemonSet(agent, plan.size.nodes);
    for (let node = 0; node < plan.size.nodes; node++) yield agentPod(agent, node, uid(100 + number, node));
  }
}

function configMap(name: string, namespace: string, data: Readonly<Record<string, string>>): unknown {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, creationTimestamp: TIME }, data };
}

function daemonSet({ name, namespace, labels, container, configMap: config }: Agent, nodes: number): unknown {
  const spec = { containers: [container], hostNetwork: true, volumes: [{ name: 'config', configMap: { name: config } }] };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace, labels, generation: 1, creationTimestamp: TIME },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    status: {
      currentNumberScheduled: nodes,
      desiredNumberScheduled: nodes,
      numberAvailable: nodes,
      numberMisscheduled: 0,
      numberReady: nodes,
      observedGeneration: 1,
      updatedNumberScheduled: nodes,
    },
  };
}

function agentPod(agent: Agent, node: number, id: string): unknown {
  return makePod({
    name: `${agent.name}-${id.slice(0, 5)}${node}`,
    namespace: agent.namespace,
    uid: id,
    labels: agent.labels,
    owner: { apiVersion: 'apps/v1', kind: 'DaemonSet', name: agent.name },
    node,
    address: null,
    container: agent.container,
  });
}

const KUBE_PROXY_CONFIG = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
clientConnection:
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
clusterCIDR: ${CLUSTER_CIDR}
detectLocalMode: ""
iptables:
  masqueradeAll: false
kind: KubeProxyConfiguration
mode: iptables
nodePortAddresses: null
`;
