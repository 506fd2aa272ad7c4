import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDemoCluster } from '../../../src/demo/load.ts';
import { type ApiServer, type ApiServerOptions, type ServedRequest, startApiServer } from '../../../src/demo/server.ts';

/** A served cluster, what was asked of it, and the environment that leads to it. */
export interface World {
  readonly server: ApiServer;
  readonly asked: ServedRequest[];
  readonly kubeconfig: string;
  readonly env: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

/** Starts a server, of the demo cluster unless told otherwise, and writes a kubeconfig for it. */
export async function startWorld(options: Partial<ApiServerOptions> = {}): Promise<World> {
  const asked: ServedRequest[] = [];
  const server = await startApiServer({
    objects: loadDemoCluster(),
    namespace: 'shop',
    onRequest: (served) => asked.push(served),
    ...options,
  });
  const folder = makeFolder();
  const kubeconfig = join(folder.path, 'config');
  writeFileSync(kubeconfig, server.kubeconfig());
  return {
    server,
    asked,
    kubeconfig,
    env: { KUBECONFIG: kubeconfig },
    end: async () => {
      await server.close();
      folder.remove();
    },
  };
}

/** A temporary folder. */
export interface Folder {
  readonly path: string;
  write(name: string, content: string | Buffer): string;
  remove(): void;
}

export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'srcip-e2e-'));
  return {
    path,
    write: (name, content) => {
      const file = join(path, name);
      writeFileSync(file, content);
      return file;
    },
    // A program that was just stopped may still be writing: rmSync tries again for a moment.
    remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  };
}

type Tree = { readonly [key: string]: unknown };

/** The demo cluster with some objects changed: what `change` returns is merged into the object, null leaves it out. */
export function demoWith(change: (object: KubeLike) => Tree | null | undefined): unknown[] {
  return (loadDemoCluster() as unknown as KubeLike[]).flatMap((object) => {
    const changes = change(object);
    return changes === null ? [] : [changes === undefined ? object : merged(object, changes)];
  });
}

export interface KubeLike {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export function is(object: KubeLike, kind: string, name: string): boolean {
  return object.kind === kind && object.metadata.name === name;
}

function merged(value: unknown, changes: unknown): unknown {
  if (!isTree(value) || !isTree(changes)) return changes;
  return { ...value, ...Object.fromEntries(Object.entries(changes).map(([key, change]) => [key, merged(value[key], change)])) };
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What `kubectl get … -o json` prints. */
export function listOf(objects: Iterable<unknown>): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', metadata: {}, items: [...objects] });
}
