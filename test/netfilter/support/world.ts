import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeNet } from '../../../src/netfilter/node/node-net.ts';
import { nodeFrom, textOf } from './dump.ts';
import { type PodAt, readScenario, type Scenario } from './scenario.ts';

/** What the kernel was seen to do with one probe. */
export interface Probe {
  readonly from: string;
  readonly to: string;
  readonly via?: string;
  readonly ip: string;
  readonly port: number;
  readonly protocol: string;
  readonly outcomes: readonly { readonly result: string; readonly server?: string; readonly seen?: string; readonly how?: string }[];
}

/** A recorded cluster: its nodes as dumped, where its pods are, who lives outside, and how its kernels are set. */
export interface World {
  readonly nodes: ReadonlyMap<string, NodeNet>;
  readonly pods: readonly PodAt[];
  readonly scenario: Scenario;
  readonly probes: readonly Probe[];
}

type Item = Record<string, Record<string, unknown>>;

export function readWorld(folder: string): World {
  const nodes = new Map(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => [entry.name, nodeFrom(join(folder, entry.name))]),
  );
  const scenario = readScenario(folder);
  const objects = JSON.parse(textOf(join(folder, 'cluster.json')) ?? '{"items":[]}') as { items: Item[] };
  const pods = objects.items.filter((item) => String(item['kind']) === 'Pod').map((item) => podOf(item, scenario));
  return {
    nodes,
    pods: pods.filter((pod) => !pod.name.startsWith('kube-')),
    scenario,
    probes: JSON.parse(textOf(join(folder, 'outcomes.json')) ?? '[]') as Probe[],
  };
}

function podOf(item: Item, scenario: Scenario): PodAt {
  const ips = (item['status']?.['podIPs'] ?? []) as readonly { ip: string }[];
  const name = String(item['metadata']?.['name']);
  return {
    name,
    node: String(item['spec']?.['nodeName']),
    ips: ips.map((each) => each.ip),
    host: item['spec']?.['hostNetwork'] === true,
    listens: scenario.listens.get(name) ?? new Set(),
  };
}

/** The recording in the words of {@link tracedOutcomes}. */
export function recordedOutcomes(probe: Probe): readonly string[] {
  const word = (each: Probe['outcomes'][number]): string => {
    if (each.result === 'delivered' || each.result === 'no-reply') return `${each.result} ${each.server} sees ${each.seen}`;
    if (each.result === 'refused') return each.how === 'tcp-reset' ? 'refused by host' : 'refused';
    if (each.result === 'error') return 'timeout';
    return each.how === 'left-the-cluster' ? 'left' : each.result;
  };
  return [...new Set(probe.outcomes.map(word))].sort();
}

/** The node, and its device, that has an address. */
export function ownerOf(world: World, address: string): { readonly node: string; readonly device: string } | null {
  for (const [node, net] of world.nodes) {
    const device = (net.devices ?? []).find((each) => each.addresses.some((own) => own.address === address));
    if (device !== undefined) return { node, device: device.name };
  }
  return null;
}

/** The pod (with a network of its own) that has an address. */
export function podWith(world: World, address: string): PodAt | undefined {
  return world.pods.find((each) => !each.host && each.ips.includes(address));
}
