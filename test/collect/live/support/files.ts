import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder that is gone after the test file. */
export interface Folder {
  readonly path: string;
  /** Writes a file, objects as JSON (which is YAML too), and returns its path. */
  write(name: string, content: unknown): Promise<string>;
  script(name: string, text: string): Promise<string>;
  remove(): void;
}

export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'srcip-live-'));
  const write = async (name: string, content: unknown): Promise<string> => {
    const file = join(path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };
  return {
    path,
    write,
    script: async (name, text) => {
      const file = await write(name, text);
      await chmod(file, 0o755);
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: object;
}

/** A kubeconfig of one context `ctx`, cluster `clu` and user `usr`. */
export function kubeconfig({ cluster = {}, user = {}, context = {} }: Parts): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'ctx',
    contexts: [{ name: 'ctx', context: { cluster: 'clu', user: 'usr', ...context } }],
    clusters: [{ name: 'clu', cluster }],
    users: [{ name: 'usr', user }],
  };
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
