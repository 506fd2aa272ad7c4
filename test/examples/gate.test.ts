import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/findings/check-report.ts';
import type { Ran } from '../e2e/support/cli.ts';
import { demoWith, startWorld, type World } from '../e2e/support/world.ts';
import { hasKubectl, makeWorkplace, PIPELINES, type Workplace } from './support.ts';

const manifests = (name: string): string => join(PIPELINES, 'manifests', name);
const FLOWS = join(PIPELINES, 'flows.yaml');

describe.skipIf(!hasKubectl)('scripts, through the real kubectl (skipped: no kubectl on the PATH)', { timeout: 180_000 }, () => {
  let place: Workplace;
  /** The same cluster after web has lost its pods. */
  let broken: World;

  beforeAll(async () => {
    place = await makeWorkplace();
    const isSlice = ({ kind, metadata }: { kind: string; metadata: { name: string } }) =>
      kind === 'EndpointSlice' && metadata.name.startsWith('web-');
    broken = await startWorld({ objects: demoWith((object) => (isSlice(object) ? { endpoints: [] } : undefined)) as never });
  });
  afterAll(async () => {
    await broken.end();
    await place.end();
  });

  const gate = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
    place.run([join(PIPELINES, 'gate.sh'), ...args], { env });

  describe('gate.sh', () => {
    let count = 0;
    /** A deploy that leaves a trace. */
    function deploy(...more: readonly string[]): { readonly command: readonly string[]; isDone(): boolean } {
      count += 1;
      const trace = join(place.folder.path, `deployed-${count}`);
      return { command: ['sh', '-c', ['touch "$0"', ...more].join('; '), trace], isDone: () => existsSync(trace) };
    }

    test('0: good manifests are deployed, and all flows hold before and after', async () => {
      const { command, isDone } = deploy();
      const ran = await gate([manifests('good'), FLOWS, ...command]);
      expect({ code: ran.code, stderr: ran.stderr, deployed: isDone() }).toEqual({ code: 0, stderr: '', deployed: true });
      expect(ran.stdout.match(/All 2 expected flows hold/g)).toHaveLength(2);
    });

    test('1: bad manifests are not deployed', async () => {
      const { command, isDone } = deploy();
      const ran = await gate([manifests('bad'), FLOWS, ...command]);
      expect({ code: ran.code, deployed: isDone() }).toEqual({ code: 1, deployed: false });
      expect(ran.stdout).toContain('SIP109');
    });

    test('1: nor are good ones when what has to hold does not hold anyway', async () => {
      const { command, isDone } = deploy();
      const ran = await gate([manifests('good'), FLOWS, ...command], broken.env);
      expect({ code: ran.code, deployed: isDone() }).toEqual({ code: 1, deployed: false });
    });

    test('1: a deploy that breaks a flow is noticed', async () => {
      const kubeconfig = join(place.folder.path, 'changing');
      copyFileSync(place.world.kubeconfig, kubeconfig);
      const { command, isDone } = deploy(`cp '${broken.kubeconfig}' '${kubeconfig}'`);
      const ran = await gate([manifests('good'), FLOWS, ...command], { KUBECONFIG: kubeconfig });
      expect({ code: ran.code, deployed: isDone() }).toEqual({ code: 1, deployed: true });
      expect(ran.stdout).toContain('every node answers outside clients');
      expect(ran.stderr).toContain('roll back');
    });

    test('FAIL_ON: what is a warning stops the deploy, unless it is accepted', async () => {
      const plain = readFileSync(join(manifests('accepted'), 'web.yaml'), 'utf8').replace(/\n {2}annotations:\n.*\n/, '\n');
      expect(plain).not.toContain('srcip.io/ignore');
      const local = join(place.folder.path, 'local.yaml');
      writeFileSync(local, plain);
      const codes = [];
      for (const [path, level] of [
        [local, 'error'],
        [local, 'warning'],
        [manifests('accepted'), 'warning'],
      ] as const)
        codes.push((await gate([path, FLOWS, 'true'], { FAIL_ON: level })).code);
      expect(codes).toEqual([0, 1, 0]);
    });

    test.for([
      ['no such manifests', ['/nonexistent/manifests', FLOWS, 'true'], {}, 'does not exist'],
      ['no such flows', [manifests('good'), '/nonexistent/flows.yaml', 'true'], {}, 'no such file'],
      ['no cluster', [manifests('good'), FLOWS, 'true'], { KUBECONFIG: '/nonexistent/config' }, 'error: '],
      ['a deploy that fails', [manifests('good'), FLOWS, 'sh', '-c', 'exit 1'], {}, 'the deploy failed (1)'],
      ['no command', [manifests('good'), FLOWS], {}, 'usage: '],
    ] as const)('2: %s', async ([, args, env, message]) => {
      const ran = await gate(args, env);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toContain(message);
    });
  });

  describe('baseline.sh', () => {
    const baseline = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
      place.run([join(PIPELINES, 'baseline.sh'), ...args], { env });

    test('what is known passes, what is new does not', async () => {
      const file = join(place.folder.path, 'known.json');
      expect((await baseline(['update', file])).code).toBe(0);
      const { findings } = JSON.parse(readFileSync(file, 'utf8')) as CheckReport;
      expect(findings.map(({ code }) => code)).toContain('SIP101');
      expect((await baseline(['check', file], { FAIL_ON: 'info' })).code).toBe(0);
      const ran = await baseline(['check', file], broken.env);
      expect(ran.code).toBe(1);
      expect(ran.stdout).toContain('[new]: no endpoint of shop/web');
    });

    test('2: no baseline, no cluster; and an update that fails leaves the old one', async () => {
      const file = join(place.folder.path, 'kept.json');
      expect((await baseline(['check', file])).code).toBe(2);
      writeFileSync(file, 'old');
      expect((await baseline(['update', file], { KUBECONFIG: '/nonexistent/config' })).code).toBe(2);
      expect(readFileSync(file, 'utf8')).toBe('old');
      expect((await baseline(['nonsense'])).code).toBe(2);
    });
  });

  test('the README: every line to try ends as it says', async () => {
    const readme = readFileSync(join(PIPELINES, 'README.md'), 'utf8');
    const [, block = ''] = /## Try it\n\n```sh\n([\s\S]*?)```/.exec(readme) ?? [];
    const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith('kubectl srcip demo'));
    const codes = [];
    for (const line of lines) codes.push([line, (await place.run(['bash', '-c', line], { cwd: PIPELINES })).code]);
    expect(codes.map(([, code]) => code)).toEqual([0, 1, 0, 0, 0]);
  });
});
