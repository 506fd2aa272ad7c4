import * as Flags from '@oclif/core/flags';
import { SrcipCommand } from './base.ts';

/** Services of the demo cluster that show the most, in the order of the tour. */
const TOUR = [
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
];

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
    const [{ startApiServer }, { loadDemoCluster }, { mkdtemp, rm, writeFile }, { tmpdir }, { join }] = await Promise.all([
      import('../demo/server.ts'),
      import('../demo/load.ts'),
      import('node:fs/promises'),
      import('node:os'),
      import('node:path'),
    ]);
    const server = await startApiServer({ objects: await loadDemoCluster(flags.cluster), port: flags.port });
    const folder = await mkdtemp(join(tmpdir(), 'kubectl-srcip-demo-'));
    const kubeconfig = join(folder, 'kubeconfig');
    try {
      await writeFile(kubeconfig, server.kubeconfig(), { mode: 0o600 });
      if (flags.tour) await this.tour(kubeconfig);
      else await this.serve(server.url, kubeconfig);
    } finally {
      await Promise.all([server.close(), rm(folder, { recursive: true, force: true })]);
    }
  }

  private async tour(kubeconfig: string): Promise<void> {
    const { default: Explain } = await import('./explain.ts');
    for (const { service, namespace, says } of TOUR) {
      await this.answer(`\n── ${says}\n$ kubectl srcip explain svc/${service} -n ${namespace}\n\n`);
      await Explain.run([`svc/${service}`, '-n', namespace, '--kubeconfig', kubeconfig], this.config);
    }
  }

  private async serve(url: string, kubeconfig: string): Promise<void> {
    await this.answer(
      `demo cluster at ${url}, until Ctrl-C. In another terminal:\n\n  export KUBECONFIG=${kubeconfig}\n  kubectl get svc -A\n  kubectl srcip explain svc/ingress-nginx-controller -n ingress-nginx\n\n`,
    );
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    });
  }
}
