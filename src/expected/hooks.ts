import type { Placed } from './placed.ts';
import { place } from './placed.ts';
import type { Proxier, Table } from './types.ts';

interface Hook {
  readonly table: Table;
  readonly from: readonly string[];
  readonly to: string;
  /** First and last 1.minor that inserts it. */
  readonly since?: number;
  readonly until?: number;
  readonly onlyNew: boolean;
  readonly comment: string | null;
  readonly meaning: string;
}

/** pkg/proxy/iptables iptablesJumpChains by version (facts §2.1). Inserted at the top once, so that their order says nothing. */
const HOOKS: readonly Hook[] = [
  {
    table: 'filter',
    from: ['INPUT'],
    to: 'KUBE-EXTERNAL-SERVICES',
    onlyNew: true,
    comment: 'kubernetes externally-visible service portals',
    meaning: 'refusals of external addresses, for packets to the node',
  },
  {
    table: 'filter',
    from: ['FORWARD'],
    to: 'KUBE-EXTERNAL-SERVICES',
    since: 20,
    onlyNew: true,
    comment: 'kubernetes externally-visible service portals',
    meaning: 'refusals of external addresses, for packets through the node',
  },
  {
    table: 'filter',
    from: ['INPUT'],
    to: 'KUBE-SERVICES',
    until: 19,
    onlyNew: true,
    comment: 'kubernetes service portals',
    meaning: 'refusals of clusterIPs, for packets to the node',
  },
  {
    table: 'filter',
    from: ['INPUT'],
    to: 'KUBE-NODEPORTS',
    since: 21,
    onlyNew: false,
    comment: 'kubernetes health check service ports',
    meaning: 'accepts health checks of load balancers',
  },
  {
    table: 'filter',
    from: ['FORWARD', 'OUTPUT'],
    to: 'KUBE-SERVICES',
    onlyNew: true,
    comment: 'kubernetes service portals',
    meaning: 'refusals of clusterIPs',
  },
  {
    table: 'filter',
    from: ['FORWARD'],
    to: 'KUBE-FORWARD',
    onlyNew: false,
    comment: 'kubernetes forwarding rules',
    meaning: 'lets masqueraded and established traffic through',
  },
  {
    table: 'filter',
    from: ['INPUT', 'OUTPUT', 'FORWARD'],
    to: 'KUBE-PROXY-FIREWALL',
    since: 25,
    onlyNew: true,
    comment: 'kubernetes load balancer firewall',
    meaning: 'drops what loadBalancerSourceRanges keep out',
  },
  {
    table: 'filter',
    from: ['INPUT', 'OUTPUT'],
    to: 'KUBE-FIREWALL',
    onlyNew: false,
    comment: null,
    meaning: 'protects loopback, and before 1.25 drops what is marked',
  },
  {
    table: 'nat',
    from: ['PREROUTING', 'OUTPUT'],
    to: 'KUBE-SERVICES',
    onlyNew: false,
    comment: 'kubernetes service portals',
    meaning: 'the way to all Services',
  },
  {
    table: 'nat',
    from: ['POSTROUTING'],
    to: 'KUBE-POSTROUTING',
    onlyNew: false,
    comment: 'kubernetes postrouting rules',
    meaning: 'masquerades what is marked',
  },
];

/** The jumps from built-in chains. */
export function hookRules({ config }: Proxier): Placed[] {
  const present = HOOKS.filter(({ since = 0, until = Number.POSITIVE_INFINITY }) => config.minor >= since && config.minor <= until);
  return present.flatMap((hook) => hook.from.map((chain) => hookRule(hook, chain, config.minor)));
}

function hookRule(hook: Hook, chain: string, minor: number): Placed {
  // The kubelet hooks KUBE-FIREWALL in all versions, kube-proxy since 1.27; 1.24 and older need it for their drop mark.
  const kubelets = hook.to === 'KUBE-FIREWALL' && minor < 27;
  return place(hook.table, chain, {
    code: 'hook',
    meaning: hook.meaning,
    state: hook.onlyNew ? '-m conntrack --ctstate NEW' : '',
    comment: hook.comment,
    target: hook.to,
    optional: kubelets && minor >= 25,
    writer: kubelets ? 'kubelet' : 'kube-proxy',
  });
}
