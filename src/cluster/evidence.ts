import type { Kind, KubeObject } from './objects.ts';

/** Something that could not be read or decided: what, and why. */
export interface Gap {
  /** What is missing, e.g. `ConfigMap kube-system/kube-proxy`. */
  readonly what: string;
  /** Why, in one line, e.g. `forbidden for user "dev"`. */
  readonly why: string;
}

/** Text that a node printed, found beside the objects in a snapshot. */
export interface NodeFile {
  readonly node: string;
  readonly format: 'iptables-save' | 'ip6tables-save' | 'nft' | 'nft-json' | 'ip-addr' | 'ip-route';
  /** Where it was found, for messages. */
  readonly path: string;
  readonly text: string;
}

/** What was gathered about a cluster, from its API server or from files. Nothing in it is interpreted yet. */
export interface Evidence {
  /** For people: `context kind-dev` or `snapshot ./case`. */
  readonly origin: string;
  readonly objects: readonly KubeObject[];
  /** Kinds of which every object of the cluster is here: what is absent there does not exist. */
  readonly complete: ReadonlySet<Kind>;
  readonly gaps: readonly Gap[];
  readonly nodeFiles: readonly NodeFile[];
}
