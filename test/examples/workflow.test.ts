import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onlyAllowed, permissionsIn } from '../e2e/support/rbac.ts';
import { junitFaults } from '../support/junit.ts';
import { type SarifLog, sarifFaults } from '../support/sarif.ts';
import { commandsIn } from '../support/workflow-commands.ts';
import { hasJq, hasKubectl, makeWorkplace, PIPELINES, type Workplace } from './support.ts';
import { readWorkflow, runJob, type StepRan } from './workflow.ts';

const WORKFLOW = readWorkflow(join(PIPELINES, 'github-workflow.yaml'));
const REPORTS = 'Reports; nothing fails yet';
const DECISION = 'Annotate the pull request, and decide';

test('reads the repository and writes nothing but findings', () => {
  expect(WORKFLOW.permissions).toEqual({ contents: 'read', 'security-events': 'write' });
  expect(Object.keys(WORKFLOW.jobs)).toEqual(['check']);
});

test('runs for what it checks', () => {
  expect(WORKFLOW.on).toEqual({ pull_request: { paths: [`${WORKFLOW.jobs['check']?.env['MANIFESTS']}/**`] } });
});

const missing = hasKubectl ? 'jq' : 'kubectl';
describe.skipIf(!hasKubectl || !hasJq)(
  `the steps, run by bash in their order (skipped: no ${missing} on the PATH)`,
  { timeout: 180_000 },
  () => {
    let place: Workplace;
    let tarball: string;

    beforeAll(async () => {
      // No more than the workflow says that its user needs.
      const roles = ['clusterrole.yaml', 'clusterrole-check.yaml'].map((name) => readFileSync(join('examples/rbac', name), 'utf8'));
      place = await makeWorkplace({ intercept: onlyAllowed(roles.flatMap(permissionsIn)) });
      // What `npm install --global kubectl-srcip` would fetch; without scripts, because the build has been done.
      const packed = await place.run(['npm', 'pack', '--ignore-scripts', '--pack-destination', place.folder.path], { cwd: process.cwd() });
      tarball = join(place.folder.path, packed.stdout.trim().split('\n').at(-1) ?? '');
      // Only the installed program is to be found.
      rmSync(join(place.folder.path, 'bin', 'kubectl-srcip'));
    });
    afterAll(() => place.end());

    async function run(name: string, workspace: string, kubeconfig = readFileSync(place.world.kubeconfig, 'utf8')) {
      const job = WORKFLOW.jobs['check'];
      if (job === undefined) throw new Error('no job');
      const temp = join(place.folder.path, `runner-${name}`);
      const prefix = join(temp, 'npm');
      mkdirSync(prefix, { recursive: true });
      const machine = {
        ...{ npm_config_prefix: prefix, npm_config_cache: join(place.folder.path, 'npm-cache'), npm_config_offline: 'true' },
        ...{ npm_config_audit: 'false', npm_config_fund: 'false', npm_config_update_notifier: 'false' },
        PATH: `${join(prefix, 'bin')}:${place.env['PATH']}`,
        KUBECONFIG: '/nonexistent/config',
      };
      const steps = await runJob(job, {
        ...{ workspace, temp, secrets: { SRCIP_KUBECONFIG: kubeconfig } },
        env: { PACKAGE: tarball },
        run: (command, { cwd, env }) => place.run(command, { cwd, env: { ...machine, ...env } }),
      });
      return { steps, temp };
    }

    function codes(steps: readonly StepRan[]): (number | null)[] {
      return steps.map(({ code }) => code);
    }

    function sarifOf(workspace: string): SarifLog {
      return JSON.parse(readFileSync(join(workspace, 'srcip.sarif'), 'utf8')) as SarifLog;
    }

    test('good manifests: every step ends with 0, and the reports are valid', async () => {
      const workspace = place.checkout('good', 'good');
      const { steps, temp } = await run('good', workspace);
      expect(steps.filter(({ code }) => code !== 0)).toEqual([]);
      expect(steps.map(({ name }) => name)).toContain(DECISION);
      expect(sarifFaults(sarifOf(workspace))).toEqual([]);
      expect(junitFaults(readFileSync(join(workspace, 'srcip-junit.xml'), 'utf8'))).toEqual([]);
      const summary = readFileSync(join(temp, 'summary.md'), 'utf8');
      expect(summary).toContain('SIP201');
      expect(summary).not.toMatch(/forbidden|not allowed/i);
      expect(commandsIn(steps.at(-1)?.stdout ?? '').map(({ name }) => name)).not.toContain('error');
    });

    test('a bad manifest: the reports are there, the last step ends with 1 and points at the line', async () => {
      const workspace = place.checkout('bad', 'bad');
      const { steps } = await run('bad', workspace);
      expect(codes(steps)).toEqual([0, 0, 0, 1]);
      const line =
        1 +
        readFileSync(join(workspace, 'manifests/web.yaml'), 'utf8')
          .split('\n')
          .findIndex((text) => text.includes('targetPort'));
      expect(commandsIn(steps.at(-1)?.stdout ?? '')).toMatchObject([
        { name: 'error', properties: { file: 'manifests/web.yaml', line: String(line), title: 'SIP109 target-port-unresolved' } },
      ]);
      expect(sarifFaults(sarifOf(workspace))).toEqual([]);
      const [result, ...others] = sarifOf(workspace).runs[0]?.results ?? [];
      expect(others).toEqual([]);
      expect(result?.locations[0]?.physicalLocation).toMatchObject({
        artifactLocation: { uri: 'manifests/web.yaml' },
        region: { startLine: line },
      });
      const junit = readFileSync(join(workspace, 'srcip-junit.xml'), 'utf8');
      expect(junitFaults(junit)).toEqual([]);
      expect(junit).toContain('<testsuite name="shop/web" tests="1" failures="1" ');
    });

    test('what an annotation accepts reaches neither the pull request nor code scanning', async () => {
      const workspace = place.checkout('accepted', 'accepted');
      const { steps } = await run('accepted', workspace);
      expect(codes(steps)).toEqual([0, 0, 0, 0]);
      const ids = sarifOf(workspace).runs[0]?.results.map(({ ruleId }) => ruleId);
      expect(ids).not.toContain('SIP103');
      expect(steps.at(-1)?.stdout).not.toContain('SIP103');
      expect(readFileSync(join(workspace, 'srcip-junit.xml'), 'utf8')).toContain('suppressed: the load balancer in front');
    });

    test('a template that was not rendered: 2, before anything is uploaded', async () => {
      const workspace = place.checkout('template', 'good');
      writeFileSync(join(workspace, 'manifests/web.yaml'), 'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n');
      const { steps } = await run('template', workspace);
      expect(steps.at(-1)).toMatchObject({ name: REPORTS, code: 2 });
      expect(steps.at(-1)?.stderr).toMatch(/web\.yaml" line \d+: /);
    });

    test('no access: 2, and the secret is neither shown nor left behind', async () => {
      const workspace = place.checkout('no-access', 'good');
      const kubeconfig = readFileSync(place.world.kubeconfig, 'utf8').replace(/server: .*/g, 'server: https://127.0.0.1:1');
      const { steps, temp } = await run('no-access', workspace, kubeconfig);
      expect(codes(steps)).toEqual([0, 2]);
      expect(existsSync(join(workspace, 'srcip.sarif'))).toBe(false);
      expect(`${steps.at(-1)?.stdout}${steps.at(-1)?.stderr}`).not.toContain('certificate-authority-data');
      expect(readdirSync(temp)).not.toContain('cluster.tar.gz');
    });
  },
);
