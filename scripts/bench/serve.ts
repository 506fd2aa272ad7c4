import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { loadDemoCluster } from '../../src/demo/load.ts';
import { startApiServer } from '../../src/demo/server.ts';
import { generateCluster } from '../generate-cluster.ts';
import { loopbackCertificate } from './certificate.ts';

/** A server in a process of its own: its memory and time are not the client's. */
export interface ServedCluster {
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

export interface ServeOptions {
  /** The bench script, which is started again. */
  readonly script: string;
  readonly root: string;
  /** `big`, or the name of a demo cluster. */
  readonly which: string;
  readonly size: Readonly<Record<string, number>>;
}

export async function startServer({ script, root, which, size }: ServeOptions): Promise<ServedCluster> {
  const child = spawn(process.execPath, [join(root, 'scripts', 'run-ts.mjs'), script, '--serve', which === 'demo' ? 'cluster' : which], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, BENCH_SIZE: JSON.stringify(size) },
  });
  const exited = once(child, 'exit');
  const ready = once(child, 'message').then(([kubeconfig]) => String(kubeconfig));
  const kubeconfig = await Promise.race([
    ready,
    exited.then(() => Promise.reject(new Error(`the server of ${which} ended before it was ready`))),
  ]);
  return {
    kubeconfig,
    stop: async () => {
      child.disconnect();
      await exited;
    },
  };
}

/** The child's side: serves until the parent goes away. */
export async function serve(which: string, size: Readonly<Record<string, number>>): Promise<void> {
  const objects = which === 'big' ? generateCluster(size) : loadDemoCluster(which);
  const server = await startApiServer({ objects, tls: await loopbackCertificate(), name: which });
  process.once('disconnect', () => void server.close());
  process.send?.(server.kubeconfig());
}
