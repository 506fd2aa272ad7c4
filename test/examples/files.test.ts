import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasShellcheck, makeWorkplace, PIPELINES } from './support.ts';

const SCRIPTS = ['baseline.sh', 'gate.sh', 'pre-commit'];

test('every script can be executed, and stops at the first thing that fails', () => {
  const found = readdirSync(PIPELINES).filter(
    (name) => statSync(join(PIPELINES, name)).isFile() && readFileSync(join(PIPELINES, name), 'utf8').startsWith('#!'),
  );
  expect(found).toEqual(SCRIPTS);
  for (const name of SCRIPTS) {
    expect(statSync(join(PIPELINES, name)).mode & 0o111).toBe(0o111);
    expect(readFileSync(join(PIPELINES, name), 'utf8')).toMatch(/^set -eu/m);
  }
});

test('the README names every file', () => {
  const readme = readFileSync(join(PIPELINES, 'README.md'), 'utf8');
  for (const name of readdirSync(PIPELINES).filter((each) => each !== 'README.md')) expect(readme).toContain(`](${name}`);
});

test.skipIf(!hasShellcheck)('shellcheck has nothing to say (skipped: no shellcheck on the PATH)', async () => {
  const place = await makeWorkplace();
  const ran = await place.run(['shellcheck', ...SCRIPTS], { cwd: PIPELINES });
  await place.end();
  expect(ran).toMatchObject({ code: 0, stdout: '' });
});
