import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ApiServerOptions } from '../../src/demo/server.ts';
import type { CheckReport } from '../../src/findings/check-report.ts';
import { srcip } from '../e2e/support/cli.ts';
import { isUsedBy, nameOf, onlyAllowed, type PolicyRule, permissionsIn } from '../e2e/support/rbac.ts';
import { startWorld } from '../e2e/support/world.ts';

const ALL = ['check', '-A', '-o', 'json', '--fail-on', 'never'];

async function ask(options: Partial<ApiServerOptions> = {}, args: readonly string[] = ALL) {
  const world = await startWorld(options);
  const ran = await srcip(args, { env: world.env });
  await world.end();
  return { ...ran, urls: world.asked.map(({ url }) => url) };
}

const ROLES = ['examples/rbac/clusterrole.yaml', 'examples/rbac/clusterrole-check.yaml'].map((path) =>
  permissionsIn(readFileSync(path, 'utf8')),
);
const [own = [], more = []] = ROLES;

describe('examples/rbac/clusterrole-check.yaml', () => {
  test('is enough, beside clusterrole.yaml: the same answer', async () => {
    const [free, restricted] = [await ask(), await ask({ intercept: onlyAllowed([...own, ...more]) })];
    expect(restricted.stderr).toBe('');
    expect(JSON.parse(restricted.stdout)).toEqual(JSON.parse(free.stdout));
    expect((JSON.parse(free.stdout) as CheckReport).gaps).toEqual([]);
  });

  test('has no permission that is never used, reads only, and no Secrets', async () => {
    const used = new Set<PolicyRule>();
    await ask({
      intercept: ({ url = '' }) => {
        for (const rule of more) if (isUsedBy(rule, url)) used.add(rule);
        return false;
      },
    });
    expect(more.filter((rule) => !used.has(rule)).map(nameOf)).toEqual([]);
    expect(
      more.filter(({ verbs, resources }) => verbs.some((verb) => verb !== 'get' && verb !== 'list') || resources.includes('secrets')),
    ).toEqual([]);
  });

  test('what is refused is not checked, and named', async () => {
    const allowed = [...own, ...more].filter((rule) => !rule.resources.includes('ingresses'));
    const report = JSON.parse((await ask({ intercept: onlyAllowed(allowed) })).stdout) as CheckReport;
    expect(report.gaps.map(({ what }) => what)).toEqual(['Ingresses']);
    expect(report.notChecked.map(({ id }) => id)).toContain('allowlist-sees-translated-ip');
  });

  test('resources that the server does not know hold nothing', async () => {
    const report = JSON.parse((await ask()).stdout) as CheckReport;
    expect(report.notChecked.filter(({ why }) => why.includes('Challenge') || why.includes('L2Advertisement'))).toEqual([]);
  });
});

/** Rights in one namespace, as a Role with the rules of the built-in `view` would give them. */
function inShop(...more: readonly PolicyRule[]): readonly PolicyRule[] {
  const grant = (group: string, resources: readonly string[]): PolicyRule => ({
    apiGroups: [group],
    resources,
    verbs: ['get', 'list'],
    namespace: 'shop',
  });
  return [
    grant('', ['services', 'pods', 'configmaps']),
    grant('discovery.k8s.io', ['endpointslices']),
    grant('apps', ['deployments', 'statefulsets', 'daemonsets']),
    grant('networking.k8s.io', ['ingresses', 'networkpolicies']),
    ...more,
  ];
}

const NODES: PolicyRule = { apiGroups: [''], resources: ['nodes'], verbs: ['list'], namespace: null };

describe('with rights in one namespace', () => {
  const check = (rules: readonly PolicyRule[], ...words: readonly string[]) =>
    ask({ intercept: onlyAllowed(rules) }, ['check', ...words, '-o', 'json', '--fail-on', 'never']);

  test('a Service of that namespace is checked, and what could not be read is named', async () => {
    const ran = await check(inShop(NODES), 'svc/web', '-n', 'shop');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const report = JSON.parse(ran.stdout) as CheckReport;
    expect(report.services).toEqual([{ namespace: 'shop', name: 'web' }]);
    expect(report.findings.map(({ id }) => id)).toContain('snat-hides-client-ip');
    expect(report.gaps.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['Services outside namespace shop', 'EndpointSlices outside namespace shop', 'Pods outside namespace shop']),
    );
    expect(report.notChecked.map(({ id }) => id)).toContain('nodeport-port-conflict');
    expect(report.findings.map(({ id }) => id)).not.toContain('no-usable-endpoints');
  });

  test('so is the whole namespace', async () => {
    const report = JSON.parse((await check(inShop(NODES), '-n', 'shop')).stdout) as CheckReport;
    expect(report.services.map(({ namespace }) => namespace)).toEqual(report.services.map(() => 'shop'));
    expect(report.services.length).toBeGreaterThan(1);
  });

  test('without the Nodes little can be looked for, and no more is said', async () => {
    const ran = await check(inShop(), 'svc/web', '-n', 'shop');
    expect(ran.code).toBe(0);
    const report = JSON.parse(ran.stdout) as CheckReport;
    expect(report.findings).toEqual([]);
    expect(report.gaps.map(({ what }) => what)).toContain('Nodes');
    expect(report.notChecked.find(({ id }) => id === 'local-node-without-endpoint')?.why).toBe('no Node objects were read');
  });

  test('get alone is enough for a Service that is named', async () => {
    const rules = inShop(NODES).flatMap((rule) =>
      rule.resources.includes('services') ? [{ ...rule, resources: ['services'], verbs: ['get'] }] : [rule],
    );
    const report = JSON.parse((await check(rules, 'svc/web', '-n', 'shop')).stdout) as CheckReport;
    expect(report.services).toEqual([{ namespace: 'shop', name: 'web' }]);
  });

  test('where the Service itself may not be read there is no answer', async () => {
    const ran = await check(inShop(NODES), 'svc/coredns', '-n', 'kube-system');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('you may not read Services in namespace "kube-system"');
    expect(ran.stderr.split('\n').length).toBeLessThan(5);
  });

  test('every namespace needs the rights for it', async () => {
    const ran = await check(inShop(NODES), '-A');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('you may not read');
  });
});
