import type { Protocol } from '../cluster/model.ts';
import { Failure } from '../net/failure.ts';
import { canonicalIp } from '../net/ip.ts';

/** A client as asked for with `--from`. */
export type ClientSpec =
  | { readonly kind: 'external'; readonly address: string | null }
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'any-pod'; readonly node: string };

/** A target as asked for with `--to`. */
export type TargetSpec =
  | { readonly kind: 'clusterIP' | 'nodePort' | 'externalIP' | 'loadBalancer' | 'healthCheck' }
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'address'; readonly address: string; readonly port: number; readonly protocol: Protocol };

/** What the user wants to know about one Service. Empty lists stand for the defaults of the contract. */
export interface Question {
  readonly namespace: string;
  readonly name: string;
  readonly from: readonly ClientSpec[];
  readonly to: readonly TargetSpec[];
  readonly via: readonly string[];
  /** Name or number of one port of the Service. */
  readonly port: string | null;
}

const TARGET_KINDS: ReadonlySet<string> = new Set(['clusterIP', 'nodePort', 'externalIP', 'loadBalancer', 'healthCheck']);
const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** `external`, `external=IP`, `node/NAME`, `pod/NAME`, `pod/NS/NAME`, `pod@NODE`. */
export function parseClient(text: string, namespace: string): ClientSpec {
  if (text === 'external') return { kind: 'external', address: null };
  if (text.startsWith('external=')) {
    const address = canonicalIp(text.slice('external='.length));
    if (address !== null) return { kind: 'external', address };
  }
  if (text.startsWith('pod@') && NAME.test(text.slice(4))) return { kind: 'any-pod', node: text.slice(4) };
  const words = text.split('/');
  const [kind, first = '', second] = words;
  if (words.slice(1).every((word) => NAME.test(word))) {
    if (kind === 'node' && words.length === 2) return { kind: 'node', name: first };
    if (kind === 'pod' && words.length === 2) return { kind: 'pod', namespace, name: first };
    if (kind === 'pod' && words.length === 3 && second !== undefined) return { kind: 'pod', namespace: first, name: second };
  }
  throw new Failure(
    `--from ${JSON.stringify(text)} is no client`,
    'use external, external=IP, node/NAME, pod/NAME, pod/NAMESPACE/NAME or pod@NODE',
  );
}

/** `clusterIP`, `nodePort`, `externalIP`, `loadBalancer`, `healthCheck`, `node/NAME`, `IP:PORT`, `[IPv6]:PORT`, the last two with `/udp` or `/sctp`. */
export function parseTarget(text: string): TargetSpec {
  if (TARGET_KINDS.has(text)) return { kind: text as 'clusterIP' };
  if (text.startsWith('node/') && NAME.test(text.slice(5))) return { kind: 'node', name: text.slice(5) };
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:/[\]]+)):(?<port>\d{1,5})(?:\/(?<protocol>tcp|udp|sctp))?$/i.exec(text);
  const address = canonicalIp(match?.groups?.['v6'] ?? match?.groups?.['v4'] ?? '');
  const port = Number(match?.groups?.['port'] ?? 0);
  if (address !== null && port > 0 && port < 65536) {
    const protocol = (match?.groups?.['protocol'] ?? 'tcp').toUpperCase() as Protocol;
    return { kind: 'address', address, port, protocol };
  }
  throw new Failure(
    `--to ${JSON.stringify(text)} is no target`,
    'use clusterIP, nodePort, externalIP, loadBalancer, healthCheck, node/NAME, IP:PORT or [IPv6]:PORT (with /udp or /sctp)',
  );
}
