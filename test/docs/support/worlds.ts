import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadDemoCluster } from '../../../src/demo/load.ts';
import type { Programs } from '../../../src/demo/programs.ts';
import { listOf, startWorld, type World } from '../../e2e/support/world.ts';
import { nodeRules } from './node-rules.ts';

interface Served {
  readonly objects: readonly unknown[];
  readonly rules: ReadonlyMap<string, string>;
}

/**
 * What `<!-- demo: NAME -->` names: a demo cluster, `NAME broken` (the rules of two of its nodes are not as kube-proxy wrote them),
 * `NAME without-masquerade` (flannel without --ip-masq), or `examples` (the demo cluster with the names that the commands' help uses).
 */
function served(name: string): Served {
  const [demo = '', change] = name.split(' ');
  const recorded = demo === 'examples' ? exampleObjects() : loadDemoCluster(demo);
  const objects = change === 'without-masquerade' ? withoutMasquerade(recorded) : recorded;
  const rules = nodeRules(objects);
  return { objects, rules: change === 'broken' ? breakRules(rules) : demo === 'examples' ? withExampleChain(rules) : rules };
}

/** flannel leaves the sources of packets to pods alone. */
function withoutMasquerade(objects: readonly unknown[]): unknown[] {
  return JSON.parse(JSON.stringify(objects).replaceAll('"--ip-masq",', '')) as unknown[];
}

/** node-2 lost the jump of its node port; on node-4 somebody's firewall drops what goes to pods. */
function breakRules(rules: ReadonlyMap<string, string>): Map<string, string> {
  const broken = new Map(rules);
  broken.set('node-2', (rules.get('node-2') ?? '').replace(/^-A KUBE-NODEPORTS .*--dport 31613 .*\n/gm, ''));
  broken.set(
    'node-4',
    (rules.get('node-4') ?? '').replace(/^-A FORWARD /m, '-A FORWARD -d 10.244.3.0/24 -p tcp -m tcp --dport 8080 -j DROP\n-A FORWARD '),
  );
  return broken;
}

interface KubeObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: object;
  readonly status?: object;
}

/** The chain that the help of trace asks for; some Service's. */
function withExampleChain(rules: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...rules].map(([node, text]) => [node, text.replace('*nat\n', '*nat\n:KUBE-SVL-EZYNCFY2F7N6OQA2 - [0:0]\n')]));
}

/** shop/web as a load balancer, copies of it under the names in the help, and the pods that it speaks of. */
function exampleObjects(): unknown[] {
  const objects = loadDemoCluster() as unknown as KubeObject[];
  const isWeb = ({ metadata }: KubeObject): boolean => metadata.namespace === 'shop' && /^web\b/.test(metadata.name);
  const web = objects.filter(isWeb).map(balanced);
  const copies = [
    ['default', 'web', '1'],
    ['default', 'nginx', '2'],
    ['openshift-ingress', 'router-default', '3'],
  ].flatMap(([namespace = '', name = '', n = '']) => renamed(web, namespace, name, n));
  const pod = objects.find(({ kind, metadata }) => kind === 'Pod' && metadata.namespace === 'cert-manager');
  const pods = [
    ['cert-manager', 'solver'],
    ['shop', 'cart'],
  ].map(([namespace, name]) => ({ ...pod, metadata: { ...pod?.metadata, namespace, name } }));
  return [...objects.filter((object) => !isWeb(object)), ...web, ...copies, ...pods];
}

function balanced(object: KubeObject): KubeObject {
  if (object.kind !== 'Service') return object;
  const spec = { ...object.spec, type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 32200 };
  return { ...object, spec, status: { loadBalancer: { ingress: [{ ip: '192.168.10.210', ipMode: 'VIP' }] } } };
}

function renamed(objects: readonly KubeObject[], namespace: string, name: string, n: string): KubeObject[] {
  const text = JSON.stringify(objects)
    .replaceAll('"namespace":"shop"', `"namespace":"${namespace}"`)
    .replaceAll('"web"', `"${name}"`)
    .replaceAll('"web-', `"${name}-`)
    .replaceAll('10.97.20.44', `10.97.30.${n}`)
    .replaceAll('192.168.10.210', `192.168.10.21${n}`)
    .replaceAll('30080', `3018${n}`)
    .replaceAll('32200', `3220${n}`);
  return JSON.parse(text) as KubeObject[];
}

/** Starts a server for a mark; its kube-proxy pods can be asked for their node's rules. */
export function startMarked(name: string): Promise<World> {
  const { objects, rules } = served(name);
  const programs: Programs = ({ node, command }) => {
    if (command[0] === 'iptables-save') return { stdout: rules.get(node) ?? '' };
    return command[0] === 'ip6tables-save' ? { stdout: '' } : 'absent';
  };
  return startWorld({ objects, programs, namespace: 'default', name: 'demo' });
}

/** The files that commands in the docs name. */
export function fillSandbox(folder: string, name: string): void {
  const { objects, rules } = served(name);
  writeFileSync(join(folder, 'cluster.yaml'), listOf(objects));
  for (const [node, text] of rules) {
    mkdirSync(join(folder, 'dumps', node), { recursive: true });
    writeFileSync(join(folder, 'dumps', node, 'iptables-save.txt'), text);
  }
  for (const archive of ['cluster.tar.gz', 'must-gather.tar.gz'])
    execFileSync('tar', ['-czf', archive, 'cluster.yaml', 'dumps'], { cwd: folder });
  cpSync(join(process.cwd(), 'examples'), join(folder, 'examples'), { recursive: true });
  cpSync(join(folder, 'examples', 'flows', 'web.yaml'), join(folder, 'flows.yaml'));
  const changed = JSON.stringify(withLocalPolicy(objects as KubeObject[]));
  mkdirSync(join(folder, 'manifests'));
  for (const file of ['service.yaml', 'manifests/service.yaml']) writeFileSync(join(folder, file), changed);
}

/** A Service of the cluster as somebody is about to apply it. */
function withLocalPolicy(objects: readonly KubeObject[]): object {
  const services = objects.filter(({ kind, metadata }) => kind === 'Service' && /^(?:web|hello)$/.test(metadata.name));
  const service = services.find(({ metadata }) => metadata.namespace === 'default') ?? services[0];
  return { ...service, spec: { ...service?.spec, externalTrafficPolicy: 'Local' } };
}
