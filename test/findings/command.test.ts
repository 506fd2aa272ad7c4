import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/findings/check-report.ts';
import { srcip } from '../e2e/support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'srcip-check-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const CLUSTER = ['--snapshot', 'demo/cluster.json'];

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function report(...args: readonly string[]): Promise<CheckReport> {
  const ran = await srcip(['check', ...CLUSTER, ...args, '-o', 'json', '--fail-on', 'never']);
  expect(ran.stderr).toBe('');
  return JSON.parse(ran.stdout) as CheckReport;
}

describe('which Services', () => {
  test.each([
    [['svc/web'], ['web']],
    [
      ['svc', 'web', 'api'],
      ['web', 'api'],
    ],
    [
      ['services/web', 'api', 'web'],
      ['web', 'api'],
    ],
  ])('%j', async (words, names) => {
    const { services } = await report('-n', 'shop', ...words);
    expect(services.map(({ name }) => name)).toEqual(names);
  });

  test('a namespace, and all of them', async () => {
    const [shop, all] = [await report('-n', 'shop'), await report('-A')];
    expect(new Set(shop.services.map(({ namespace }) => namespace))).toEqual(new Set(['shop']));
    expect(all.services.length).toBeGreaterThan(shop.services.length);
    expect((await report('svc/web', '-n', 'shop')).service?.name).toBe('web');
  });

  test.each([
    [['svc/wbe', '-n', 'shop'], 'did you mean "web"?'],
    [['svc/web', '-n', 'defualt'], 'there is one in -n shop'],
    [['-n', 'nope'], 'no Services in namespace "nope"'],
    [['-A', 'svc/web'], 'check takes Services or -A, not both'],
    [['deploy/web'], '"deploy" is no Service'],
    [['-A', '--select', 'SIP999'], '--select "SIP999" is no finding'],
    [['-A', '--ignore', 'local-singel-node'], 'did you mean "local-single-node"?'],
    [['-A', '--baseline', 'nope.json'], 'baseline "nope.json" cannot be read: no such file'],
    [['-f', 'nope.yaml'], 'manifest "nope.yaml" does not exist'],
  ])('%j: exit code 2 and one clear line', async (args, message) => {
    const ran = await srcip(['check', ...CLUSTER, ...args]);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(message);
  });
});

describe('manifests', () => {
  const MANIFEST = `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector:
    app: nobody
  ports:
  - port: 80
    targetPort: 8080
`;

  test('an unapplied change is judged in the cluster, and points at its line', async () => {
    const { services, findings } = await report('-n', 'shop', '-f', write('web.yaml', MANIFEST));
    expect(services).toEqual([{ namespace: 'shop', name: 'web' }]);
    const found = findings.find(({ id }) => id === 'selector-matches-nothing');
    expect(found).toMatchObject({ severity: 'error', location: { line: 8 } });
  });

  test('from standard input, as annotations of a workflow', async () => {
    const ran = await srcip(['check', ...CLUSTER, '-n', 'shop', '-f', '-', '-o', 'github'], { input: MANIFEST });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/^::error file=stdin,line=8,title=SIP108 selector-matches-nothing::/m);
  });
});

describe('what counts', () => {
  test('--fail-on', async () => {
    const codes = await Promise.all(
      ['error', 'warning', 'info', 'never'].map(
        async (level) => (await srcip(['check', '-A', ...CLUSTER, '--select', 'SIP201', '--fail-on', level])).code,
      ),
    );
    expect(codes).toEqual([0, 0, 1, 0]);
  });

  test('a baseline silences what was there before', async () => {
    const before = await srcip(['check', '-A', ...CLUSTER, '-o', 'json']);
    const baseline = write('baseline.json', before.stdout);
    expect((await srcip(['check', '-A', ...CLUSTER, '--fail-on', 'info', '--baseline', baseline])).code).toBe(0);
  });

  test('a file of suppressions: used, unused, without a reason', async () => {
    const file = write(
      'ok.yaml',
      'suppress:\n- {code: SIP201, service: shop/*, reason: we know}\n- {code: local-single-node, reason: was fixed}\n',
    );
    const { suppressed, unusedSuppressions } = await report('-A', '--suppressions', file);
    expect(suppressed.map(({ code }) => code)).toContain('SIP201');
    expect(unusedSuppressions).toEqual([{ code: 'SIP104', service: null, reason: 'was fixed', from: file }]);
    const bad = await srcip(['check', '-A', ...CLUSTER, '--suppressions', write('bad.yaml', '- {code: SIP201}\n')]);
    expect(bad).toMatchObject({ code: 2, stdout: '' });
    expect(bad.stderr).toContain('entry 1 (SIP201) has no reason');
  });

  test('the report is valid by its published schema', async () => {
    const { Ajv } = await import('ajv');
    const validate = new Ajv({ strict: false }).compile(JSON.parse(readFileSync('schemas/check-report.schema.json', 'utf8')));
    expect(validate(await report('-A')), JSON.stringify(validate.errors)).toBe(true);
  });
});
