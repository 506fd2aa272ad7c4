import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AssertReport } from '../../src/assert/report.ts';
import { loadDemoCluster } from '../../src/demo/load.ts';
import { faultsOf, type Ran, srcip } from '../e2e/support/cli.ts';
import { type Folder, listOf, makeFolder, startWorld, type World } from '../e2e/support/world.ts';
import { document } from './support.ts';

let world: World;
let folder: Folder;
let snapshot: string;
let flows: string;

const HOLDS = '  - {name: every node answers, from: external, to: nodePort, expect: {verdict: delivered}}\n';
const FAILS = '  - {name: the client is seen, from: external, to: nodePort, expect: {source: preserved}}\n';
const UNANSWERABLE = '  - {name: nobody asks, from: pod/nobody, to: clusterIP, expect: {verdict: delivered}}\n';

beforeAll(async () => {
  world = await startWorld();
  folder = makeFolder();
  snapshot = folder.write('demo.json', listOf(loadDemoCluster()));
  flows = folder.write('flows.yaml', document(HOLDS + FAILS, 'shop/web'));
});
afterAll(async () => {
  await world.end();
  folder.remove();
});

const check = (...args: readonly string[]): Promise<Ran> => srcip(['assert', ...args], { env: world.env });

describe('exit codes', () => {
  test.for([
    [HOLDS, 0],
    [HOLDS + FAILS, 1],
    [FAILS + UNANSWERABLE, 2],
  ] as const)('%#: %i', async ([text, code]) => {
    const ran = await check('-f', folder.write(`code-${code}.yaml`, document(text, 'shop/web')));
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code, stderr: '' });
  });

  test('a bad file is said with its line, before the cluster is read', async () => {
    world.asked.length = 0;
    const ran = await check('-f', folder.write('bad.yaml', document(HOLDS.replace('delivered', 'deliverd'), 'shop/web')));
    expect(faultsOf(ran)).toEqual([]);
    expect(ran.stderr).toContain('bad.yaml:5: flows[0].expect.verdict cannot be "deliverd"');
    expect(world.asked).toEqual([]);
  });

  test.for([
    [[], 'which flows are expected?'],
    [['-f', '/nonexistent/flows.yaml'], 'no such file'],
    [['-f', '/'], 'it is a folder'],
    [['svc/web', '-f', 'x.yaml'], 'named in the files'],
    [['--init'], 'no Service was named'],
    [['--init', 'svc/wep', '-n', 'shop'], 'did you mean "web"'],
  ] as const)('%s', async ([args, message]) => {
    const ran = await check(...args);
    expect(faultsOf(ran)).toEqual([]);
    expect(ran.stderr).toContain(message);
  });
});

describe('formats', () => {
  test('table: what does not hold, with file and line', async () => {
    const { stdout } = await check('-f', flows);
    expect(stdout).toContain('◐ 1 of 2 expected flows does not hold.');
    expect(stdout).toMatch(/✗ the client is seen \(4 of 4 flows\) .*flows\.yaml:6/);
    expect(stdout).toContain('expected source preserved, found masqueraded');
    expect(stdout).not.toContain('every node answers');
  });

  test('json and yaml are the same report', async () => {
    const json = JSON.parse((await check('-f', flows, '-o', 'json')).stdout) as AssertReport;
    expect(json).toMatchObject({ kind: 'AssertReport', counts: { holds: 1, fails: 1, undetermined: 0, unanswerable: 0 } });
    expect(load((await check('-f', flows, '-o', 'yaml')).stdout)).toEqual(json);
  });

  test('junit: a case for each, a failure where it fails', async () => {
    const { stdout } = await check('-f', flows, '-o', 'junit');
    expect(stdout).toContain('<testsuite name="shop/web" tests="2" failures="1" errors="0" skipped="0">');
    expect(stdout).toMatch(/<testcase name="every node answers" classname="shop\/web">\s+<system-out>[^<]+flows\.yaml:5<\/system-out>/);
    expect(stdout).toMatch(/<failure message="outside → nodePort cp-1 [^"]+" type="fails">/);
  });

  test('sarif: a result at the line', async () => {
    const log = JSON.parse((await check('-f', flows, '-o', 'sarif')).stdout) as {
      version: string;
      runs: { results: { ruleId: string; locations: { physicalLocation: { region: { startLine: number } } }[] }[] }[];
    };
    expect(log.version).toBe('2.1.0');
    expect(log.runs[0]?.results.map(({ ruleId, locations }) => [ruleId, locations[0]?.physicalLocation.region.startLine])).toEqual([
      ['expected-flow', 6],
    ]);
  });

  test('github: an annotation', async () => {
    const { stdout } = await check('-f', flows, '-o', 'github');
    expect(stdout).toMatch(/^::error file=[^,]+,line=6,title=expected flow fails::shop\/web: the client is seen: /);
  });

  test('names in a file cannot leave their place', async () => {
    const name = '</testcase>\\u001b[31m ::error::x';
    const path = folder.write(
      'hostile.yaml',
      document(`  - {name: "${name}", from: external, to: nodePort, expect: {source: preserved}}\n`, 'shop/web'),
    );
    for (const format of ['table', 'junit', 'github', 'sarif'])
      expect((await check('-f', path, '-o', format)).stdout).not.toContain('\u001b');
    expect((await check('-f', path, '-o', 'junit')).stdout).toContain('&lt;/testcase&gt;');
  });
});

describe('--init', () => {
  test('what it prints holds, live and offline, and through standard input', async () => {
    const { stdout, stderr } = await check('--init', 'svc/web', '-n', 'shop');
    expect(stderr).toBe('');
    const path = folder.write('init.yaml', stdout);
    expect((await check('-f', path)).code).toBe(0);
    expect((await srcip(['assert', '-f', path, '--snapshot', snapshot])).code).toBe(0);
    const ran = await srcip(['assert', '-f', '-', '--snapshot', snapshot], { input: stdout });
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('the examples hold in the demo cluster', async () => {
    const ran = await check('-f', 'examples/flows/web.yaml', '-f', 'examples/flows/ingress.yaml');
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
  });
});
