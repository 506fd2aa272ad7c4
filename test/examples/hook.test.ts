import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ran } from '../e2e/support/cli.ts';
import { hasGit, hasKubectl, makeWorkplace, PIPELINES, type Workplace } from './support.ts';

const MANIFESTS = {
  good: readFileSync(join(PIPELINES, 'manifests/good/web.yaml'), 'utf8'),
  bad: readFileSync(join(PIPELINES, 'manifests/bad/web.yaml'), 'utf8'),
};

const missing = hasKubectl ? 'git' : 'kubectl';
describe.skipIf(!hasKubectl || !hasGit)(`the git hook in a repository (skipped: no ${missing} on the PATH)`, { timeout: 180_000 }, () => {
  let place: Workplace;
  let repositories = 0;

  beforeAll(async () => {
    place = await makeWorkplace();
  });
  afterAll(() => place.end());

  interface Repository {
    readonly path: string;
    git(...args: readonly string[]): Promise<Ran>;
    write(name: string, text: string): void;
    /** Stages everything and tries to commit. */
    commit(): Promise<Ran>;
    commits(): Promise<number>;
  }

  async function repository(env: Readonly<Record<string, string>> = {}): Promise<Repository> {
    repositories += 1;
    const path = join(place.folder.path, `repository ${repositories}`);
    mkdirSync(path);
    const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.net', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.net' };
    const git = (...args: readonly string[]): Promise<Ran> => place.run(['git', ...args], { cwd: path, env: { ...who, ...env } });
    await git('init', '--quiet', '--initial-branch=main');
    mkdirSync(join(path, '.git', 'hooks'), { recursive: true });
    // As the README says: copied, with its mode.
    cpSync(join(PIPELINES, 'pre-commit'), join(path, '.git', 'hooks', 'pre-commit'));
    return {
      path,
      git,
      write: (name, text) => {
        mkdirSync(join(path, name, '..'), { recursive: true });
        writeFileSync(join(path, name), text);
      },
      commit: async () => {
        await git('add', '--all');
        return git('commit', '--quiet', '-m', 'change');
      },
      commits: async () => Number((await git('rev-list', '--all', '--count')).stdout),
    };
  }

  test('a good manifest is committed', async () => {
    const own = await repository();
    own.write('manifests/web.yaml', MANIFESTS.good);
    expect((await own.commit()).code).toBe(0);
    expect(await own.commits()).toBe(1);
  });

  test('a bad one is not, and what is wrong is said with its line; --no-verify commits it', async () => {
    const own = await repository();
    own.write('manifests/shop/web.yaml', MANIFESTS.bad);
    const ran = await own.commit();
    expect(ran.code).toBe(1);
    expect(`${ran.stdout}${ran.stderr}`).toMatch(/SIP109 target-port-unresolved[\s\S]*manifests\/shop\/web\.yaml:15/);
    expect(await own.commits()).toBe(0);
    expect((await own.git('commit', '--quiet', '--no-verify', '-m', 'change')).code).toBe(0);
    expect(await own.commits()).toBe(1);
  });

  test('what is staged counts, not what lies in the folder', async () => {
    const own = await repository();
    own.write('manifests/web.yaml', MANIFESTS.bad);
    await own.git('add', '--all');
    own.write('manifests/web.yaml', MANIFESTS.good);
    expect((await own.git('commit', '--quiet', '-m', 'change')).code).toBe(1);
    await own.git('add', '--all');
    own.write('manifests/web.yaml', MANIFESTS.bad);
    expect((await own.git('commit', '--quiet', '-m', 'change')).code).toBe(0);
  });

  test('without changed manifests nothing is asked, not even with a cluster out of reach', async () => {
    const own = await repository({ KUBECONFIG: '/nonexistent/config' });
    own.write('README.md', 'text');
    expect(await own.commit()).toMatchObject({ code: 0, stdout: '', stderr: '' });
    own.write('manifests/web.yaml', MANIFESTS.good);
    const ran = await own.commit();
    expect(ran.code).not.toBe(0);
    expect(await own.commits()).toBe(1);
  });

  test('the last manifest may be deleted', async () => {
    const own = await repository();
    own.write('manifests/web.yaml', MANIFESTS.good);
    await own.commit();
    rmSync(join(own.path, 'manifests'), { recursive: true });
    expect((await own.commit()).code).toBe(0);
    expect(await own.commits()).toBe(2);
  });

  test('another folder, with blanks and umlauts, and a snapshot', async () => {
    const own = await repository({ KUBECONFIG: '/nonexistent/config' });
    cpSync('demo/cluster.json', join(place.folder.path, 'cluster.json'));
    await own.git('config', 'srcip.manifests', 'für Kunden/k8s');
    await own.git('config', 'srcip.snapshot', '../cluster.json');
    own.write('manifests/web.yaml', MANIFESTS.bad);
    expect((await own.commit()).code).toBe(0);
    own.write('für Kunden/k8s/web.yaml', MANIFESTS.bad);
    const ran = await own.commit();
    expect(ran.code).toBe(1);
    expect(ran.stdout + ran.stderr).toContain('für Kunden/k8s/web.yaml:15');
    own.write('für Kunden/k8s/web.yaml', MANIFESTS.good);
    expect((await own.commit()).code).toBe(0);
  });

  test('a file of suppressions in the repository counts', async () => {
    const own = await repository();
    own.write('manifests/web.yaml', MANIFESTS.bad);
    own.write('srcip-suppressions.yaml', 'suppress:\n- {code: SIP109, service: shop/web, reason: the next image has that port}\n');
    expect((await own.commit()).code).toBe(0);
  });

  test('a manifest that cannot be read is not committed', async () => {
    const own = await repository();
    own.write('manifests/web.yaml', 'kind: Service\n  metadata: {');
    const ran = await own.commit();
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toMatch(/web\.yaml" line 2: /);
  });
});

test('pre-commit.com: the entry is where the README puts the hook, and its pattern finds manifests', () => {
  const config = load(readFileSync(join(PIPELINES, 'pre-commit-config.yaml'), 'utf8')) as {
    repos: { repo: string; hooks: { id: string; entry: string; language: string; files: string; pass_filenames: boolean }[] }[];
  };
  const [hook] = config.repos[0]?.hooks ?? [];
  expect(config.repos[0]?.repo).toBe('local');
  expect(hook).toMatchObject({ id: 'kubectl-srcip-check', language: 'script', pass_filenames: false });
  expect(readFileSync(join(PIPELINES, 'README.md'), 'utf8')).toContain(`\`${hook?.entry}\``);
  const files = new RegExp(hook?.files ?? '');
  expect(['manifests/web.yaml', 'manifests/a/b.yml', 'src/web.yaml', 'manifests/README.md'].map((path) => files.test(path))).toEqual([
    ...[true, true, false, false],
  ]);
});
