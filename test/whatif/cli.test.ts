import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadDemoCluster } from '../../src/demo/load.ts';
import type { WhatifReport } from '../../src/whatif/report.ts';
import { faultsOf, srcip } from '../e2e/support/cli.ts';
import { type Folder, listOf, makeFolder, startWorld, type World } from '../e2e/support/world.ts';

let world: World;
let folder: Folder;
let snapshot: string;

beforeAll(async () => {
  world = await startWorld();
  folder = makeFolder();
  snapshot = folder.write('demo.json', listOf(loadDemoCluster()));
});
afterAll(async () => {
  await world.end();
  folder.remove();
});

const TO_LOCAL = ['whatif', 'svc/web', '-n', 'shop', '--set', 'externalTrafficPolicy=Local'];

async function answer(args: readonly string[], env: Readonly<Record<string, string>> = world.env): Promise<string> {
  const ran = await srcip(args, { env });
  expect({ stderr: ran.stderr, code: ran.code }).toEqual({ stderr: '', code: 0 });
  return ran.stdout;
}

async function report(args: readonly string[], env: Readonly<Record<string, string>> = world.env): Promise<WhatifReport> {
  return JSON.parse(await answer([...args, '-o', 'json'], env)) as WhatifReport;
}

describe('formats', () => {
  test('the table begins with the answer in a sentence', async () => {
    const [title, plane, sentence] = (await answer(TO_LOCAL)).split('\n');
    expect(title).toBe('shop/web · NodePort · after externalTrafficPolicy=Local');
    expect(plane).toContain('kube-proxy v1.33.4 iptables');
    expect(sentence).toMatch(/^◐ After externalTrafficPolicy=Local, outside clients of 1 of 4 nodes \(cp-1\) are dropped/);
  });

  test('wide tells more of the same', async () => {
    expect((await answer([...TO_LOCAL, '-o', 'wide'])).length).toBeGreaterThan((await answer(TO_LOCAL)).length);
  });

  test('yaml and json are the same report, of the kind WhatifReport', async () => {
    const json = await report(TO_LOCAL);
    expect(json.kind).toBe('WhatifReport');
    expect(load(await answer([...TO_LOCAL, '-o', 'yaml']))).toEqual(json);
  });

  test('markdown for a ticket, name for a script', async () => {
    expect(await answer([...TO_LOCAL, '-o', 'markdown'])).toMatch(/^### shop\/web/);
    expect(await answer([...TO_LOCAL, '-o', 'name'])).toBe('service/web\n');
  });
});

describe('live and offline', () => {
  test.for([
    [['--set', 'externalTrafficPolicy=Local']],
    [['--drain', 'worker-1', '--cordon', 'worker-2']],
    [['--scale', '1']],
    [['--proxy-mode', 'nftables', '--kube-version', '1.34']],
  ])('%s says the same of both', async ([change = []]) => {
    const args = ['whatif', 'svc/web', '-n', 'shop', ...change];
    const [live, offline] = [await report(args), await report([...args, '--snapshot', snapshot], {})];
    expect(offline.flows).toEqual(live.flows);
    expect(offline.answer).toEqual(live.answer);
  });

  test('nothing is written to the cluster', async () => {
    world.asked.length = 0;
    await answer([...TO_LOCAL, '--drain', 'worker-1']);
    expect(new Set(world.asked.map(({ method }) => method))).toEqual(new Set(['GET']));
  });
});

describe('changed manifests', () => {
  const manifest = (policy: string): string => `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  externalTrafficPolicy: ${policy}
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
`;

  test('-f FILE is as --set, and keeps the node port that the server gave', async () => {
    const [byFile, bySet] = [
      await report(['whatif', 'svc/web', '-n', 'shop', '-f', folder.write('local.yaml', manifest('Local'))]),
      await report(TO_LOCAL),
    ];
    expect(byFile.flows).toEqual(bySet.flows);
  });

  test('- is standard input', async () => {
    const ran = await srcip(['whatif', 'svc/web', '-n', 'shop', '-f', '-', '--snapshot', snapshot, '-o', 'json'], {
      input: manifest('Local'),
    });
    expect(ran.stderr).toBe('');
    expect((JSON.parse(ran.stdout) as WhatifReport).counts.introduced).toBeGreaterThan(0);
  });

  test('what is not understood in it is named', async () => {
    const deployment = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {replicas: 9}\n';
    const path = folder.write('both.yaml', `${manifest('Cluster')}---\n${deployment}`);
    const { gaps } = await report(['whatif', 'svc/web', '-n', 'shop', '-f', path]);
    expect(gaps.map(({ what }) => what).join()).toContain('pods of Deployment web in');
  });
});

test('a number that is not given yet is shown nowhere', async () => {
  for (const output of ['json', 'wide', 'markdown']) {
    const text = await answer([
      'whatif',
      'svc/api',
      '-n',
      'shop',
      '--set',
      'type=LoadBalancer',
      '--set',
      'externalTrafficPolicy=Local',
      '-o',
      output,
    ]);
    expect(text).not.toMatch(/3276\d/);
  }
});

describe('exit codes', () => {
  test.for([
    ['externalTrafficPolicy=Local', 'never', 0],
    ['externalTrafficPolicy=Local', 'error', 0],
    ['externalTrafficPolicy=Local', 'warning', 1],
    ['externalTrafficPolicy=Cluster', 'warning', 0],
    ['externalTrafficPolicy=Cluster', 'info', 0],
    ['sessionAffinity=ClientIP', 'info', 0],
  ] as const)('--set %s --fail-on %s: %i', async ([set, failOn, code]) => {
    const ran = await srcip(['whatif', 'svc/web', '-n', 'shop', '--set', set, '--fail-on', failOn], { env: world.env });
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code, stderr: '' });
  });

  test('--scale 0 is bad news', async () => {
    expect((await srcip(['whatif', 'svc/web', '-n', 'shop', '--scale', '0', '--fail-on', 'error'], { env: world.env })).code).toBe(1);
  });
});

describe('what cannot be answered', () => {
  test.for([
    [['svc/web'], 'nothing is to be changed'],
    [['svc/web', '--set', 'externalTrafficPolicy=local'], 'did you mean "Local"?'],
    [['svc/web', '--set', 'nonsense'], 'is no FIELD=VALUE'],
    [['svc/web', '--drain', 'worker-9'], 'node "worker-9" not found'],
    [['svc/web', '-f', '/nonexistent/x.yaml'], 'does not exist'],
    [['svc/wep', '--set', 'type=ClusterIP'], 'did you mean "web"'],
    [['svc/web', '--scale', 'many'], 'Expected an integer'],
  ] as const)('%s', async ([args, message]) => {
    const ran = await srcip(['whatif', ...args, '-n', 'shop'], { env: world.env });
    expect(faultsOf(ran)).toEqual([]);
    expect(ran.stderr).toContain(message);
  });
});

test('the help names every change', async () => {
  const { stdout } = await srcip(['whatif', '--help']);
  for (const flag of ['set', 'filename', 'drain', 'cordon', 'delete-pod', 'move', 'scale', 'kube-version', 'proxy-mode', 'detect-local'])
    expect(stdout).toContain(`--${flag}`);
});
