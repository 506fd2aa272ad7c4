import type { ConfigNames } from './cluster.ts';

/** Contexts, clusters and users of the kubeconfig; no server is asked. */
export function kubeconfigNames(path: string | undefined): ConfigNames {
  return {
    names: async (what) => {
      try {
        const { loadKubeconfig } = await import('../collect/live/kubeconfig.ts');
        const config = await loadKubeconfig(path, process.env);
        if (what === 'users') return [...config.users.keys()].map((name) => ({ name, about: '' }));
        if (what === 'clusters') return [...config.clusters].map(([name, { server }]) => ({ name, about: server ?? '' }));
        return [...config.contexts].map(([name, { cluster }]) => ({ name, about: cluster === name ? '' : cluster }));
      } catch {
        return [];
      }
    },
  };
}
