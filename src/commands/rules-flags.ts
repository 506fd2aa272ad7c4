import * as Flags from '@oclif/core/flags';

const RULES = "Nodes' rules";

/** Where the nodes' rules come from, and how they are fetched. */
export const rulesFlags = {
  rules: Flags.string({
    description:
      "also read the nodes' rules: ssh, exec (in the kube-proxy pods), debug (a pod that is made on each node and removed), or a PATH",
    helpValue: 'ssh|exec|debug|PATH',
    helpGroup: RULES,
  }),
  nodes: Flags.string({
    description: 'read the rules of these nodes only (repeatable, or with commas; default: those that matter for the question)',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    helpGroup: RULES,
  }),
  'all-nodes': Flags.boolean({ description: 'read the rules of every node', exclusive: ['nodes'], helpGroup: RULES }),
  'service-only': Flags.boolean({ description: "with ssh: fetch just the Service's chains, for nodes under load", helpGroup: RULES }),
  concurrency: Flags.integer({ description: 'how many nodes at once', min: 1, max: 256, helpGroup: RULES }),
  'node-timeout': Flags.integer({
    description: 'seconds for connecting to one node, and for reading it',
    min: 1,
    max: 3600,
    helpGroup: RULES,
  }),
  'ssh-user': Flags.string({ description: 'user to log in as (default: as ssh would)', helpGroup: RULES }),
  'ssh-port': Flags.integer({ description: 'port of the SSH servers', min: 1, max: 65_535, helpGroup: RULES }),
  'ssh-jump': Flags.string({ description: "jump hosts, as ssh's -J: [user@]host[:port], several with commas", helpGroup: RULES }),
  'ssh-address': Flags.string({
    description: "which of a node's addresses to connect to (name: the node's name, as ssh would resolve it)",
    options: ['InternalIP', 'ExternalIP', 'Hostname', 'name'],
    helpGroup: RULES,
  }),
  'ssh-identity': Flags.string({
    description: "private key file, as ssh's -i (repeatable)",
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: RULES,
  }),
  'ssh-config': Flags.string({ description: "configuration file, as ssh's -F", helpGroup: RULES }),
  'ssh-command': Flags.string({ description: 'run this OpenSSH client instead of the built-in one', helpGroup: RULES }),
  'ssh-accept-new': Flags.boolean({ description: 'remember keys of hosts that known_hosts does not know', helpGroup: RULES }),
  'debug-image': Flags.string({ description: 'image of the debug pods; it needs iptables-save', helpGroup: RULES }),
  'debug-namespace': Flags.string({ description: 'namespace of the debug pods (default: default)', helpGroup: RULES }),
};

/** The flags above, parsed. */
export interface RulesWords {
  readonly rules?: string | undefined;
  readonly nodes?: string[] | undefined;
  readonly 'all-nodes'?: boolean | undefined;
  readonly 'service-only'?: boolean | undefined;
  readonly concurrency?: number | undefined;
  readonly 'node-timeout'?: number | undefined;
  readonly 'ssh-user'?: string | undefined;
  readonly 'ssh-port'?: number | undefined;
  readonly 'ssh-jump'?: string | undefined;
  readonly 'ssh-address'?: string | undefined;
  readonly 'ssh-identity'?: string[] | undefined;
  readonly 'ssh-config'?: string | undefined;
  readonly 'ssh-command'?: string | undefined;
  readonly 'ssh-accept-new'?: boolean | undefined;
  readonly 'debug-image'?: string | undefined;
  readonly 'debug-namespace'?: string | undefined;
}
