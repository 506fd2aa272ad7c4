import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ran, srcip } from '../e2e/support/cli.ts';
import { type Folder, makeFolder, startWorld, type World } from '../e2e/support/world.ts';
import { hasXmllint, junitFaults, xmllintFaults } from '../support/junit.ts';
import { type SarifLog, type SarifResult, sarifFaults } from '../support/sarif.ts';
import { commandsIn } from '../support/workflow-commands.ts';

let world: World;
let folder: Folder;

beforeAll(async () => {
  world = await startWorld();
  folder = makeFolder();
});
afterAll(async () => {
  await world.end();
  folder.remove();
});

function run(args: readonly string[], input?: string): Promise<Ran> {
  return srcip(args, { env: world.env, cwd: folder.path, ...(input === undefined ? {} : { input }) });
}

async function sarif(args: readonly string[], input?: string): Promise<readonly SarifResult[]> {
  const log = JSON.parse((await run([...args, '-o', 'sarif'], input)).stdout) as SarifLog;
  expect(sarifFaults(log)).toEqual([]);
  return log.runs[0]?.results ?? [];
}

async function junit(args: readonly string[], input?: string): Promise<string> {
  const { stdout } = await run([...args, '-o', 'junit'], input);
  expect(junitFaults(stdout)).toEqual([]);
  if (hasXmllint) expect(xmllintFaults(stdout)).toBe('');
  return stdout;
}

function write(name: string, text: string): string {
  mkdirSync(join(folder.path, name, '..'), { recursive: true });
  writeFileSync(join(folder.path, name), text);
  return name;
}

/** A Service whose targetPort no pod has, on the last line. */
function badService(name = 'web', before = ''): string {
  return `${before}apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec:
  selector: {app: web}
  ports:
  - port: 80
    targetPort: https
`;
}

const LINES = badService().trimEnd().split('\n').length;

describe('check', { timeout: 120_000 }, () => {
  test('nothing found', async () => {
    const args = ['check', 'svc/api', '-n', 'shop', '--select', 'SIP101'];
    expect(await sarif(args)).toEqual([]);
    expect(await junit(args)).toContain('<testcase name="no findings" classname="shop/api"/>');
    expect(commandsIn((await run([...args, '-o', 'github'])).stdout)).toEqual([]);
  });

  test('the whole cluster', async () => {
    const all = ['check', '-A', '--fail-on', 'info'];
    const [results, xml, { stdout, code }] = [await sarif(all), await junit(all), await run([...all, '-o', 'github'])];
    expect(code).toBe(1);
    expect(results.length).toBeGreaterThan(5);
    expect(xml.match(/<failure /g)).toHaveLength(results.length);
    expect(commandsIn(stdout)).toHaveLength(results.length);
    expect(new Set(results.map(({ partialFingerprints }) => JSON.stringify(partialFingerprints))).size).toBe(results.length);
  });

  test('every rule of the catalogue has what code scanning wants', async () => {
    const log = JSON.parse((await run(['check', '-A', '-o', 'sarif', '--fail-on', 'never'])).stdout) as SarifLog;
    const rules = log.runs[0]?.tool.driver.rules ?? [];
    expect(rules.length).toBeGreaterThan(50);
    expect(rules.filter(({ id, name = '' }) => !/^SIP\d{3}$/.test(id) || !/^[A-Z][A-Za-z0-9]+$/.test(name))).toEqual([]);
  });

  test('suppressed by a file, and by an annotation', async () => {
    const file = write('ok.yaml', 'suppress:\n- {code: SIP109, service: shop/web, reason: "known <&> [so](http://x)"}\n');
    const annotated = badService().replace('namespace: shop}', 'namespace: shop, annotations: {srcip.io/ignore: "SIP109: soon"}}');
    for (const [args, kind, reason] of [
      [['-f', write('bad.yaml', badService()), '--suppressions', file], 'external', 'known <&> [so](http://x)'],
      [['-f', write('own.yaml', annotated)], 'inSource', 'soon'],
    ] as const) {
      const results = await sarif(['check', ...args]);
      expect(results.find(({ ruleId }) => ruleId === 'SIP109')?.suppressions).toEqual([
        { kind, status: 'accepted', justification: reason },
      ]);
      expect(await junit(['check', ...args])).toContain('<skipped message="suppressed: ');
      const github = await run(['check', ...args, '-o', 'github']);
      expect(github.code).toBe(0);
      expect(github.stdout).not.toContain('SIP109');
    }
  });

  test('a baseline: what is known, what is new, and a suppressed one', async () => {
    const baseline = write('baseline.json', (await run(['check', '-A', '-o', 'json'])).stdout);
    const ok = write('snat.yaml', 'suppress:\n- {code: SIP201, reason: known}\n');
    const args = ['check', '-A', '-f', write('new.yaml', badService('api')), '--baseline', baseline, '--suppressions', ok];
    const states = new Map((await sarif(args)).map(({ ruleId, baselineState }) => [ruleId, baselineState]));
    expect(states.get('SIP109')).toBe('new');
    expect(states.get('SIP101')).toBe('unchanged');
    expect(states.get('SIP201')).toBe('unchanged');
    expect((await junit([...args, '--fail-on', 'info'])).match(/<failure /g)).toHaveLength(1);
    const { stdout } = await run([...args, '-o', 'github']);
    expect(commandsIn(stdout).map(({ properties }) => properties['title'])).toEqual(['SIP109 target-port-unresolved']);
  });
});

describe('check -f: the file and the line', { timeout: 120_000 }, () => {
  test.for([
    ['manifests/web.yaml', 'manifests/web.yaml'],
    ['für Kunden/50% #1/web.yaml', 'f%C3%BCr%20Kunden/50%25%20%231/web.yaml'],
    ["it's; $(x) `y`/w,e:b.yaml", "it's%3B%20%24(x)%20%60y%60/w%2Ce%3Ab.yaml"],
    ['%0A::error::x/web.yaml', '%250A%3A%3Aerror%3A%3Ax/web.yaml'],
    ['line\nfeed]]>/<b>&.yaml', 'line%0Afeed%5D%5D%3E/%3Cb%3E%26.yaml'],
  ] as const)('%j', async ([file, uri]) => {
    const path = write(file, badService('web', '# a comment\n---\n'));
    const [result] = await sarif(['check', '-f', path]);
    expect(result?.ruleId).toBe('SIP109');
    expect(result?.locations[0]?.physicalLocation).toEqual({
      artifactLocation: { uri, uriBaseId: 'SRCROOT' },
      region: { startLine: LINES + 2 },
    });
    expect(decodeURIComponent(uri)).toBe(file);
    await junit(['check', '-f', path]);
    const commands = commandsIn((await run(['check', '-f', path, '-o', 'github'])).stdout);
    expect(commands.map(({ properties }) => properties)).toEqual([
      { file: file.replace('\n', '\\n'), line: String(LINES + 2), title: 'SIP109 target-port-unresolved' },
    ]);
  });

  test('a folder, and the second document of a file', async () => {
    write('many/a.yaml', `${badService('api')}---\n${badService('web')}`);
    write('many/b/c.yaml', badService('legacy'));
    const places = (await sarif(['check', '-R', '-f', './many', '--select', 'SIP109'])).map(
      ({ locations }) => locations[0]?.physicalLocation,
    );
    expect(places.map((place) => `${place?.artifactLocation?.uri}:${place?.region?.startLine}`).sort()).toEqual([
      `many/a.yaml:${LINES * 2 + 1}`,
      `many/a.yaml:${LINES}`,
      `many/b/c.yaml:${LINES}`,
    ]);
  });

  test('an absolute path, and standard input', async () => {
    const [absolute] = await sarif(['check', '-f', join(folder.path, write('abs.yaml', badService()))]);
    expect(absolute?.locations[0]?.physicalLocation?.artifactLocation).toEqual({ uri: `file://${folder.path}/abs.yaml` });
    const [piped] = await sarif(['check', '-f', '-'], badService());
    expect(piped?.locations[0]?.physicalLocation?.artifactLocation?.uri).toBe('stdin');
  });

  test('names that no API server would take', async () => {
    const hostile = JSON.stringify('a]]>\u0000\u001b[31m\ufffe\ud800::error::x ##[stop-commands]t%0A');
    const path = write('hostile.yaml', badService(hostile));
    for (const args of [
      ['check', '-f', path],
      ['check', '-A', '-f', path, '--fail-on', 'info'],
    ]) {
      await sarif(args);
      await junit(args);
      const { stdout } = await run([...args, '-o', 'github']);
      expect(commandsIn(stdout).filter(({ name }) => !['error', 'warning', 'notice'].includes(name))).toEqual([]);
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }
  });
});

describe('assert', { timeout: 120_000 }, () => {
  const flows = (...names: readonly string[]): string =>
    ['apiVersion: srcip.io/v1alpha1', 'kind: FlowAssertions', 'service: shop/web', 'flows:', ...names.map(flow), ''].join('\n');
  function flow(name: string): string {
    return `  - {name: ${JSON.stringify(name)}, from: external, to: nodePort, expect: {${name.startsWith('holds') ? 'verdict: delivered' : 'source: preserved'}}}`;
  }

  test('all hold', async () => {
    const args = ['assert', '-f', write('flows.yaml', flows('holds'))];
    expect(await sarif(args)).toEqual([]);
    expect(await junit(args)).toContain('tests="1" failures="0" errors="0"');
    expect(commandsIn((await run([...args, '-o', 'github'])).stdout)).toEqual([]);
  });

  test('some do not, twice under one name, in a folder with blanks and umlauts', async () => {
    const args = ['assert', '-f', write('für alle/flows 1.yaml', flows('holds', 'fails', 'fails'))];
    const results = await sarif(args);
    expect(results.map(({ locations }) => locations[0]?.physicalLocation)).toEqual(
      [6, 7].map((startLine) => ({
        artifactLocation: { uri: 'f%C3%BCr%20alle/flows%201.yaml', uriBaseId: 'SRCROOT' },
        region: { startLine },
      })),
    );
    expect(await junit(args)).toContain('<testsuite name="shop/web" tests="3" failures="2" errors="0" skipped="0">');
    const commands = commandsIn((await run([...args, '-o', 'github'])).stdout);
    expect(commands.map(({ name, properties }) => [name, properties['file'], properties['line']])).toEqual([
      ['error', 'für alle/flows 1.yaml', '6'],
      ['error', 'für alle/flows 1.yaml', '7'],
    ]);
  });

  test('names that end elements and begin commands', async () => {
    const args = ['assert', '-f', write('hostile-flows.yaml', flows(']]></failure>\u001b[31m\ufffe\n::error::x ##[add-mask]y %0A'))];
    expect(await sarif(args)).toHaveLength(1);
    expect((await junit(args)).match(/<failure /g)).toHaveLength(1);
    expect(commandsIn((await run([...args, '-o', 'github'])).stdout).map(({ name }) => name)).toEqual(['error']);
  });
});
