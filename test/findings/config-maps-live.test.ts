import { expect, test } from 'vitest';
import { loadDemoCluster } from '../../src/demo/load.ts';
import type { ApiServerOptions } from '../../src/demo/server.ts';
import type { CheckReport } from '../../src/findings/check-report.ts';
import { srcip } from '../e2e/support/cli.ts';
import { listOf, makeFolder, startWorld } from '../e2e/support/world.ts';

const CONFIG = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'worker-config', namespace: 'shop' },
  data: { 'worker.yaml': 'password: hunter2\ncallback: http://shop.example.com/hook\n' },
};
/** On a node where the ingress controller has no pod. */
const WORKER = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'worker-0', namespace: 'shop' },
  spec: {
    nodeName: 'worker-2',
    containers: [{ name: 'main', image: 'example.com/worker:v1' }],
    volumes: [{ name: 'c', configMap: { name: 'worker-config' } }],
  },
  status: { phase: 'Running', podIP: '10.244.2.77', podIPs: [{ ip: '10.244.2.77' }] },
};
const OBJECTS = [...loadDemoCluster('selfcheck-hang').filter(({ kind }) => kind !== 'Challenge'), CONFIG, WORKER];
const NAMED = 'pod shop/worker-0 (a file (ConfigMap worker-config, key worker.yaml) names shop.example.com:80)';

async function check(words: readonly string[], options: Partial<ApiServerOptions> = {}) {
  const world = await startWorld({ objects: OBJECTS, ...options });
  const ran = await srcip(['check', ...words, '-o', 'json', '--fail-on', 'never'], { env: world.env });
  await world.end();
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
  expect(ran.stdout).not.toContain('hunter2');
  const report = JSON.parse(ran.stdout) as CheckReport;
  return { report, hairpin: report.findings.find(({ id }) => id === 'hairpin-local-dropped')?.message };
}

test('a pod that is given the host by a ConfigMap is named, live and from files', async () => {
  const { report, hairpin } = await check(['-A']);
  expect(hairpin).toContain(NAMED);
  expect(report.gaps).toEqual([]);
  const folder = makeFolder();
  const path = folder.write('cluster.json', listOf(OBJECTS));
  expect((await check(['svc/ingress-nginx-controller', '-n', 'ingress-nginx', '--snapshot', path])).hairpin).toContain(NAMED);
  folder.remove();
});

test('where ConfigMaps may not be listed the report says so, and finds the rest', async () => {
  const intercept: NonNullable<ApiServerOptions['intercept']> = ({ url = '' }, response) => {
    if (!/\/configmaps(\?|$)/.test(url)) return false;
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Forbidden', code: 403, message: 'no' }));
    return true;
  };
  const [refused, whole] = [await check(['-A'], { intercept }), await check(['-A'])];
  expect(refused.report.gaps).toEqual([{ what: 'hosts that ConfigMaps name', why: 'Forbidden: no' }]);
  expect(refused.hairpin).toBeDefined();
  expect(refused.hairpin).not.toContain('worker-0');
  expect(refused.report.findings.map(({ code }) => code).sort()).toEqual(whole.report.findings.map(({ code }) => code).sort());
});
