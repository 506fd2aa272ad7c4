import type { Gap, NodeFile } from '../../cluster/evidence.ts';

/** Which of a node's addresses to connect to; `name` is the node's name itself, for those who list nodes in their SSH configuration. */
export type SshAddress = 'InternalIP' | 'ExternalIP' | 'Hostname' | 'name';

/** A node as the cluster describes it; nothing here is trusted. */
export interface NodeTarget {
  readonly name: string;
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
}

/** What can be read from a node. */
export type Wanted = NodeFile['format'] & ('iptables-save' | 'ip6tables-save' | 'ip-addr' | 'ip-route' | 'nft');

export const USUAL: readonly Wanted[] = ['iptables-save', 'ip6tables-save', 'ip-addr', 'ip-route'];

export type SshVariables = Readonly<Record<string, string | undefined>>;

export interface SshOptions {
  /** Default: InternalIP. */
  readonly address?: SshAddress | undefined;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  /** `[user@]host[:port]`, several with commas, as OpenSSH's -J; `none` for no jump host. */
  readonly jump?: string | undefined;
  /** Remember the key of a host that known_hosts does not know; a changed key is refused all the same. */
  readonly acceptNew?: boolean | undefined;
  /** The OpenSSH client to run instead of the built-in one: for certificates, security keys and key exchanges that the built-in one lacks. */
  readonly command?: string | undefined;
  /** Private key files to try before those of the configuration, as OpenSSH's -i. They are tried at jump hosts, too. */
  readonly identityFiles?: readonly string[] | undefined;
  /** A configuration file instead of the user's and the system's, as OpenSSH's -F. */
  readonly configFile?: string | undefined;
  /** Files of known host keys instead of the configured ones, as in UserKnownHostsFile; the first is the one that `acceptNew` writes to. */
  readonly knownHosts?: readonly string[] | undefined;
  /** How many nodes at once. Default: 12. */
  readonly concurrency?: number | undefined;
  /** Default: 10,000 ms, for the connection with every jump host, and the log-in. Time in which the user is asked does not count. */
  readonly connectTimeoutMs?: number | undefined;
  /** Default: 30,000 ms, for everything that runs on a node. */
  readonly commandTimeoutMs?: number | undefined;
  /** Default: `USUAL`. */
  readonly wanted?: readonly Wanted[] | undefined;
  /** Chains of one Service: rules of other Services stay on the node. See `checkedChains`. Chains that these lead to on a node are read without being named. */
  readonly serviceChains?: readonly string[] | undefined;
  /** Most bytes of one unpacked file; a longer one is a gap. Default: 128 MiB. */
  readonly fileLimit?: number | undefined;
  /** Most bytes of all files that are kept at one time; a node beyond it is a gap. Default: 1 GiB. */
  readonly totalLimit?: number | undefined;
  /**
   * Asks for the passphrase of a key file; absent when there is no terminal. One question at a time, and one passphrase per key for all nodes;
   * `attempt` counts from 1, up to 3 when a passphrase is wrong. Null: the user declined.
   */
  readonly askPassphrase?: ((keyFile: string, attempt: number) => Promise<string | null>) | undefined;
  /** A text of several lines for the user, safe to print: the warning of a changed host key, a key remembered. */
  readonly warn?: ((text: string) => void) | undefined;
  /** Takes each file as it arrives, instead of keeping it for the result: for more text than fits in memory. */
  readonly take?: ((file: NodeFile) => void) | undefined;
  /** Ends every connection. */
  readonly signal?: AbortSignal | undefined;
  /** Default: those of this process (PATH, HOME, SSH_AUTH_SOCK). */
  readonly variables?: SshVariables | undefined;
}

/** How far the collection is, after each node. */
export interface SshProgress {
  readonly done: number;
  readonly total: number;
  /** Nodes of which nothing could be read. */
  readonly failed: number;
  readonly node: string;
}

export interface SshResult {
  readonly files: readonly NodeFile[];
  readonly gaps: readonly Gap[];
}
