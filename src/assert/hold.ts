import type { Branch, Flow } from '../analysis/report.ts';
import type { Expectation, Share, SharePlace } from './assertions.ts';

/** Shares are rounded by whoever writes them down. */
const TOLERANCE = 0.005;

/** Whether a flow is as expected; what differs, in words. */
export interface Held {
  readonly status: 'holds' | 'fails' | 'undetermined';
  /** Empty where it holds. */
  readonly text: string;
}

const HOLDS: Held = { status: 'holds', text: '' };

export function hold(flow: Flow, expect: Expectation): Held {
  if (flow.verdict === 'undetermined') return { status: 'undetermined', text: 'undetermined: the evidence does not decide' };
  const checks = [heldVerdict(flow, expect), heldSource(flow, expect), heldAddress(flow, expect), ...heldShares(flow, expect)];
  const failed = checks.filter((check) => check.status === 'fails');
  const open = checks.filter((check) => check.status === 'undetermined');
  const told = failed.length > 0 ? failed : open;
  if (told.length === 0) return HOLDS;
  return { status: failed.length > 0 ? 'fails' : 'undetermined', text: told.map(({ text }) => text).join('; ') };
}

function heldVerdict({ verdict }: Flow, expect: Expectation): Held {
  if (expect.verdict.length === 0 || expect.verdict.some((each) => each === verdict)) return HOLDS;
  return { status: 'fails', text: `expected ${expect.verdict.join(' or ')}, found ${verdict}` };
}

function reached({ branches }: Flow): readonly (Branch & { readonly source: NonNullable<Branch['source']> })[] {
  return branches.flatMap((branch) => (branch.source === null ? [] : [{ ...branch, source: branch.source }]));
}

function heldSource(flow: Flow, { source }: Expectation): Held {
  if (source === null) return HOLDS;
  const seen = reached(flow);
  if (seen.length === 0) return { status: 'fails', text: `expected source ${source}, and no endpoint is reached` };
  const others = seen.filter((branch) => branch.source.kind !== source);
  if (others.length === 0) return HOLDS;
  const part = others.length === seen.length ? '' : ` for ${Math.round(100 * sum(others))}%`;
  return { status: 'fails', text: `expected source ${source}, found ${others[0]?.source.kind ?? ''}${part}${addressesOf(others)}` };
}

function heldAddress(flow: Flow, { sourceAddress }: Expectation): Held {
  if (sourceAddress === null) return HOLDS;
  const seen = reached(flow);
  if (seen.length === 0) return { status: 'fails', text: `expected source address ${sourceAddress}, and no endpoint is reached` };
  const others = seen.filter(({ source }) => source.address !== null && source.address !== sourceAddress);
  if (others.length > 0)
    return { status: 'fails', text: `expected source address ${sourceAddress}, found${addressesOf(others).replace(/[()]/g, '')}` };
  return seen.every(({ source }) => source.address !== null)
    ? HOLDS
    : { status: 'undetermined', text: `expected source address ${sourceAddress}, and which address is seen is not known` };
}

function addressesOf(branches: readonly (Branch & { readonly source: NonNullable<Branch['source']> })[]): string {
  const addresses = [...new Set(branches.flatMap(({ source }) => source.address ?? []))];
  return addresses.length === 0 ? '' : ` (${addresses.slice(0, 4).join(', ')})`;
}

function heldShares({ branches }: Flow, { minShare, maxShare }: Expectation): Held[] {
  const shareOf = ({ of }: Share): number => sum(branches.filter((branch) => branch.outcome === 'delivered' && isAt(branch, of)));
  const check = (share: Share, isWrong: (found: number) => boolean, bound: string): Held => {
    const found = shareOf(share);
    return isWrong(found)
      ? { status: 'fails', text: `expected ${bound} ${share.share} for ${share.text}, found ${Math.round(found * 1000) / 1000}` }
      : HOLDS;
  };
  return [
    ...minShare.map((share) => check(share, (found) => found < share.share - TOLERANCE, 'at least')),
    ...maxShare.map((share) => check(share, (found) => found > share.share + TOLERANCE, 'at most')),
  ];
}

function isAt({ endpoint }: Branch, place: SharePlace): boolean {
  if (endpoint === null) return false;
  switch (place.kind) {
    case 'node':
      return endpoint.node === place.name;
    case 'pod':
      return endpoint.pod === place.name && (place.namespace === null || endpoint.namespace === place.namespace);
    case 'address':
      return endpoint.address === place.address && (place.port === null || endpoint.port === place.port);
  }
}

function sum(branches: readonly Pick<Branch, 'share'>[]): number {
  return branches.reduce((total, { share }) => total + share, 0);
}
