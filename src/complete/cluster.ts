import type { ServiceObject } from '../cluster/objects.ts';

/** What has names that can be completed. */
export type Resource = 'namespaces' | 'nodes' | 'services' | 'pods' | 'deployments' | 'statefulsets' | 'daemonsets';

/** Where the names come from: a server or a snapshot. Whatever goes wrong is no names. */
export interface Cluster {
  /** Names in a namespace, the asked-for one unless given; nodes and namespaces have none. */
  names(resource: Resource, namespace?: string): Promise<readonly string[]>;
  service(name: string): Promise<ServiceObject | null>;
}

/** Names of a kubeconfig, with what tells them apart. */
export interface ConfigNames {
  names(what: 'contexts' | 'clusters' | 'users'): Promise<readonly { readonly name: string; readonly about: string }[]>;
}

/** Everything outside of the words. */
export interface Sources {
  readonly cluster: Cluster;
  readonly config: ConfigNames;
  /** Codes and ids of findings with their titles. */
  findings(): Promise<readonly { readonly code: string; readonly id: string; readonly title: string }[]>;
  demoClusters(): Promise<readonly string[]>;
}
