import { describe, expect, test } from 'vitest';
import { noUsableEndpoints } from '../../../src/findings/drop/SIP101-no-usable-endpoints.ts';
import { localSingleNode } from '../../../src/findings/drop/SIP104-local-single-node.ts';
import { advertisedAddressWithoutEndpoint } from '../../../src/findings/drop/SIP105-advertised-address-without-endpoint.ts';
import { endpointWithoutNodename } from '../../../src/findings/drop/SIP106-endpoint-without-nodename.ts';
import { terminatingOnlyNode } from '../../../src/findings/drop/SIP107-terminating-only-node.ts';
import { selectorMatchesNothing } from '../../../src/findings/drop/SIP108-selector-matches-nothing.ts';
import { targetPortUnresolved } from '../../../src/findings/drop/SIP109-target-port-unresolved.ts';
import { portNameMismatchSlice } from '../../../src/findings/drop/SIP110-port-name-mismatch-slice.ts';
import { publishNotReady } from '../../../src/findings/drop/SIP111-publish-not-ready.ts';
import { balancer, flannel, kubeadm, node, type Raw, service, slice, webOn } from '../../cluster/objects.ts';
import { said } from '../scene.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const UNREADY = { conditions: { ready: false, serving: false, terminating: false } };
const GOING = { conditions: { ready: false, serving: true, terminating: true } };

interface PodDiffers {
  readonly labels?: Readonly<Record<string, string>>;
  readonly namespace?: string;
  readonly phase?: string;
  readonly ports?: readonly Raw[];
  readonly waiting?: string;
}

function pod(name: string, { labels = { app: 'web' }, namespace = 'ns1', phase = 'Running', ports = [], waiting }: PodDiffers = {}): Raw {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { nodeName: 'node1', containers: [{ name: 'app', ports }] },
    status: { phase, ...(waiting === undefined ? {} : { containerStatuses: [{ name: 'app', state: { waiting: { reason: waiting } } }] }) },
  };
}

function deployment(replicas: number): Raw {
  const labels = { app: 'web' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop', namespace: 'ns1' },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [] } } },
  };
}

describe('no-usable-endpoints', () => {
  test('pods that crash: the reason is said', () => {
    const raw = [service(), slice([webOn(1, UNREADY)]), pod('web-1', { waiting: 'CrashLoopBackOff' })];
    expect(said(noUsableEndpoints, raw)).toMatchObject([
      {
        severity: 'error',
        message: 'no endpoint of ns1/web can take traffic: connections are refused',
        why: 'its selector picks 1 pod, and it is not usable: 1 CrashLoopBackOff',
        remedy: 'Find out why no pod is ready: kubectl get pods -n ns1 -l app=web -o wide',
      },
    ]);
  });

  test('scaled to zero on purpose: worth knowing', () => {
    expect(said(noUsableEndpoints, [service(), slice([]), deployment(0)])).toMatchObject([
      { severity: 'info', why: 'Deployment shop is scaled to zero' },
    ]);
  });

  test('a Service without selector that nobody wrote endpoints for', () => {
    expect(said(noUsableEndpoints, [service({ spec: { selector: {} } }), slice([])])).toMatchObject([{ severity: 'warning' }]);
  });

  test('silent while one is ready, or terminates and still serves; when a family alone lacks them', () => {
    expect(said(noUsableEndpoints, [service(), slice([webOn(1), webOn(2, UNREADY)])])).toEqual([]);
    expect(said(noUsableEndpoints, [service(), slice([webOn(1, GOING)])])).toEqual([]);
    const dual = service({ spec: { clusterIPs: ['10.96.0.10', 'fd00:96::10'], ipFamilies: ['IPv4', 'IPv6'] } });
    expect(said(noUsableEndpoints, [dual, slice([webOn(1)])])).toEqual([]);
  });

  test('one port of two', () => {
    const ports = [
      { name: 'http', port: 80, targetPort: 8080 },
      { name: 'admin', port: 81, targetPort: 8081 },
    ];
    const raw = [service({ spec: { ports } }), slice([webOn(1)], { top: { ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] } })];
    expect(said(noUsableEndpoints, raw)[0]?.message).toContain('can take traffic on port admin:');
  });
});

describe('selector-matches-nothing', () => {
  test('names the pod that differs in one label', () => {
    const wanted = service({ spec: { selector: { app: 'web', tier: 'frontend' } } });
    const [finding] = said(selectorMatchesNothing, [wanted, slice([]), pod('a', { labels: { app: 'web', tier: 'front-end' } })]);
    expect(finding?.why).toBe('pod a has all of these labels but tier, which is front-end there and frontend in the selector');
    expect(finding?.remedy).toContain(`-p '{"spec":{"selector":{"tier":"front-end"}}}'`);
  });

  test('pods of another namespace are named, and do not count', () => {
    const [finding] = said(selectorMatchesNothing, [service(), slice([]), pod('a', { namespace: 'shop' })]);
    expect(finding).toMatchObject({ severity: 'error', why: expect.stringContaining('pods with these labels are in shop') });
  });

  test('silent with a pod that is not ready, scaled to zero, and without a selector', () => {
    expect(said(selectorMatchesNothing, [service(), slice([]), pod('a', { phase: 'Pending' })])).toEqual([]);
    expect(said(selectorMatchesNothing, [service(), slice([]), deployment(0)])).toEqual([]);
    expect(said(selectorMatchesNothing, [service({ spec: { selector: {} } }), slice([])])).toEqual([]);
  });
});

describe('target-port-unresolved', () => {
  const named = service({ spec: { ports: [{ port: 80, targetPort: 'http', nodePort: 30080 }] } });

  test('silent where EndpointSlices list the pod for that port all the same', () => {
    expect(
      said(targetPortUnresolved, [named, slice([webOn(1, { pod: 'a' })]), pod('a', { ports: [{ name: 'web', containerPort: 8080 }] })]),
    ).toEqual([]);
  });

  test('no container has a port of that name', () => {
    expect(said(targetPortUnresolved, [named, slice([]), pod('a', { ports: [{ name: 'web', containerPort: 8080 }] })])).toMatchObject([
      { severity: 'error', objects: ['Pod a'] },
    ]);
  });

  test('a number that no pod declares is a hint', () => {
    const numbered = service({ spec: { ports: [{ port: 80, targetPort: 8081, nodePort: 30080 }] } });
    const declares = (...ports: number[]) => ({ ports: ports.map((containerPort) => ({ containerPort })) });
    expect(said(targetPortUnresolved, [numbered, slice([]), pod('a', declares(8080, 9090))])).toMatchObject([
      {
        severity: 'info',
        confidence: 'hint',
        message: 'port 80 of ns1/web leads to port 8081, which none of its pods declares',
        why: 'the pods declare 8080, 9090; an undeclared port may well be open, but where nothing listens connections are refused',
      },
    ]);
    // Some pod declares it; some pod declares nothing, and so tells nothing; there is no pod.
    expect(said(targetPortUnresolved, [numbered, slice([]), pod('a', declares(8080)), pod('b', declares(8081))])).toEqual([]);
    expect(said(targetPortUnresolved, [numbered, slice([]), pod('a', declares(8080)), pod('b', declares())])).toEqual([]);
    expect(said(targetPortUnresolved, [numbered, slice([])])).toEqual([]);
  });

  test('the name is there with another protocol', () => {
    const raw = [named, slice([]), pod('a', { ports: [{ name: 'http', containerPort: 8080, protocol: 'UDP' }] })];
    expect(said(targetPortUnresolved, raw)[0]?.why).toBe(
      'a container has a port of that name with protocol UDP, and the Service asks for TCP',
    );
  });

  test('some pods have it: a warning', () => {
    const ports = [{ name: 'http', containerPort: 8080 }];
    expect(said(targetPortUnresolved, [named, slice([webOn(1)]), pod('a', { ports }), pod('b')])).toMatchObject([
      { severity: 'warning', objects: ['Pod b'] },
    ]);
  });

  test('silent for a number, for a port of a sidecar, and without pods', () => {
    expect(said(targetPortUnresolved, [service(), slice([]), pod('a')])).toEqual([]);
    const sidecar = pod('a') as { spec: object };
    const raw = [
      named,
      slice([]),
      { ...sidecar, spec: { ...sidecar.spec, initContainers: [{ name: 's', ports: [{ name: 'http', containerPort: 1 }] }] } },
    ];
    expect(said(targetPortUnresolved, raw)).toEqual([]);
    expect(said(targetPortUnresolved, [named, slice([])])).toEqual([]);
  });
});

describe('local-single-node', () => {
  test('all endpoints on one of several nodes, with a command for their Deployment', () => {
    const [finding] = said(localSingleNode, [service({ spec: LOCAL }), slice([webOn(2)]), deployment(1)]);
    expect(finding).toMatchObject({
      severity: 'warning',
      objects: ['Node node2'],
      message: 'all outside traffic to ns1/web depends on node2',
    });
    expect(finding?.remedy).toContain('kubectl patch deploy shop -n ns1 --type merge');
  });

  test('a cluster of one node has no choice', () => {
    expect(said(localSingleNode, [node(1), service({ spec: LOCAL }), slice([webOn(1)])])).toMatchObject([{ severity: 'info' }]);
  });

  test('silent with two nodes, and with Cluster policy', () => {
    expect(said(localSingleNode, [service({ spec: LOCAL }), slice([webOn(1), webOn(2)])])).toEqual([]);
    expect(said(localSingleNode, [service(), slice([webOn(1)])])).toEqual([]);
  });
});

describe('advertised-address-without-endpoint', () => {
  test('an Ingress publishes the addresses of all nodes, and one has no endpoint', () => {
    const nodes = [1, 2].map((n) => node(n));
    const labels = { 'app.kubernetes.io/name': 'ingress-nginx' };
    const raw = [
      ...nodes,
      service({ spec: LOCAL, metadata: { labels } }),
      slice([webOn(1)]),
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IngressClass',
        metadata: { name: 'nginx' },
        spec: { controller: 'k8s.io/ingress-nginx' },
      },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'shop', namespace: 'shop' },
        spec: { ingressClassName: 'nginx', rules: [{ host: 'shop.example.com' }] },
        status: { loadBalancer: { ingress: [{ ip: '172.18.0.11' }, { ip: '172.18.0.12' }] } },
      },
    ];
    const [finding] = said(advertisedAddressWithoutEndpoint, raw);
    expect(finding).toMatchObject({ severity: 'error', objects: ['Node node2'] });
    expect(finding?.message).toBe('1 of 2 published addresses of ns1/web leads to a node that drops: 172.18.0.12 (node2)');
    expect(finding?.why).toContain('Ingress shop/shop sends clients there');
  });

  test('an externalIP that is a node without an endpoint; silent for a real VIP and for a node with one', () => {
    const of = (ip: string) =>
      said(advertisedAddressWithoutEndpoint, [service({ spec: { ...LOCAL, externalIPs: [ip] } }), slice([webOn(1)])]);
    expect(of('172.18.0.12')).toMatchObject([{ objects: ['Node node2'] }]);
    expect(of('172.18.0.11')).toEqual([]);
    expect(of('203.0.113.7')).toEqual([]);
  });
});

describe('endpoint-without-nodename', () => {
  test('all of them lack it, some of them, one names a node that does not exist', () => {
    const of = (...endpoints: Parameters<typeof slice>[0]) => said(endpointWithoutNodename, [service({ spec: LOCAL }), slice(endpoints)]);
    expect(of(webOn(1, { node: null }))).toMatchObject([{ severity: 'error', why: '10.244.1.10 has no nodeName' }]);
    expect(of(webOn(1), webOn(2, { node: null }))).toMatchObject([{ severity: 'warning' }]);
    expect(of(webOn(1, { node: 'Node1' }))).toMatchObject([
      { severity: 'error', why: 'No Node is called Node1 (case and domain count)'.replace('No', 'no') },
    ]);
    expect(of(webOn(1))).toEqual([]);
  });

  test('silent with Cluster policy, as for databases outside the cluster', () => {
    expect(said(endpointWithoutNodename, [service(), slice([webOn(1, { node: null })])])).toEqual([]);
  });
});

describe('terminating-only-node', () => {
  test('served on, with a fallback; dropped before 1.26', () => {
    const raw = [service({ spec: LOCAL }), slice([webOn(1, GOING), webOn(2)])];
    expect(said(terminatingOnlyNode, raw)).toMatchObject([{ severity: 'warning', objects: ['Node node1'] }]);
    const old = [...kubeadm(undefined, 'registry.k8s.io/kube-proxy:v1.25.3'), ...flannel()];
    expect(said(terminatingOnlyNode, [...old, ...raw])).toMatchObject([{ severity: 'error', objects: ['Node node1'] }]);
  });

  test('silent when another endpoint of the node is ready', () => {
    const raw = [service({ spec: LOCAL }), slice([webOn(1, GOING), webOn(1, { ip: '10.244.1.11' })])];
    expect(said(terminatingOnlyNode, raw)).toEqual([]);
  });
});

test('port-name-mismatch-slice: a hand-written slice whose port has another name', () => {
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
  const of = (name: string) =>
    said(portNameMismatchSlice, [
      service({ spec: { ports, selector: {} } }),
      slice([webOn(1)], { top: { ports: [{ name, port: 8080, protocol: 'TCP' }] } }),
    ]);
  expect(of('web')).toMatchObject([{ severity: 'error', objects: ['EndpointSlice web-abc'] }]);
  expect(of('http')).toEqual([]);
});

test('publish-not-ready: outside traffic alone is of interest', () => {
  const spec = { publishNotReadyAddresses: true };
  expect(said(publishNotReady, [balancer({ spec }), slice([webOn(1)])])).toMatchObject([{ severity: 'warning' }]);
  expect(said(publishNotReady, [service({ spec: { ...spec, type: 'ClusterIP', ports: [{ port: 80 }] } }), slice([webOn(1)])])).toEqual([]);
  expect(said(publishNotReady, [balancer(), slice([webOn(1)])])).toEqual([]);
});
