import type { Asker } from '../../analysis/clients.ts';
import type { Branch, Flow, Target } from '../../analysis/report.ts';
import type { Node } from '../../cluster/model.ts';
import { familyOf } from '../../net/ip.ts';
import type { Caller } from '../scene/callers.ts';
import { perService } from '../scene/per-cluster.ts';
import type { Slot } from '../scene/slots.ts';
import type { ServiceScene } from '../scene.ts';
import { alikeFor, podOn, processOn } from './standing.ts';

/** What clients in the cluster meet at a Service's outside addresses, asked of the prediction. */

/** What becomes of a call: within: it ends at a pod and never sees the load balancer; out: it leaves the cluster, as far as anyone can tell. */
export type Fate = 'within' | 'out' | 'silent' | 'refused' | 'unknown';

export interface Call {
  readonly from: 'pod' | 'process';
  /** Nodes whose clients fare so. */
  readonly nodes: () => readonly Node[];
  readonly slot: Slot;
  readonly address: string;
  readonly fate: Fate;
  readonly flow: Flow;
}

/** Addresses of one kind behave alike: of many, so many are asked. */
const MOST_ADDRESSES = 2;

/** LB addresses and externalIPs, whatever their ipMode: old kube-proxies capture those of mode Proxy as well. */
function addressesOf({ service }: ServiceScene): readonly (readonly ['loadBalancerIP' | 'externalIP', string])[] {
  const published = service.ingress.flatMap(({ ip }) => (ip === null ? [] : [ip]));
  return [
    ...published.slice(0, MOST_ADDRESSES).map((ip) => ['loadBalancerIP', ip] as const),
    ...service.externalIPs.slice(0, MOST_ADDRESSES).map((ip) => ['externalIP', ip] as const),
  ];
}

function targetOf([kind, address]: readonly ['loadBalancerIP' | 'externalIP', string], { port }: Slot): Target {
  const servicePort = port.name === '' ? String(port.port) : port.name;
  return { kind, node: null, address, port: port.port, protocol: port.protocol, servicePort };
}

/** What ordinary pods and processes of every node meet. Ports without endpoints are left out: nobody reaches those. */
export const callsTo: (scene: ServiceScene) => readonly Call[] = perService((scene) =>
  scene
    .slots()
    .filter((slot) => slot.usable.length > 0)
    .flatMap((slot) => {
      const addresses = addressesOf(scene).filter(([, address]) => familyOf(address) === slot.family);
      if (addresses.length === 0) return [];
      return alikeFor(scene, slot).flatMap(({ asked, nodes }) =>
        addresses.flatMap((address) =>
          (['pod', 'process'] as const).map((from) => {
            const asker = from === 'pod' ? podOn(scene.cluster, asked) : processOn(asked);
            return { from, nodes, slot, address: address[1], ...ask(scene, asker, targetOf(address, slot)) };
          }),
        ),
      );
    }),
);

function ask(scene: ServiceScene, asker: Asker, target: Target): { readonly fate: Fate; readonly flow: Flow } {
  const { flow } = scene.oracle().ask(asker, target, null);
  return { fate: fateOf(flow), flow };
}

function fateOf({ verdict, branches }: Flow): Fate {
  if (verdict === 'undetermined') return 'unknown';
  if (branches.every(({ outcome }) => outcome === 'delivered')) return 'within';
  if (branches.every(({ outcome, then }) => outcome === 'unhandled' && then === 'leaves-cluster')) return 'out';
  return verdict === 'rejected' ? 'refused' : 'silent';
}

/** A call that hangs, in part or always, for another reason than loadBalancerSourceRanges. */
export function isLost({ fate, flow }: Pick<Call, 'fate' | 'flow'>): boolean {
  return fate === 'silent' && !isOutsideRanges(flow) && flow.branches.some(isHanging);
}

/** Calls to one address that fare alike on several ports. */
export interface Alike {
  readonly address: string;
  readonly slots: readonly Slot[];
  readonly clients: readonly Sufferers[];
  readonly first: Call;
}

/** Clients of a kind, with the nodes they are on. */
export interface Sufferers {
  readonly who: string;
  readonly from: Call['from'];
  readonly nodes: readonly string[];
  /** Only some of their calls. */
  readonly partly: boolean;
}

const WHO = { pod: 'pods', process: 'processes and hostNetwork pods' } as const;

/** Calls that fail, to the first address of each family, ports that the same clients lose told together: what holds at one address need not hold at another. */
export function groupCalls(calls: readonly Call[]): Alike[] {
  const groups = new Map<string, Alike>();
  for (const slot of new Set(calls.map((call) => call.slot))) {
    const own = calls.filter((call) => call.slot === slot);
    const [first] = own;
    if (first === undefined) continue;
    const { address } = first;
    const here = own.filter((call) => call.address === address);
    const clients = (['pod', 'process'] as const).flatMap((from) => sufferersOf(here, from));
    const key = JSON.stringify([address, clients]);
    groups.set(key, { address, clients, first, slots: [...(groups.get(key)?.slots ?? []), slot] });
  }
  return [...groups.values()];
}

/** Those who always lose and those who sometimes do are told apart. */
function sufferersOf(calls: readonly Call[], from: Call['from']): Sufferers[] {
  return [false, true].flatMap((partly) => {
    const these = calls.filter((call) => call.from === from && (call.flow.verdict === 'partial') === partly);
    const nodes = [...new Set(these.flatMap((call) => call.nodes().map(({ name }) => name)))].sort();
    return nodes.length === 0 ? [] : [{ who: WHO[from], from, nodes, partly }];
  });
}

function isHanging({ outcome }: Branch): boolean {
  return outcome === 'dropped' || outcome === 'no-reply';
}

export function isOutsideRanges({ because }: Flow): boolean {
  return because.some(({ code }) => code === 'outside-source-ranges');
}

/** A call by somebody who is known, to the Service's first outside address. Null: it runs on no known node, or the Service has no address. */
export function callOf(scene: ServiceScene, caller: Caller): { readonly fate: Fate; readonly flow: Flow } | null {
  const asker = caller.asker();
  const slots = scene.slots().filter(({ usable, port }) => usable.length > 0 && (caller.port === null || port.port === caller.port));
  for (const slot of slots) {
    const addresses = addressesOf(scene).filter(([, ip]) => familyOf(ip) === slot.family);
    const address = addresses.find(([, ip]) => ip === caller.host || !isAddress(caller.host));
    if (asker === null || address === undefined) continue;
    if (asker.source(slot.family) !== undefined) return ask(scene, asker, targetOf(address, slot));
  }
  return null;
}

function isAddress(host: string): boolean {
  return /^[\d.]+$|:/.test(host);
}

/** Whether connections from inside go past the load balancer: yes or no of some pod, or null where nothing can be said. */
export function bypassesBalancer(scene: ServiceScene): boolean | null {
  const calls = callsTo(scene).filter(({ from, address }) => from === 'pod' && scene.service.ingress.some(({ ip }) => ip === address));
  if (calls.some(({ fate }) => fate === 'within')) return true;
  return calls.some(({ fate }) => fate === 'unknown') || (calls.length === 0 && scene.vips.length > 0) ? null : false;
}
