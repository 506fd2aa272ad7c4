import { usable } from '../../analysis/usable.ts';
import { at, DROPPED, EXTERNAL, usableSlots } from '../claims.ts';
import { differencesOf } from '../drift/differences.ts';
import { nodeRef, type ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact } from '../types.ts';
import { nameList, verb } from '../words.ts';

interface Misnamed extends Fact {
  readonly nodes: readonly string[];
  readonly evidence: string;
}

const PATCH = [
  {
    op: 'add',
    path: '/spec/template/spec/containers/0/env',
    value: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
  },
  { op: 'add', path: '/spec/template/spec/containers/0/command/-', value: '--hostname-override=$(NODE_NAME)' },
];

/** kube-proxy takes the host's name for its node's unless it is told (kubernetes/kubernetes #61486); then no endpoint is local to it. */
export const kubeProxyNodenameMismatch = defineServiceRule<Misnamed>({
  id: 'kube-proxy-nodename-mismatch',
  title: 'kube-proxy takes its node for another, so no endpoint is local to it',
  severity: 'error',
  needs: ['EndpointSlice'],
  detect: (scene) => {
    if (!scene.isLocal) return [];
    const seen = observed(scene);
    if (seen.length > 0) return seen;
    return supposed(scene);
  },
  claims: ({ nodes, evidence }, scene) =>
    evidence === '' ? [] : [{ from: EXTERNAL, to: at(scene, usableSlots(scene), { nodes }), outcome: DROPPED }],
  tell: ({ nodes, evidence }, scene) => ({
    message: `kube-proxy on ${nameList(nodes)} ${evidence === '' ? 'may take' : 'takes'} the endpoints of ${scene.key} there for another node's: outside traffic ${evidence === '' ? 'would be' : 'is'} dropped although ${verb(nodes.length, 'that node has', 'these nodes have')} endpoints`,
    why:
      evidence === ''
        ? `it runs without --hostname-override, and the host name (label kubernetes.io/hostname) is not the Node's name`
        : `the node's rules know the endpoints and still say: ${evidence}`,
    remedy: `Start it with the name of its Node (look first whether command is there and env is not): kubectl -n kube-system patch ds kube-proxy --type json -p '${JSON.stringify(PATCH)}'`,
  }),
});

/** Rules that say "no local endpoints" where the API has some. */
function observed(scene: ServiceScene): Misnamed[] {
  const wrong = (differencesOf(scene.cluster).get(scene.key) ?? []).filter(
    ({ kind, line, node, port, family }) =>
      kind === 'unexpected' && line.includes('has no local endpoints') && hasLocal(scene, node, port, family),
  );
  const [first] = wrong;
  if (first === undefined) return [];
  const nodes = [...new Set(wrong.map(({ node }) => node))].sort();
  return [{ confidence: 'observed', objects: nodes.slice(0, 50).map(nodeRef), nodes, evidence: first.line }];
}

function hasLocal({ service }: ServiceScene, node: string, port: string | null, family: number): boolean {
  const name = /:([^/:]*)$/.exec(port ?? '')?.[1] ?? '';
  return service.ports.some(
    (one) => one.name === name && usable(one.endpoints).some((endpoint) => endpoint.node === node && endpoint.family === family),
  );
}

/** By kube-proxy's command line and the nodes' names alone. */
function supposed(scene: ServiceScene): Misnamed[] {
  const { cluster } = scene;
  const daemon = cluster.objects('DaemonSet').find(({ metadata }) => metadata.name === 'kube-proxy');
  const words = (daemon?.spec?.template?.spec?.containers ?? []).flatMap(({ command = [], args = [] }) => [...command, ...args]);
  if (words.length === 0 || words.some((word) => word.includes('--hostname-override'))) return [];
  const config = cluster.objects('ConfigMap').filter(({ metadata }) => metadata.name.startsWith('kube-proxy'));
  if (config.some(({ data = {} }) => Object.values(data).some((text) => /hostnameOverride:\s*["']?[^\s"']/.test(text)))) return [];
  const nodes = [...new Set(scene.endpoints().flatMap(({ node }) => node ?? []))].filter((name) => {
    const host = cluster.cluster.nodeByName.get(name)?.labels['kubernetes.io/hostname'];
    return host !== undefined && host !== name;
  });
  return nodes.length === 0
    ? []
    : [{ severity: 'warning', confidence: 'hint', objects: nodes.slice(0, 50).map(nodeRef), nodes, evidence: '' }];
}
