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
