import { describe, expect, test } from 'vitest';
import type { NodeFile } from '../../../src/cluster/evidence.ts';
import { collectOverExec } from '../../../src/collect/pods/exec.ts';
import type { PodReadProgress } from '../../../src/collect/pods/types.ts';
import { loadDemoCluster } from '../../../src/demo/load.ts';
import { Failure } from '../../../src/net/failure.ts';
import { makePki } from '../live/support/pki.ts';
import { startConnectProxy } from '../live/support/proxy.ts';
import { except, hanging, NODES, rulesOf, startWorld, usualPrograms } from './support/world.ts';

const WORKER = [{ name: 'worker-1' }];

function summary(files: readonly NodeFile[]): string[] {
  return files.map(({ node, format, text }) => `${node} ${format} ${text === rulesOf(node, format)}`).sort();
}

/** The demo cluster with something changed about its kube-proxy pods. */
function clusterWith(change: (pod: Record<string, unknown>) => object | null): object[] {
  return loadDemoCluster().flatMap((object) => {
    const metadata = object['metadata'] as { name: string };
    const isProxy = object['kind'] === 'Pod' && metadata.name.startsWith('kube-proxy-');
    return isProxy ? [change(structuredClone(object) as Record<string, unknown>)].filter((kept) => kept !== null) : [object];
  });
}

test('every node is read in its own kube-proxy pod, and the missing ip is no gap', async () => {
  const { api, ran } = await startWorld();
  const seen: PodReadProgress[] = [];
  const { files, gaps } = await collectOverExec(api, NODES, {}, (progress) => seen.push(progress));
  expect(gaps).toEqual([]);
  expect(summary(files)).toEqual(NODES.flatMap(({ name }) => [`${name} ip6tables-save true`, `${name} iptables-save true`]).sort());
  expect(seen.map(({ done, total, failed }) => [done, total, failed])).toEqual([1, 2, 3, 4].map((done) => [done, 4, 0]));
  expect(new Set(ran.map(({ command }) => command.join(' ')))).toEqual(
    new Set(['iptables-save', 'ip6tables-save', 'ip -j addr', 'ip -j route show table all']),
  );
  expect(
    ran.every(({ namespace, pod, container }) => `${namespace} ${pod} ${container}`.match(/^kube-system kube-proxy-\w+ kube-proxy$/)),
  ).toBe(true);
});

test('nothing but GETs is sent: lists of pods and upgrades', async () => {
  const { api, asked } = await startWorld();
  await collectOverExec(api, NODES);
  expect(new Set(asked.map(({ method, status }) => `${method} ${status}`))).toEqual(new Set(['GET 200', 'GET 101']));
});

test('an image with ip gives addresses and routes, one whose ip knows no JSON gives none', async () => {
  const links = '[{"ifindex":1,"ifname":"lo","addr_info":[]}]';
  const { api } = await startWorld({
    programs: (asked) => {
      if (asked.command[0] !== 'ip') return usualPrograms(asked);
      return asked.node === 'worker-1' ? { stdout: links } : { stdout: '', stderr: 'Option "-j" is unknown', status: 255 };
    },
  });
  const { files, gaps } = await collectOverExec(api, [{ name: 'worker-1' }, { name: 'worker-2' }]);
  expect(files.filter(({ format }) => format.startsWith('ip-')).map(({ node, format, text }) => [node, format, text])).toEqual([
    ['worker-1', 'ip-addr', links],
    ['worker-1', 'ip-route', links],
  ]);
  expect(gaps).toEqual([]);
});

test('a long dump arrives whole', async () => {
  const text = `*nat\n${'-A KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC-ABCDEFGHIJKLMNOP\n'.repeat(400_000)}COMMIT\n`;
  const { api } = await startWorld({ programs: except('worker-1', 'iptables-save', { stdout: text }) });
  const { files } = await collectOverExec(api, WORKER, { wanted: ['iptables-save'] });
  expect(files.map((file) => file.text.length)).toEqual([text.length]);
  expect(files[0]?.text === text).toBe(true);
});

describe('what fails is a named gap, and the rest is still read', () => {
  test.for([
    [
      'a failing program',
      { status: 1, stderr: 'iptables-save: could not open lock\n' },
      /^exec: iptables-save failed with exit code 1: iptables-save: could not open lock$/,
    ],
    ['an image without iptables', 'absent', /^exec: the image has no iptables-save; read the rules with --rules ssh$/],
    ['a connection cut in the middle', { stdout: '*nat\n', cut: true }, /^exec: iptables-save: the connection was lost before the end/],
    ['more than fits', { stdout: 'x'.repeat(200_000) }, /^exec: iptables-save: printed more than 0\.1\d* MiB/],
    [
      'control characters on stderr',
      { status: 4, stderr: '\u001b]0;owned\u0007\u202eevil' },
      /^exec: iptables-save failed with exit code 4: \]0;owned evil$/,
    ],
  ] as const)('%s', async ([, result, why]) => {
    const { api } = await startWorld({ programs: except('worker-1', 'iptables-save', result) });
    const { files, gaps } = await collectOverExec(api, [{ name: 'worker-1' }, { name: 'worker-2' }], { fileLimit: 150_000 });
    expect(summary(files)).toEqual(['worker-1 ip6tables-save true', 'worker-2 ip6tables-save true', 'worker-2 iptables-save true']);
    expect(gaps.map(({ what }) => what)).toEqual(['rules of worker-1']);
    expect(gaps[0]?.why).toMatch(why);
  });

  test('a node that hangs holds up no other', async () => {
    const { api } = await startWorld({ programs: except('worker-1', 'iptables-save', hanging()) });
    const { files, gaps } = await collectOverExec(api, NODES, { timeoutMs: 300 });
    expect(new Set(files.map(({ node }) => node))).toEqual(new Set(['cp-1', 'worker-2', 'worker-3']));
    expect(gaps).toEqual([{ what: 'rules of worker-1', why: 'exec: no end within 0.3s' }]);
  });

  test('a pod on no node, a pending pod, a pod that goes: what to do instead', async () => {
    const objects = clusterWith((pod) => {
      const { nodeName } = pod['spec'] as { nodeName: string };
      if (nodeName === 'worker-1') return null;
      if (nodeName === 'worker-2') return { ...pod, status: { phase: 'Pending' } };
      if (nodeName === 'worker-3')
        return { ...pod, metadata: { ...(pod['metadata'] as object), deletionTimestamp: '2025-10-06T08:14:19Z' } };
      return pod;
    });
    const { api } = await startWorld({ objects });
    const { files, gaps } = await collectOverExec(api, NODES);
    expect(new Set(files.map(({ node }) => node))).toEqual(new Set(['cp-1']));
    expect(gaps).toEqual(
      ['worker-1', 'worker-2', 'worker-3'].map((node) => ({
        what: `rules of ${node}`,
        why: 'exec: no running kube-proxy pod on this node; use --rules ssh or --rules debug',
      })),
    );
  });

  test.for([
    [
      'pods',
      'pods is forbidden: User "kubernetes-admin" cannot list resource "pods" in API group "" in the namespace "kube-system"; use --rules ssh or --rules debug',
    ],
    ['pods/exec', 'it takes the verbs get and create on pods/exec in kube-system'],
  ] as const)('no right to %s', async ([resource, words]) => {
    const { api, ran } = await startWorld({ deny: [{ resources: [resource] }] });
    const { files, gaps } = await collectOverExec(api, WORKER);
    expect(files).toEqual([]);
    expect(gaps.map(({ what }) => what)).toEqual(['rules of worker-1']);
    expect(gaps[0]?.why).toContain(words);
    expect(ran).toEqual([]);
  });
});

describe('the pod is found', () => {
  test.for([
    ['by the label of static pods', { component: 'kube-proxy' }, [{ kind: 'Node', name: 'worker-1' }]],
    ['by the DaemonSet that owns it', { app: 'proxy' }, [{ kind: 'DaemonSet', name: 'my-kube-proxy' }]],
  ] as const)('%s', async ([, labels, ownerReferences]) => {
    const objects = clusterWith((pod) => ({ ...pod, metadata: { ...(pod['metadata'] as object), labels, ownerReferences } }));
    const { api } = await startWorld({ objects });
    const { files } = await collectOverExec(api, WORKER);
    expect(summary(files)).toEqual(['worker-1 ip6tables-save true', 'worker-1 iptables-save true']);
  });

  test('and its container by name, not by place', async () => {
    const objects = clusterWith((pod) => {
      const spec = pod['spec'] as { containers: object[] };
      return { ...pod, spec: { ...spec, containers: [{ name: 'sidecar', image: 'sidecar:1' }, ...spec.containers] } };
    });
    const { api, ran } = await startWorld({ objects });
    await collectOverExec(api, WORKER, { wanted: ['iptables-save'] });
    expect(ran.map(({ container }) => container)).toEqual(['kube-proxy']);
  });
});

describe('the stream is opened like every other request', () => {
  test('TLS, token, impersonation and the path prefix of a proxy in front', async () => {
    const pki = await makePki();
    const { api, asked, ran } = await startWorld({
      tls: { ...pki.server, ca: pki.ca.cert },
      tokens: { secret: 'alice' },
      pathPrefix: '/k8s/clusters/c-1',
      flags: { token: 'secret', as: 'bob' },
      connect: { version: '1.2.3' },
    });
    const { gaps } = await collectOverExec(api, WORKER, { wanted: ['iptables-save'] });
    expect(gaps).toEqual([]);
    expect(ran).toHaveLength(1);
    const { user, url, userAgent } = asked.find(({ status }) => status === 101) ?? {};
    expect([user, userAgent]).toEqual(['bob', 'kubectl-srcip/1.2.3']);
    expect(url).toMatch(
      /^\/k8s\/clusters\/c-1\/api\/v1\/namespaces\/kube-system\/pods\/kube-proxy-\w+\/exec\?command=iptables-save&container=kube-proxy&stdout=true&stderr=true$/,
    );
  });

  test('client certificates', async () => {
    const pki = await makePki();
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const { server, asked } = await startWorld({ tls: { ...pki.server, ca: pki.ca.cert, clientCa: pki.ca.cert } });
    const { connect } = await import('../../../src/collect/live/client.ts');
    const { makeFolder, kubeconfig } = await import('../live/support/files.ts');
    const folder = makeFolder();
    const cluster = { server: server.url, 'certificate-authority-data': base64(pki.ca.cert) };
    const user = { 'client-certificate-data': base64(pki.client.cert), 'client-key-data': base64(pki.client.key) };
    const api = await connect({ kubeconfig: await folder.write('config', kubeconfig({ cluster, user })) }, { env: {} });
    const { gaps } = await collectOverExec(api, WORKER, { wanted: ['iptables-save'] });
    api.close();
    folder.remove();
    expect(gaps).toEqual([]);
    expect(asked.filter(({ status }) => status === 101).map(({ user: who }) => who)).toEqual(['alice']);
  });

  test('an HTTP proxy', async () => {
    const pki = await makePki();
    const { server } = await startWorld({ tls: { ...pki.server, ca: pki.ca.cert } });
    const proxy = await startConnectProxy(server.port);
    try {
      const { connect } = await import('../../../src/collect/live/client.ts');
      const { makeFolder } = await import('../live/support/files.ts');
      const folder = makeFolder();
      const kubeconfig = await folder.write('config', server.kubeconfig());
      const flags = { kubeconfig, server: 'https://api.test:6443', certificateAuthority: await folder.write('ca', pki.ca.cert) };
      const api = await connect(flags, { env: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` } });
      const { files, gaps } = await collectOverExec(api, WORKER, { wanted: ['iptables-save'] });
      api.close();
      folder.remove();
      expect(gaps).toEqual([]);
      expect(files.map(({ node }) => node)).toEqual(['worker-1']);
      expect(proxy.asked).toContain('api.test:6443');
    } finally {
      await proxy.stop();
    }
  });
});

test('the signal ends what hangs, and the caller learns of it', async () => {
  const stop = new AbortController();
  const { api } = await startWorld({
    programs: (asked) => {
      if (asked.node === 'worker-1') setTimeout(() => stop.abort(), 20);
      return asked.node === 'worker-1' ? hanging() : usualPrograms(asked);
    },
  });
  await expect(collectOverExec(api, NODES, { signal: stop.signal })).rejects.toThrow(
    new Failure('interrupted while reading nodes through pods'),
  );
});

test('files can be taken as they arrive', async () => {
  const { api } = await startWorld();
  const taken: string[] = [];
  const { files } = await collectOverExec(api, NODES, { wanted: ['iptables-save'], take: ({ node }) => taken.push(node) });
  expect(files).toEqual([]);
  expect(taken.sort()).toEqual(NODES.map(({ name }) => name));
});
