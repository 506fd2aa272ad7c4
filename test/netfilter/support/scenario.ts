import { join } from 'node:path';
import { textOf } from './dump.ts';

/** A pod where the recording put it, and what it listens on (`tcp/8080`). */
export interface PodAt {
  readonly name: string;
  readonly node: string;
  readonly ips: readonly string[];
  readonly host: boolean;
  readonly listens: ReadonlySet<string>;
}

/** Settings of the nodes' kernels that no dump of rules shows. */
export interface Knobs {
  readonly reversePath: 'off' | 'strict' | 'loose';
  readonly hairpin: boolean;
  /** net.bridge.bridge-nf-call-iptables: frames between two ports of one bridge pass the rules. */
  readonly bridgedFramesAreFiltered: boolean;
}

export interface Scenario {
  readonly knobs: Knobs;
  /** Addresses of who lives outside the cluster. */
  readonly clients: ReadonlyMap<string, readonly string[]>;
  readonly listens: ReadonlyMap<string, ReadonlySet<string>>;
  /** Addresses that the router sends to one node. */
  readonly vips: Readonly<Record<string, string>>;
  /** Whether the pods of a node share one bridge. */
  readonly bridged: boolean;
}

interface Topology {
  readonly cni?: string;
  readonly rpFilter?: number;
  readonly hairpin?: boolean;
  readonly bridgeNfCall?: boolean;
  readonly segment?: readonly string[];
  readonly vips?: Readonly<Record<string, string>>;
  readonly pods?: readonly {
    readonly name: string;
    readonly listen?: readonly (number | { readonly port: number; readonly protocol?: string })[];
  }[];
  readonly clients?: readonly { readonly name: string; readonly attach?: string; readonly ips?: readonly string[] }[];
}

const REVERSE_PATH = ['off', 'strict', 'loose'] as const;
const ROUTED = ['198.51.100.', '2001:db8:100::'] as const;
const SEGMENT = ['172.18.0.0/24', 'fd00:172:18::/64'];

export function readScenario(folder: string): Scenario {
  const { topology = {} } = JSON.parse(textOf(join(folder, 'scenario.json')) ?? '{}') as { topology?: Topology };
  return {
    knobs: {
      reversePath: REVERSE_PATH[topology.rpFilter ?? 2] ?? 'loose',
      hairpin: topology.hairpin ?? true,
      bridgedFramesAreFiltered: topology.bridgeNfCall ?? true,
    },
    clients: new Map(
      (topology.clients ?? []).map((client, index) => [client.name, clientAddresses(client, index, topology.segment ?? SEGMENT)]),
    ),
    listens: new Map((topology.pods ?? []).map((pod) => [pod.name, new Set((pod.listen ?? []).flatMap(listening))])),
    vips: topology.vips ?? {},
    bridged: (topology.cni ?? 'kindnet').startsWith('flannel'),
  };
}

function listening(entry: number | { readonly port: number; readonly protocol?: string }): readonly string[] {
  if (typeof entry === 'number') return [`tcp/${entry}`, `udp/${entry}`];
  return [`${(entry.protocol ?? 'TCP').toLowerCase()}/${entry.port}`];
}

/** The recording's defaults: the k-th client is .10+k behind the router, or .200+k on the nodes' segment. */
function clientAddresses(
  client: { readonly attach?: string; readonly ips?: readonly string[] },
  index: number,
  segment: readonly string[],
): readonly string[] {
  if (client.attach !== 'segment') return [...(client.ips ?? []), `${ROUTED[0]}${10 + index}`, `${ROUTED[1]}${(10 + index).toString(16)}`];
  const four = segment.find((network) => !network.includes(':'))?.replace(/\.0\/24$/, `.${200 + index}`);
  const six = segment.find((network) => network.includes(':'))?.replace(/\/64$/, (200 + index).toString(16));
  return [...(client.ips ?? []), ...[four, six].filter((address) => address !== undefined)];
}
