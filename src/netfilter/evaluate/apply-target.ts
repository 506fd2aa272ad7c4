import { masqueradeAddress } from '../node/source-address.ts';
import type { PortRange } from '../rule/match-kinds.ts';
import type { ConnmarkTarget, NatRange, NatTarget, PortTarget, Target } from '../rule/target-kinds.ts';
import { hasEntry, type Packet, type Tracked } from './packet.ts';
import type { Effect } from './steps.ts';
import type { Surroundings } from './surroundings.ts';

/** What a target that is no jump does: the packet afterwards, and whether it leaves the table. */
export interface Applied {
  readonly packet: Packet;
  readonly tracked: Tracked;
  readonly effect: Effect;
  readonly then:
    | { readonly kind: 'continue' | 'return' | 'accept' | 'drop' }
    | { readonly kind: 'reject'; readonly with: string }
    | { readonly kind: 'unknown'; readonly why: string };
}

interface Now {
  readonly packet: Packet;
  readonly tracked: Tracked;
}

/** Applies a target other than a jump. */
export function applyTarget(target: Exclude<Target, { kind: 'chain' }>, now: Now, around: Surroundings): Applied {
  switch (target.kind) {
    case 'none':
      return { ...now, effect: 'nothing', then: { kind: 'continue' } };
    case 'verdict':
      return applyVerdict(target.verdict, now);
    case 'reject':
      return { ...now, effect: 'reject', then: { kind: 'reject', with: target.with ?? defaultReject(now.packet) } };
    case 'mark':
      return {
        ...now,
        packet: { ...now.packet, mark: xmark(now.packet.mark, target.value, target.mask) },
        effect: 'mark',
        then: { kind: 'continue' },
      };
    case 'connmark':
      return applyConnmark(target, now);
    case 'dnat':
      return applyDnat(target, now);
    case 'redirect':
      return applyRedirect(target, now, around);
    case 'snat':
      return applySnat(target, now);
    case 'masquerade':
      return applyMasquerade(target, now, around);
    case 'extension':
      return applyExtension(
        target.name,
        target.options.some((option) => option.name === '--notrack'),
        now,
      );
    case 'unrecognised':
      return unknown(now, `target "${target.words.join(' ')}" is not understood`);
  }
}

function applyVerdict(verdict: 'ACCEPT' | 'DROP' | 'RETURN' | 'QUEUE', now: Now): Applied {
  if (verdict === 'QUEUE') return unknown(now, 'a program on the node decides (QUEUE)');
  const kind = verdict === 'ACCEPT' ? 'accept' : verdict === 'DROP' ? 'drop' : 'return';
  return { ...now, effect: kind, then: { kind } };
}

// ip_tables and ip6_tables: the default of -j REJECT.
function defaultReject(packet: Packet): string {
  return packet.family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable';
}

function xmark(mark: number, value: number, mask: number): number {
  return ((mark & ~mask) ^ value) >>> 0;
}

function applyConnmark(target: ConnmarkTarget, now: Now): Applied {
  const { packet, tracked } = now;
  const done = { effect: 'connmark', then: { kind: 'continue' } } as const;
  if (!hasEntry(tracked)) return { ...done, packet, tracked };
  if (target.action === 'set') return { ...done, packet, tracked: { ...tracked, mark: xmark(tracked.mark, target.value, target.mask) } };
  // xt_connmark: save: ct = (ct & ~ctmask) ^ (mark & nfmask); restore: mark = (mark & ~nfmask) ^ (ct & ctmask).
  if (target.action === 'save')
    return { ...done, packet, tracked: { ...tracked, mark: ((tracked.mark & ~target.ctmask) ^ (packet.mark & target.nfmask)) >>> 0 } };
  return { ...done, tracked, packet: { ...packet, mark: ((packet.mark & ~target.nfmask) ^ (tracked.mark & target.ctmask)) >>> 0 } };
}

function applyDnat(target: NatTarget, now: Now): Applied {
  if (isRange(target.range)) return unknown(now, 'the rule chooses one of several addresses');
  return destinationTo(now, { address: target.range.from ?? now.packet.destination, ports: target.range.ports });
}

function applyRedirect(target: PortTarget, now: Now, around: Surroundings): Applied {
  const { packet } = now;
  const loopback = packet.family === 4 ? '127.0.0.1' : '::1';
  const device = around.node.devices?.find((each) => each.name === packet.inDevice);
  const own = device?.addresses.find((each) => isOf(packet.family, each.address) && each.scope === 'global');
  const address = around.hook === 'OUTPUT' ? loopback : (own?.address ?? null);
  // nf_nat_redirect: a device without an address of the family takes the packet nowhere. Where devices were only concluded, that is not known.
  const bare =
    device !== undefined && around.node.unnamed === undefined && !device.addresses.some((each) => isOf(packet.family, each.address));
  if (address === null && bare) return { ...now, effect: 'drop', then: { kind: 'drop' } };
  return address === null
    ? unknown(now, 'the address of the incoming interface is not known')
    : destinationTo(now, { address, ports: target.ports });
}

function isOf(family: Packet['family'], address: string): boolean {
  return address.includes(':') === (family === 6);
}

function destinationTo(now: Now, to: { readonly address: string | null; readonly ports: PortRange | null }): Applied {
  const destinationPort = to.ports === null ? now.packet.destinationPort : onePort(to.ports);
  const dnat = to.address !== now.packet.destination || destinationPort !== now.packet.destinationPort;
  const packet = { ...now.packet, destination: to.address, destinationPort };
  return { packet, tracked: { ...now.tracked, dnat, destinationDecided: true }, effect: 'dnat', then: { kind: 'accept' } };
}

function applySnat(target: NatTarget, now: Now): Applied {
  if (isRange(target.range)) return unknown(now, 'the rule chooses one of several addresses');
  return sourceTo(now, { address: target.range.from ?? now.packet.source, ports: target.range.ports, flags: target.flags });
}

function applyMasquerade(target: PortTarget, now: Now, around: Surroundings): Applied {
  const { packet } = now;
  const out = around.out;
  const address =
    out === null || packet.destination === null ? null : masqueradeAddress(around.node, { ...out, destination: packet.destination });
  return sourceTo(now, { address, ports: target.ports, flags: target.flags });
}

/** A null address: the packet has another source, but nobody knows which. */
function sourceTo(
  now: Now,
  to: { readonly address: string | null; readonly ports: PortRange | null; readonly flags: readonly string[] },
): Applied {
  const random = to.ports === null && to.flags.some((flag) => flag !== '--persistent');
  const sourcePort = to.ports !== null ? onePort(to.ports) : random ? null : now.packet.sourcePort;
  const snat = to.address !== now.packet.source || sourcePort !== now.packet.sourcePort;
  return {
    packet: { ...now.packet, source: to.address, sourcePort },
    tracked: { ...now.tracked, snat, sourceDecided: true },
    effect: 'snat',
    then: { kind: 'accept' },
  };
}

function isRange(range: NatRange): boolean {
  return range.from !== range.to;
}

function onePort(ports: PortRange): number | null {
  return ports.from === ports.to ? ports.from : null;
}

const HARMLESS: ReadonlySet<string> = new Set(
  'LOG NFLOG ULOG AUDIT TRACE CHECKSUM CLASSIFY CONNSECMARK CT DSCP ECN HL TTL TOS TCPMSS TCPOPTSTRIP RATEEST SECMARK SET IDLETIMER LED TEE'.split(
    ' ',
  ),
);

function applyExtension(name: string, notrack: boolean, now: Now): Applied {
  if (name === 'NOTRACK' || (name === 'CT' && notrack))
    return { ...now, tracked: { ...now.tracked, state: 'UNTRACKED' }, effect: 'notrack', then: { kind: 'continue' } };
  if (HARMLESS.has(name)) return { ...now, effect: 'nothing', then: { kind: 'continue' } };
  return unknown(now, name === 'NFQUEUE' ? 'a program on the node decides (NFQUEUE)' : `target ${name} is not modelled`);
}

function unknown(now: Now, why: string): Applied {
  return { ...now, effect: 'unknown', then: { kind: 'unknown', why } };
}
