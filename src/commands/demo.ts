import * as Flags from '@oclif/core/flags';
import { SrcipCommand } from './base.ts';

interface Stop {
  readonly service: string;
  readonly namespace: string;
  readonly says: string;
}

/** Services that show the most, in the order of the tour, by cluster. */
const TOURS: Readonly<Record<string, readonly Stop[]>> = {
  cluster: [
    {
      service: 'ingress-nginx-controller',
      namespace: 'ingress-nginx',
      says: 'an ingress controller with externalTrafficPolicy Local: not every node has one of its pods',
    },
    {
      service: 'web',
      namespace: 'shop',
      says: 'a web Service with externalTrafficPolicy Cluster: every node answers, and nobody sees the client',
    },
    { service: 'legacy', namespace: 'shop', says: 'a Service without a ready endpoint' },
  ],
  'nodeport-hang': [{ service: 'hello', namespace: 'default', says: 'a NodePort that hangs on two of four nodes' }],
  'selfcheck-hang': [
    {
      service: 'ingress-nginx-controller',
      namespace: 'ingress-nginx',
      says: "cert-manager's self check hangs: pods on two nodes get no answer from the ingress controller's own outside address",
    },
  ],
  'allow-list': [
    {
      service: 'ingress-nginx-controller',
      namespace: 'ingress-nginx',
      says: 'an allow list that lets nobody in: the controller sees node addresses',
    },
  ],
  'deploy-gap': [{ service: 'web', namespace: 'shop', says: 'one pod per node behind a load balancer: each deploy drops some requests' }],
};

export default class Demo extends SrcipCommand {
  static override summary = 'A demo cluster to try things on: a small API server with recorded objects, on this machine only.';

  static override description = `Serves a recorded cluster on 127.0.0.1 until Ctrl-C, for kubectl srcip and for kubectl itself (read-only).
With --tour it explains the cluster's most telling Services and ends.`;

  static override examples = ['<%= config.bin %> demo --tour', '<%= config.bin %> demo', '<%= config.bin %> demo --cluster nodeport-hang'];

  static override flags = {
    cluster: Flags.string({ description: 'which recorded cluster', default: 'cluster' }),
    port: Flags.integer({ description: 'port to listen on (default: any free one)', min: 0, max: 65535, default: 0 }),
    tour: Flags.boolean({ description: 'explain the most telling Services, and end' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Demo);
    const [{ startApiServer }, { loadDemoCluster }, { mkdtempSync, rmSync, writeFileSync }, { tmpdir }, { join }] = await Promise.all([
      import('../demo/server.ts'),
      import('../demo/load.ts'),
      import('node:fs'),
      import('node:os'),
      import('node:path'),
    ]);
    const server = await startApiServer({ objects: loadDemoCluster(flags.cluster), port: flags.port });
    const folder = mkdtempSync(join(tmpdir(), 'kubectl-srcip-demo-'));
    const tidy = (): void => rmSync(folder, { recursive: true, force: true });
    const kubeconfig = join(folder, 'kubeconfig');
    const stopped = whenStopped();
    const stops = TOURS[flags.cluster] ?? [];
    try {
      writeFileSync(kubeconfig, server.kubeconfig(), { mode: 0o600 });
      if (flags.tour) {
        stopped.then((signal) => {
          tidy();
          // Now that nobody listens for it, it ends the program as it would have.
          process.kill(process.pid, signal);
        });
        await this.tour(kubeconfig, stops);
      } else {
        await this.invite(server.url, kubeconfig, stops);
        await stopped;
      }
    } finally {
      tidy();
      await server.close();
    }
  }

  private async tour(kubeconfig: string, stops: readonly Stop[]): Promise<void> {
    const { default: Explain } = await import('./explain.ts');
    for (const { service, namespace, says } of stops) {
      await this.answer(`\n── ${says}\n$ kubectl srcip explain svc/${service} -n ${namespace}\n\n`);
      await Explain.run([`svc/${service}`, '-n', namespace, '--kubeconfig', kubeconfig], this.config);
    }
  }

  private async invite(url: string, kubeconfig: string, [stop]: readonly Stop[]): Promise<void> {
    await this.answer(
      `demo cluster at ${url}, until Ctrl-C. In another terminal:\n\n  export KUBECONFIG=${kubeconfig}\n  kubectl get svc -A\n  kubectl srcip explain svc/${stop?.service} -n ${stop?.namespace}\n\n`,
    );
  }
}

/** The first signal to stop; a second one ends the program at once. */
function whenStopped(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    const stop = (signal: NodeJS.Signals): void => {
      for (const other of signals) process.off(other, stop);
      resolve(signal);
    };
    for (const signal of signals) process.on(signal, stop);
  });
}
