import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import type { Kind, KubeObject } from '../src/cluster/objects.ts';
import { slim } from '../src/cluster/slim.ts';
import { check } from '../src/findings/check.ts';
import { CLUSTER_RULES, codeOf, SERVICE_RULES } from '../src/findings/registry.ts';
import { createClusterScene } from '../src/findings/scene.ts';
import { READ } from '../test/findings/scene.ts';
import { printRows } from './bench/report.ts';
import { generateCluster } from './generate-cluster.ts';

// How long `check -A` thinks about a big cluster once it is read: at most 10 s and 600 MB. `--rules` tells where the time goes;
// `--mix=local` makes every Service a LoadBalancer of policy Local, `--cloud=gce` gives the nodes a provider, `--json=FILE` keeps the report.

const MOST_SECONDS = 10;
const MOST_MEGABYTES = 600;

const option = (name: string): string | undefined => argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
const pods = Number(option('pods') ?? '20000');
const objects: KubeObject[] = [];
const mix = option('mix') === 'local' ? 'local' : 'ordinary';
for (const raw of generateCluster({ pods, mix, cloud: option('cloud') ?? '', nodes: Number(option('nodes') ?? '5000') })) {
  const object = slim(JSON.parse(JSON.stringify(raw)));
  if (object !== null) objects.push(object);
}
const complete = new Set<Kind>([...objects.map(({ kind }) => kind), ...READ]);
const evidence = { origin: 'bench', objects, complete, gaps: [], nodeFiles: [] };

if (argv.includes('--rules')) perRule();
else whole();

function whole(): void {
  const start = performance.now();
  const scene = createClusterScene(evidence);
  const report = check(scene, { services: scene.cluster.services });
  const text = JSON.stringify(report);
  const seconds = (performance.now() - start) / 1000;
  const megabytes = process.resourceUsage().maxRSS / 1024;
  const size = `${scene.cluster.services.length} Services, ${scene.cluster.nodes.length} nodes, ${scene.cluster.pods.length} pods`;
  const fine = seconds < MOST_SECONDS && megabytes < MOST_MEGABYTES;
  process.stdout.write(
    `${size}: ${seconds.toFixed(2)} s, peak ${megabytes.toFixed(0)} MB, ${report.findings.length} findings, ${(text.length / 2 ** 20).toFixed(1)} MB of JSON: ${fine ? 'ok' : 'TOO MUCH'}\n`,
  );
  process.exitCode = fine ? 0 : 1;
  const ours = { label: `check -A of ${mix} Services, once they are read`, runs: 1, seconds, peakMB: megabytes * 1.048576, trouble: null };
  printRows([
    { title: `findings of 10,000 ${mix} Services, time`, ours, theirs: null, target: { kind: 'seconds', atMost: MOST_SECONDS } },
    { title: `findings of 10,000 ${mix} Services, peak memory`, ours, theirs: null, target: { kind: 'memory', atMost: MOST_MEGABYTES } },
  ]);
  const file = option('json');
  if (file !== undefined) writeFileSync(file, text);
}

function perRule(): void {
  const scene = createClusterScene(evidence);
  const scenes = scene.cluster.services.map((service) => scene.scene(service));
  const rows: { readonly name: string; readonly ms: number; readonly facts: number }[] = [];
  const measure = (name: string, run: () => number): void => {
    const start = performance.now();
    const facts = run();
    rows.push({ name, ms: performance.now() - start, facts });
  };
  for (const rule of CLUSTER_RULES) measure(`${codeOf(rule)} ${rule.id}`, () => rule.run(scene).length);
  for (const rule of SERVICE_RULES)
    measure(`${codeOf(rule)} ${rule.id}`, () =>
      scenes.reduce((sum, own) => (own.service.unproxied === null || rule.unproxied === true ? sum + rule.run(own).length : sum), 0),
    );
  for (const { name, ms, facts } of rows.sort((a, b) => b.ms - a.ms).slice(0, 20))
    process.stdout.write(`${ms.toFixed(0).padStart(7)} ms ${String(facts).padStart(6)} ${name}\n`);
}
