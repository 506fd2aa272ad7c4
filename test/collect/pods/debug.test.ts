import { describe, expect, test } from 'vitest';
import { collectOverDebugPods, type DebugOptions } from '../../../src/collect/pods/debug.ts';
import { DEBUG_IMAGE } from '../../../src/collect/pods/debug-pod.ts';
import type { PodReadResult } from '../../../src/collect/pods/types.ts';
import type { Json } from '../../../src/demo/json.ts';
import { valueAt } from '../../../src/demo/json.ts';
import type { ApiServerOptions } from '../../../src/demo/server.ts';
import type { Kubelet } from '../../../src/demo/writable-pods.ts';
import { except, hanging, NODES, rulesOf, startWorld, usualPrograms, type World, type WorldOptions } from './support/world.ts';

const WORKER = [{ name: 'worker-1' }];
const runs: Kubelet = () => ({ phase: 'Running' });

interface Ran extends World {
  readonly result: PodReadResult | Error;
  readonly told: readonly string[];
}

async function collect(world: WorldOptions, options: DebugOptions = {}, nodes: readonly { name: string }[] = WORKER): Promise<Ran> {
  const started = await startWorld({ kubelet: runs, ...world });
  const told: string[] = [];
  const result = await collectOverDebugPods(started.api, nodes, { tell: (line) => told.push(line), ...options }).catch(
    (error: Error) => error,
  );
  return { ...started, result, told };
}

/** Names of debugging pods that the server still has. */
async function podsLeft({ api }: World): Promise<string[]> {
  const names: string[] = [];
  await api.list(
    '/api/v1/pods',
    { labelSelector: 'app.kubernetes.io/managed-by=kubectl-srcip' },
    {
      item: (pod) => names.push(String(valueAt(pod as Json, 'metadata.name'))),
      restart: () => undefined,
    },
  );
  return names;
}

function deletions({ asked }: World): string[] {
  return asked.filter(({ method }) => method === 'DELETE').map(({ status }) => String(status));
}

test('each node is read through a pod of its own, which is gone afterwards', async () => {
  const ran = await collect({}, {}, NODES);
  const { files, gaps } = ran.result as PodReadResult;
  expect(gaps).toEqual([]);
  expect(files.map(({ node, format, text }) => `${node} ${format} ${text === rulesOf(node, format)}`).sort()).toEqual(
    NODES.flatMap(({ name }) => [`${name} ip6tables-save true`, `${name} iptables-save true`]).sort(),
  );
  expect(await podsLeft(ran)).toEqual([]);
  expect(deletions(ran)).toEqual(['200', '200', '200', '200']);
  expect(new Set(ran.ran.map(({ pod }) => pod)).size).toBe(4);
});

test('what is made has no more rights than it takes, and ends by itself', async () => {
  const pods: Json[] = [];
  const kubelet: Kubelet = (pod) => {
    pods.push(pod);
    return { phase: 'Running' };
  };
  const { told, result } = await collect({ kubelet }, { wanted: ['iptables-save'] });
  expect((result as PodReadResult).gaps).toEqual([]);
  const [pod = {}] = pods;
  expect(valueAt(pod, 'metadata')).toMatchObject({
    namespace: 'default',
    name: expect.stringMatching(/^srcip-debug-[0-9a-f]{10}$/),
    labels: { 'app.kubernetes.io/managed-by': 'kubectl-srcip' },
  });
  expect(valueAt(pod, 'spec')).toEqual({
    nodeName: 'worker-1',
    hostNetwork: true,
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    activeDeadlineSeconds: 300,
    terminationGracePeriodSeconds: 1,
    os: { name: 'linux' },
    tolerations: [{ operator: 'Exists' }],
    containers: [
      {
        name: 'read-rules',
        image: DEBUG_IMAGE,
        command: ['sleep', '300'],
        resources: { requests: { cpu: '10m', memory: '32Mi' } },
        securityContext: {
          runAsUser: 0,
          privileged: false,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] },
        },
      },
    ],
  });
  const name = String(valueAt(pod, 'metadata.name'));
  expect(told).toEqual([
    `making pod default/${name} on node worker-1 (image ${DEBUG_IMAGE}, on the node's network, deleted at the end)`,
    `deleted pod default/${name} on node worker-1`,
  ]);
});

test('namespace and image are the ones asked for', async () => {
  const pods: Json[] = [];
  const kubelet: Kubelet = (pod) => {
    pods.push(pod);
    return { phase: 'Running' };
  };
  await collect({ kubelet }, { namespace: 'kube-system', image: 'registry.test/netshoot:1', wanted: ['iptables-save'] });
  expect(valueAt(pods[0] ?? {}, 'metadata.namespace')).toBe('kube-system');
  expect((valueAt(pods[0] ?? {}, 'spec.containers') as { image: string }[])[0]?.image).toBe('registry.test/netshoot:1');
});

test('a pod that takes a moment to start is waited for', async () => {
  let looks = 0;
  const { result } = await collect({
    kubelet: () =>
      looks++ < 2
        ? { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason: 'ContainerCreating' } } }] }
        : { phase: 'Running' },
  });
  expect((result as PodReadResult).gaps).toEqual([]);
});

describe('whatever goes wrong, the pod is deleted and the node is a gap', () => {
  const waiting = (reason: string, message: string): Kubelet => {
    return () => ({ phase: 'Pending', containerStatuses: [{ state: { waiting: { reason, message } } }] });
  };
  test.for([
    ['no such image', { kubelet: waiting('ErrImagePull', 'not found') }, /cannot run: ErrImagePull: not found$/],
    [
      'the kubelet turns it down',
      { kubelet: () => ({ phase: 'Failed', reason: 'PodOSNotSupported', message: 'wrong OS' }) },
      /cannot run: PodOSNotSupported: wrong OS$/,
    ],
    ['it never starts', { kubelet: waiting('ContainerCreating', '') }, /did not start within 0\.2s: ContainerCreating$/],
    ['no right to exec', { deny: [{ resources: ['pods/exec'] }] }, /it takes the verbs get and create on pods\/exec in default$/],
    [
      'no right to look',
      { deny: [{ resources: ['pods'], verbs: ['get'] }] },
      /cannot get resource "pods".*it takes create, get and delete on pods/,
    ],
    ['the program hangs', { programs: except('worker-1', 'iptables-save', hanging()) }, /^debug: no end within 0\.3s$/],
    ['the connection breaks', { programs: except('worker-1', 'iptables-save', { cut: true }) }, /the connection was lost before the end/],
    ['an image without iptables', { programs: except('worker-1', 'iptables-save', 'absent') }, /^debug: the image has no iptables-save/],
  ] satisfies [string, Partial<ApiServerOptions>, RegExp][])('%s', async ([, world, why]) => {
    const ran = await collect(world, { wanted: ['iptables-save'], startTimeoutMs: 200, timeoutMs: 300 });
    const { files, gaps } = ran.result as PodReadResult;
    expect(files).toEqual([]);
    expect(gaps.map(({ what }) => what)).toEqual(['rules of worker-1']);
    expect(gaps[0]?.why).toMatch(why);
    expect(deletions(ran)).toEqual(['200']);
    if (!('deny' in world)) expect(await podsLeft(ran)).toEqual([]);
  });

  test('but what was refused was never made', async () => {
    const ran = await collect({ deny: [{ resources: ['pods'], verbs: ['create'] }] });
    const { gaps } = ran.result as PodReadResult;
    expect(gaps[0]?.why).toMatch(
      /cannot create resource "pods".*it takes create, get and delete on pods and get and create on pods\/exec in default$/,
    );
    expect(deletions(ran)).toEqual([]);
  });

  test('a creation without an answer may have been one', async () => {
    const ran = await collect({
      intercept: (request, response) => {
        if (request.method !== 'POST') return false;
        response.destroy();
        return true;
      },
    });
    const { gaps } = ran.result as PodReadResult;
    expect(gaps[0]?.why).toMatch(/^debug: unable to connect/);
    // Not found: it had not arrived, and that is as good as deleted.
    expect(deletions(ran)).toEqual(['404']);
    expect(gaps).toHaveLength(1);
  });
});

describe('Ctrl-C', () => {
  test('in the middle of a program: every pod is still deleted', async () => {
    const stop = new AbortController();
    let hung = 0;
    const ran = await collect(
      {
        programs: () => {
          if (++hung === NODES.length) stop.abort();
          return hanging();
        },
      },
      { signal: stop.signal },
      NODES,
    );
    expect(String(ran.result)).toBe('Failure: interrupted while reading nodes through pods');
    expect(deletions(ran)).toEqual(['200', '200', '200', '200']);
    expect(await podsLeft(ran)).toEqual([]);
    expect(ran.told.filter((line) => line.startsWith('deleted pod'))).toHaveLength(4);
  });

  test('while a pod starts', async () => {
    const stop = new AbortController();
    const kubelet: Kubelet = () => {
      stop.abort();
      return { phase: 'Pending' };
    };
    const ran = await collect({ kubelet }, { signal: stop.signal });
    expect(String(ran.result)).toMatch(/interrupted/);
    expect(deletions(ran)).toEqual(['200']);
  });

  test('before anything was made: nothing is made any more', async () => {
    const ran = await collect({}, { signal: AbortSignal.abort() });
    expect(String(ran.result)).toMatch(/interrupted/);
    expect(ran.asked).toEqual([]);
  });
});

describe('a pod that cannot be deleted', () => {
  test('is named, with the command that deletes it', async () => {
    const ran = await collect({ deny: [{ resources: ['pods'], verbs: ['delete'] }] });
    const { files, gaps } = ran.result as PodReadResult;
    const [name = ''] = await podsLeft(ran);
    expect(files.map(({ format }) => format)).toEqual(['iptables-save', 'ip6tables-save']);
    expect(gaps).toEqual([
      {
        what: `pod default/${name} on node worker-1`,
        why: `debug: it could not be deleted (pods "${name}" is forbidden: User "kubernetes-admin" cannot delete resource "pods" in API group "" in the namespace "default"); delete it with: kubectl delete pod ${name} -n default --context 'demo'`,
      },
    ]);
    expect(ran.told.at(-1)).toMatch(/^WARNING: pod default\/srcip-debug-\w+ on node worker-1: it could not be deleted/);
  });

  test('is tried again when the server has a bad moment', async () => {
    let refused = 0;
    const ran = await collect({
      intercept: (request, response) => {
        if (request.method !== 'DELETE' || refused++ > 0) return false;
        response.writeHead(500, { 'content-type': 'text/plain' }).end('etcdserver: leader changed');
        return true;
      },
    });
    expect((ran.result as PodReadResult).gaps).toEqual([]);
    expect(await podsLeft(ran)).toEqual([]);
  });
});

test('nothing from the cluster reaches a terminal as it stands', async () => {
  const ran = await collect({ programs: usualPrograms }, { image: 'evil\u001b[31m' }, [{ name: 'node\u001b]0;x\u0007' }]);
  expect(ran.told.length).toBeGreaterThan(1);
  expect(ran.told.filter((line) => /[\u0000-\u001f]/.test(line))).toEqual([]);
});
