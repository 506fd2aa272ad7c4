import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { dump, load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loopbackCertificate } from '../../scripts/bench/certificate.ts';
import { loadDemoCluster } from '../../src/demo/load.ts';
import { srcip } from './support/cli.ts';
import { type Folder, listOf, makeFolder, startWorld, type World } from './support/world.ts';

let world: World;
let folder: Folder;
let demoFile: string;

beforeAll(async () => {
  world = await startWorld();
  folder = makeFolder();
  demoFile = folder.write('demo.json', listOf(loadDemoCluster()));
});
afterAll(async () => {
  await world.end();
  folder.remove();
});

/** Runs it and expects an answer: exit code 0 and not a word on stderr. */
async function answer(args: readonly string[], more: Parameters<typeof srcip>[1] = {}): Promise<string> {
  const ran = await srcip(args, { env: world.env, ...more });
  expect(ran.stderr).toBe('');
  expect(ran.code).toBe(0);
  return ran.stdout;
}

interface Report {
  readonly kind: string;
  readonly apiVersion: string;
  readonly service: { readonly namespace: string; readonly name: string };
  readonly dataplane: readonly {
    readonly nodes: readonly string[];
    readonly mode: string;
    readonly version: string;
    readonly evidence: unknown;
  }[];
  readonly flows: readonly {
    readonly from: { readonly kind: string; readonly name: string | null; readonly node: string | null };
    readonly via: string | null;
    readonly to: { readonly kind: string; readonly node: string | null; readonly address: string; readonly port: number };
    readonly verdict: string;
  }[];
  readonly gaps: readonly { readonly what: string; readonly why: string }[];
}

async function report(args: readonly string[], more: Parameters<typeof srcip>[1] = {}): Promise<Report> {
  return JSON.parse(await answer(['explain', ...args, '-o', 'json'], more)) as Report;
}

describe('formats', () => {
  const ingress = ['explain', 'svc/ingress-nginx-controller', '-n', 'ingress-nginx'];

  test('the table begins with the answer in a sentence', async () => {
    const text = await answer(ingress);
    expect(text.split('\n')[0]).toContain('ingress-nginx/ingress-nginx-controller · LoadBalancer');
    expect(text).toMatch(/^◐ 2 of 4 nodes drop outside traffic to nodePort 31080\/TCP/m);
    expect(text).toContain('a load balancer keeps 2 of 4 nodes');
  });

  test('wide says more than the table, of the same', async () => {
    const [table, wide] = [await answer(ingress), await answer([...ingress, '-o', 'wide'])];
    expect(wide.length).toBeGreaterThan(table.length);
    expect(wide.split('\n')[0]).toBe(table.split('\n')[0]);
  });

  test('json is the report', async () => {
    const { apiVersion, kind, service, flows } = await report(ingress.slice(1));
    expect({ apiVersion, kind, service: `${service.namespace}/${service.name}` }).toEqual({
      apiVersion: 'srcip.io/v1alpha1',
      kind: 'ServiceReport',
      service: 'ingress-nginx/ingress-nginx-controller',
    });
    const outside = flows.filter(({ from, to }) => from.kind === 'external' && to.kind === 'nodePort' && to.port === 31080);
    expect(Object.fromEntries(outside.map(({ to, verdict }) => [to.node, verdict]))).toEqual({
      'cp-1': 'dropped',
      'worker-1': 'delivered',
      'worker-2': 'dropped',
      'worker-3': 'delivered',
    });
  });

  test('yaml and json are the same report', async () => {
    expect(load(await answer([...ingress, '-o', 'yaml']))).toEqual(JSON.parse(await answer([...ingress, '-o', 'json'])));
  });

  test('markdown is a table for an issue', async () => {
    const text = await answer([...ingress, '-o', 'markdown']);
    expect(text).toMatch(/^\| ?-|^\|:?-/m);
    expect(text).toContain('192.168.10.11');
  });

  test('name names the Service as kubectl does', async () => {
    expect(await answer([...ingress, '-o', 'name'])).toBe('service/ingress-nginx-controller\n');
  });
});

describe('ways to say the same', () => {
  test.for([
    ['svc/web', '-n', 'shop', '-o', 'json'],
    ['service/web', '-nshop', '-ojson'],
    ['services/web', '--namespace', 'shop', '--output', 'json'],
    ['services.v1./web', '--namespace=shop', '--output=json'],
    ['SVC/web', '-n=shop', '-o=json'],
    ['svc', 'web', '-n', 'shop', '-o', 'json'],
    ['web', '-n', 'shop', '-o', 'json'],
    ['-n', 'shop', '-o', 'json', 'svc/web'],
    ['-o', 'json', 'svc', '-n', 'shop', 'web'],
    ['-n', 'shop', '-o', 'json', '--', 'svc/web'],
    ['svc/web', '-o', 'json'],
  ])('%s', async (args) => {
    const words = await answer(['explain', ...args]);
    expect(words).toBe(await answer(['explain', 'svc/web', '-n', 'shop', '-o', 'json']));
  });

  test('the namespace comes from the context, unless -n says otherwise', async () => {
    expect((await report(['svc/web'])).service.namespace).toBe('shop');
    expect((await report(['svc/kubernetes', '-n', 'default'])).service.namespace).toBe('default');
  });

  test('--kubeconfig, --context and --server lead to the same cluster as KUBECONFIG', async () => {
    const wanted = await answer(['explain', 'svc/web']);
    const away = { env: { KUBECONFIG: '/nonexistent/config' } };
    expect(await answer(['explain', 'svc/web', '--kubeconfig', world.kubeconfig], away)).toBe(wanted);
    expect(await answer(['explain', 'svc/web', '--context', 'demo'])).toBe(wanted);
    expect(await answer(['explain', 'svc/web', '-n', 'shop', '-s', world.server.url], away)).toBe(wanted);
  });
});

describe('narrower questions', () => {
  test('--port by name and by number', async () => {
    const [byName, byNumber] = [
      await report(['svc/ingress-nginx-controller', '-n', 'ingress-nginx', '--port', 'https']),
      await report(['svc/ingress-nginx-controller', '-n', 'ingress-nginx', '--port', '443']),
    ];
    expect(byName.flows).toEqual(byNumber.flows);
    expect(new Set(byName.flows.filter(({ to }) => to.kind === 'nodePort').map(({ to }) => to.port))).toEqual(new Set([31443]));
  });

  test('several --from, --to and --via are all answered, and nothing else', async () => {
    const { flows } = await report([
      ...['svc/ingress-nginx-controller', '-n', 'ingress-nginx', '--port', 'http'],
      ...['--from', 'external=203.0.113.7', '--from', 'pod@worker-2', '--from', 'node/worker-1'],
      ...['--to', 'loadBalancer', '--to', 'node/worker-2', '--to', '10.96.142.17:80'],
      ...['--via', 'worker-1', '--via', 'worker-2'],
    ]);
    const seen = flows.map(
      ({ from, via, to }) => `${from.kind === 'external' ? 'external' : `${from.kind}@${from.node}`} > ${via ?? '-'} > ${to.kind}`,
    );
    expect([...new Set(seen)].sort()).toEqual([
      'external > - > nodePort',
      'external > worker-1 > clusterIP',
      'external > worker-1 > loadBalancerIP',
      'external > worker-2 > clusterIP',
      'external > worker-2 > loadBalancerIP',
      'node@worker-1 > - > clusterIP',
      'node@worker-1 > - > loadBalancerIP',
      'node@worker-1 > - > nodePort',
      'pod@worker-2 > - > clusterIP',
      'pod@worker-2 > - > loadBalancerIP',
      'pod@worker-2 > - > nodePort',
    ]);
  });

  test('a pod by name, in the namespace of the question or in its own', async () => {
    const pod = (loadDemoCluster() as { kind: string; metadata: { name: string; namespace: string } }[]).find(
      (object) => object.kind === 'Pod' && object.metadata.namespace === 'cert-manager',
    );
    const name = pod?.metadata.name ?? '';
    const { flows } = await report(['svc/web', '--from', `pod/cert-manager/${name}`, '--to', 'clusterIP']);
    expect(flows.map(({ from, verdict }) => [from.kind, from.name, verdict])).toEqual([['pod', name, 'delivered']]);
    const inside = await report(['svc/cert-manager', '-n', 'cert-manager', '--from', `pod/${name}`, '--to', 'clusterIP']);
    expect(new Set(inside.flows.map(({ from }) => from.name))).toEqual(new Set([name]));
  });
});

describe('exit codes', () => {
  test.for([
    ['svc/web', 'error', 0],
    ['svc/web', 'never', 0],
    ['svc/legacy', 'error', 1],
    ['svc/legacy', 'warning', 1],
    ['svc/legacy', 'never', 0],
  ] as const)('%s --fail-on %s: %i', async ([service, failOn, code]) => {
    const ran = await srcip(['explain', service, '--fail-on', failOn], { env: world.env });
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code, stderr: '' });
    expect(ran.stdout).not.toBe('');
  });

  test('a Service that drops on some nodes fails on warning, not on error', async () => {
    const run = (failOn: string): Promise<{ code: number | null }> =>
      srcip(['explain', 'svc/ingress-nginx-controller', '-n', 'ingress-nginx', '--fail-on', failOn], { env: world.env });
    expect([(await run('error')).code, (await run('warning')).code]).toEqual([0, 1]);
  });

  test('a Service without endpoints is answered, not refused', async () => {
    const { flows } = await report(['svc/legacy']);
    expect(flows.length).toBeGreaterThan(0);
    expect(flows.filter(({ verdict }) => verdict === 'delivered')).toEqual([]);
  });
});

describe('the same cluster from files', () => {
  const objects = loadDemoCluster() as unknown as { kind: string; metadata: { name: string; namespace?: string } }[];
  const questions = [
    ['svc/ingress-nginx-controller', '-n', 'ingress-nginx'],
    ['svc/web', '-n', 'shop'],
    ['svc/legacy', '-n', 'shop'],
    ['svc/kubernetes', '-n', 'default'],
  ];

  /** What both ways must agree on; evidence names its source. */
  function essence(report: Report | undefined): unknown {
    if (report === undefined) return null;
    const { service, dataplane, flows } = report;
    return { service, flows, dataplane: dataplane.map(({ nodes, mode, version }) => ({ nodes, mode, version })) };
  }

  let live: Report[];

  beforeAll(async () => {
    live = [];
    for (const question of questions) live.push(await report(question));
  });

  async function expectSame(path: string, more: Parameters<typeof srcip>[1] = {}): Promise<void> {
    for (const [i, question] of questions.entries()) {
      const files = await report([...question, '--snapshot', path], { env: {}, ...more });
      expect(essence(files)).toEqual(essence(live[i]));
    }
  }

  function writeFolder(): string {
    const root = join(folder.path, 'tree');
    for (const [i, object] of objects.entries()) {
      const place = join('tree', object.metadata.namespace ?? 'cluster-scoped', object.kind.toLowerCase());
      mkdirSync(join(folder.path, place), { recursive: true });
      folder.write(join(place, `${i}.yaml`), dump(object));
    }
    return root;
  }

  test('a List as JSON', () => expectSame(demoFile));
  test('a List as YAML', () => expectSame(folder.write('demo.yaml', dump({ apiVersion: 'v1', kind: 'List', items: objects }))));
  test('standard input', () => expectSame('-', { input: listOf(objects) }));
  test('standard input, compressed', () => expectSame('-', { input: gzipSync(listOf(objects)) }));

  test('a folder of many files, and the same as archives', async () => {
    const root = writeFolder();
    await expectSame(root);
    for (const [flag, name] of [
      ['-czf', 'demo.tar.gz'],
      ['-cf', 'demo.tar'],
      ['-cJf', 'demo.tar.xz'],
    ] as const) {
      const archive = join(folder.path, name);
      expect(spawnSync('tar', [flag, archive, '-C', folder.path, 'tree']).status).toBe(0);
      await expectSame(archive);
    }
  });

  test('-v names what was passed over, on stderr only', async () => {
    const ran = await srcip(['explain', 'svc/web', '-n', 'shop', '--snapshot', demoFile, '-v']);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/passed over: .*ReplicaSet/);
    expect(ran.stdout).not.toContain('passed over');
  });
});

test('over https with a certificate of its own CA the answer is the same', async () => {
  const secure = await startWorld({ tls: await loopbackCertificate() });
  const overTls = await report(['svc/web'], { env: secure.env });
  await secure.end();
  expect(overTls).toEqual(await report(['svc/web']));
});
