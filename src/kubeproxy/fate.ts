import type { Gap } from '../cluster/evidence.ts';
import type { Endpoint } from '../cluster/model.ts';

/** What may become of a packet, by the policies alone. */
export type Fate =
  | { readonly kind: 'determined'; readonly ends: readonly End[] }
  | { readonly kind: 'undetermined'; readonly gaps: readonly Gap[] };

/** One way in which a packet can end; kube-proxy picks endpoints at random, so there is one for each that may be picked. */
export interface End {
  readonly outcome: 'delivered' | 'no-reply' | 'rejected' | 'dropped' | 'unhandled';
  readonly then: 'refused-by-host' | 'leaves-cluster' | 'host-listener' | null;
  /** Probability; all shares of a fate sum to 1. */
  readonly share: number;
  readonly endpoint: Endpoint | null;
  readonly source: Source | null;
  /** Health-check node port only. */
  readonly httpStatus?: 200 | 503;
  readonly reasons: readonly Reason[];
}

/** The source address as the endpoint sees it; null address: cannot be known, or the unnamed client's own. */
export interface Source {
  readonly kind: 'preserved' | 'masqueraded';
  readonly address: string | null;
  readonly interface: string | null;
  readonly by: 'kube-proxy' | 'cni' | null;
}

/** Why, in a word for programs and a sentence for people, with the rule that kube-proxy writes for it. */
export interface Reason {
  readonly code: string;
  readonly text: string;
  readonly rule: string | null;
}

export function undetermined(what: string, why: string): Fate {
  return { kind: 'undetermined', gaps: [{ what, why }] };
}

/** A fate with a single end that reaches no endpoint. */
export function ends(outcome: 'rejected' | 'dropped' | 'unhandled', reasons: readonly Reason[], then: End['then'] = null): Fate {
  return { kind: 'determined', ends: [{ outcome, then, share: 1, endpoint: null, source: null, reasons }] };
}

/** Several fates, each with its probability, as one; undetermined as soon as one is. */
export function mixed(parts: readonly { readonly share: number; readonly fate: Fate }[]): Fate {
  const open = parts.flatMap(({ fate }) => (fate.kind === 'undetermined' ? fate.gaps : []));
  if (open.length > 0) return { kind: 'undetermined', gaps: open };
  const all = parts.flatMap(({ share, fate }) =>
    fate.kind === 'determined' ? fate.ends.map((end) => ({ ...end, share: end.share * share })) : [],
  );
  return { kind: 'determined', ends: all };
}

/** Whether two fates say the same about the packet: the same ends, whatever the reasons. */
export function sameFate(a: Fate, b: Fate): boolean {
  if (a.kind === 'undetermined' || b.kind === 'undetermined') return a.kind === b.kind;
  return fingerprint(a) === fingerprint(b);
}

function fingerprint(fate: Extract<Fate, { kind: 'determined' }>): string {
  const lines = fate.ends.map((end) =>
    [end.outcome, end.then, end.endpoint?.address, end.endpoint?.port, end.source?.kind, end.source?.address, end.share.toFixed(6)].join(
      ' ',
    ),
  );
  return lines.sort().join('\n');
}
