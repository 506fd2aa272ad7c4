import type { Gap } from '../cluster/evidence.ts';
import type { Cluster, Node, Service } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import type { End, Fate } from '../kubeproxy/fate.ts';
import { sameFate, undetermined } from '../kubeproxy/fate.ts';
import { healthCheckFate } from '../kubeproxy/health-check.ts';
import type { Packet } from '../kubeproxy/packet.ts';
import { predict } from '../kubeproxy/predict.ts';
import { sourceOfProcess } from '../kubeproxy/way.ts';
import type { World } from '../kubeproxy/world.ts';
import { worldsOf } from '../kubeproxy/world.ts';
import { familyOf, isLoopback } from '../net/ip.ts';
import type { Asker } from './clients.ts';
import { uniqueGaps } from './gaps.ts';
import { endpointRef } from './refs.ts';
import type { Because, Branch, Flow, Target, Verdict } from './report.ts';

/** Answers single questions about one cluster; what is shared between them is computed once. */
export interface Oracle {
  readonly cluster: Cluster;
  readonly service: Service;
  /** The flow, and what was missing where it is undetermined. */
  ask(asker: Asker, target: Target, via: Node | null): { readonly flow: Flow; readonly gaps: readonly Gap[] };
  /** The node that owns an address on one of its devices: no entry node has to be chosen for it. */
  ownerOf(address: string): Node | null;
}

export function createOracle(cluster: Cluster, dataplane: Dataplane, service: Service): Oracle {
  return createOracles(cluster, dataplane)(service);
}

/** Flows and findings of one report ask about the same cluster: its worlds are made once. */
const WORLDS = new WeakMap<Dataplane, { readonly cluster: Cluster; readonly worlds: readonly World[] }>();

function worldsFor(cluster: Cluster, dataplane: Dataplane): readonly World[] {
  const known = WORLDS.get(dataplane);
  if (known?.cluster === cluster) return known.worlds;
  const worlds = worldsOf(cluster, dataplane);
  WORLDS.set(dataplane, { cluster, worlds });
  return worlds;
}

/** Oracles for many Services of one cluster: what they share is computed once, when the first is made. */
export function createOracles(cluster: Cluster, dataplane: Dataplane): (service: Service) => Oracle {
  const missing = [...dataplane.classes.flatMap((entry) => entry.missing), ...dataplane.networkMissing];
  return (service) => {
    const worlds = worldsFor(cluster, dataplane);
    return {
      cluster,
      service,
      ask: (asker, target, via) => {
        const fate = agreed(worlds, (world) => fateOf(world, service, asker, target, via), missing);
        return { flow: toFlow(asker, target, via, fate), gaps: fate.kind === 'undetermined' ? fate.gaps : [] };
      },
      ownerOf: (address) => worlds[0]?.ownerOf(address) ?? worlds[0]?.nattedOwnerOf(address) ?? null,
    };
  };
}

/** The common answer of all worlds; as soon as one differs, the evidence does not decide. */
function agreed(worlds: readonly World[], fateIn: (world: World) => Fate, missing: readonly Gap[]): Fate {
  const [first, ...others] = worlds;
  if (first === undefined) return undetermined('data plane', 'no node was read');
  const fate = fateIn(first);
  const rest = others.length > 0 ? missing : [];
  if (fate.kind === 'undetermined') return { kind: 'undetermined', gaps: uniqueGaps([...fate.gaps, ...rest]) };
  for (const world of others) {
    const other = fateIn(world);
    if (other.kind === 'undetermined') return { kind: 'undetermined', gaps: uniqueGaps([...other.gaps, ...rest]) };
    if (!sameFate(fate, other)) return { kind: 'undetermined', gaps: uniqueGaps(rest) };
  }
  return fate;
}

function fateOf(world: World, service: Service, asker: Asker, target: Target, via: Node | null): Fate {
  const family = familyOf(target.address);
  if (target.kind === 'healthCheckNodePort')
    return healthCheckFate(world, service, target.node === null ? null : (world.cluster.nodeByName.get(target.node) ?? null));
  const packet = (source: string | null): Packet => ({
    source,
    destination: target.address,
    port: target.port,
    protocol: target.protocol,
    family,
    inRanges: asker.inRanges,
  });
  if (asker.node === null) return fateFromOutside(world, asker, target, via, packet);
  const own = asker.source(family);
  if (own === undefined)
    return undetermined(`address of ${asker.kind} ${asker.shown(family).name ?? ''}`, `it has no IPv${family} address`);
  if (!asker.isProcess) {
    if (isLoopback(target.address)) return undetermined(`way to ${target.address}`, "a pod's loopback is its own; no Service is involved");
    return predict(world, packet(own), { node: asker.node, origin: 'own-pod' });
  }
  const source = sourceOfProcess(world, asker.node, target.address);
  if (source === null)
    return undetermined(`source address of node ${asker.node.name}`, `its address towards ${target.address} is not known`);
  return predict(world, packet(source), { node: asker.node, origin: 'process' });
}

function fateFromOutside(world: World, asker: Asker, target: Target, via: Node | null, packet: (source: string | null) => Packet): Fate {
  const source = asker.source(familyOf(target.address));
  if (source === undefined) return undetermined("the client's address", `it is of another IP family than ${target.address}`);
  const natted = world.nattedOwnerOf(target.address);
  const entry = via ?? world.ownerOf(target.address) ?? natted;
  if (entry === null)
    return undetermined('the node through which the packet enters', `no node owns ${target.address}; name one with --via`);
  // An ExternalIP beside an InternalIP is a NAT in front of the node: what arrives carries the InternalIP.
  const inner = natted === null ? undefined : natted.internalIPs.find((address) => familyOf(address) === familyOf(target.address));
  const sent = packet(source);
  return predict(world, inner === undefined ? sent : { ...sent, destination: inner }, { node: entry, origin: 'elsewhere' });
}

// ---- into the report -------------------------------------------------------------------------

function toFlow(asker: Asker, target: Target, via: Node | null, fate: Fate): Flow {
  const from = asker.shown(familyOf(target.address));
  const base = { from, via: via?.name ?? null, to: target };
  if (fate.kind === 'undetermined') {
    const because = fate.gaps.map((gap) => ({ code: 'undetermined', text: `${gap.what}: ${gap.why}`, rule: null }));
    return { ...base, verdict: 'undetermined', branches: [], because };
  }
  const branches = fate.ends.map((end) => toBranch(end, asker, familyOf(target.address)));
  return { ...base, verdict: verdictOf(branches), branches, because: uniqueReasons(fate.ends) };
}

function toBranch(end: End, asker: Asker, family: 4 | 6): Branch {
  const hidden = asker.standIn && end.source !== null && end.source.address === asker.source(family);
  return {
    outcome: end.outcome,
    then: end.then,
    share: end.share,
    endpoint: end.endpoint === null ? null : endpointRef(end.endpoint),
    source: end.source === null ? null : { ...end.source, address: hidden ? null : end.source.address },
    ...(end.httpStatus === undefined ? {} : { httpStatus: end.httpStatus }),
  };
}

/** A flow's verdict is that of its branches: theirs if they agree, else partial. */
export function verdictOf(branches: readonly Branch[]): Verdict {
  const [first, ...others] = branches;
  if (first === undefined) return 'undetermined';
  return others.every((branch) => branch.outcome === first.outcome) ? first.outcome : 'partial';
}

function uniqueReasons(all: readonly End[]): Because[] {
  const found = new Map<string, Because>();
  for (const { reasons } of all) for (const reason of reasons) found.set(`${reason.code} ${reason.text}`, reason);
  return [...found.values()];
}
