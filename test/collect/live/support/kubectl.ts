import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

/** Whether the real kubectl is here to compare with. */
export const hasKubectl: boolean = (() => {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** Suffix for test names, so that a skipped comparison says why. */
export const whyNoKubectl: string = hasKubectl ? '' : ' (skipped: no kubectl on the PATH)';

/** Runs kubectl with nothing of this machine's configuration. Rejects when it fails. */
export async function kubectl(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await promisify(execFile)('kubectl', [...args], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env },
    timeout: 20_000,
  });
  return stdout;
}
