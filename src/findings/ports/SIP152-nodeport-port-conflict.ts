import type { Protocol } from '../../cluster/model.ts';
import type { PodObject } from '../../cluster/objects.ts';
import { protocolOf } from '../../cluster/protocol.ts';
import { append } from '../scene/lazy.ts';
import { perCluster } from '../scene/per-cluster.ts';
import { nodeRef } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { kubectlOn, nameList, plural } from '../words.ts';

interface Conflict extends Fact {
  readonly port: number;
  readonly protocol: Protocol;
  readonly isHealth: boolean;
  readonly pods: readonly string[];
  readonly how: Claim['how'];
}

interface Claim {
  readonly pod: string;
  readonly node: string;
  readonly how: 'hostPort' | 'hostNetwork';
}

const MOST = 20;

/** kube-proxy opens no socket for a node port (since 1.24), so nothing keeps a pod from taking the same port of the node (kubernetes/kubernetes #111682). */
export const nodeportPortConflict = defineServiceRule<Conflict>({
  id: 'nodeport-port-conflict',
  title: 'a pod claims the same port of the node',
  severity: 'warning',
  needs: ['Service', 'Pod'],
  foldsUnder: ['lb-bypasses-nodeports'],
  detect: ({ service, cluster }) => {
    const claims = claimsOf(cluster);
    const wanted = service.ports.flatMap(({ nodePort, protocol }) =>
      nodePort === null ? [] : [{ port: nodePort, protocol, isHealth: false }],
    );
    const health = service.healthCheckNodePort;
    if (health !== null) wanted.push({ port: health, protocol: 'TCP', isHealth: true });
    return wanted.flatMap((one) => {
      const found = claims.get(`${one.protocol} ${one.port}`) ?? [];
      const [first] = found;
      if (first === undefined) return [];
      const objects = [...new Set(found.map(({ node }) => node))].slice(0, MOST).map(nodeRef);
      return [{ ...one, objects, key: `${one.protocol} ${one.port}`, pods: found.map(({ pod }) => pod), how: first.how }];
    });
  },
  tell: ({ port, protocol, isHealth, pods, how }, { key, service }) => ({
    message: `${isHealth ? 'health-check node port' : 'node port'} ${port}/${protocol} of ${key} is also claimed by ${plural(pods.length, 'pod')}: ${nameList(pods)}`,
    why: isHealth
      ? 'kube-proxy has to listen on it itself: on a node where the pod is there first, it cannot, and the health check asks the wrong one'
      : how === 'hostNetwork'
        ? "the pod declares the port on the node's own network; kube-proxy opens no socket that would keep it off, and its rules take outside connections before they reach the pod"
        : 'the pod has it as hostPort, for which the CNI writes rules of its own: whose rule comes first decides who gets the connection',
    remedy: `Give one of the two another port: ${kubectlOn(service, 'edit')} (nodePort), or the pod's hostPort; keep ports of pods out of the node port range (30000-32767)`,
  }),
});

/** Ports of nodes that pods claim, by `TCP 30080`. */
const claimsOf = perCluster(({ pods }) => {
  const found = new Map<string, Claim[]>();
  for (const pod of pods().all) for (const [key, claim] of claimsBy(pod)) append(found, key, claim);
  return found;
});

function claimsBy({ spec, status, metadata }: PodObject): [string, Claim][] {
  const node = spec?.nodeName;
  if (node === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') return [];
  const pod = `${metadata.namespace ?? 'default'}/${metadata.name}`;
  const isHost = spec?.hostNetwork === true;
  const declared = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].flatMap(({ ports = [] }) => ports);
  return declared.flatMap(({ hostPort = 0, containerPort, protocol }): [string, Claim][] => {
    const port = hostPort > 0 ? hostPort : isHost ? containerPort : 0;
    return port === 0 ? [] : [[`${protocolOf(protocol)} ${port}`, { pod, node, how: isHost ? 'hostNetwork' : 'hostPort' }]];
  });
}
