import type { Branch } from './report.ts';

/** Shares that differ by less are the same: iptables rounds probabilities. */
const TOLERANCE = 0.01;

/** Whether two lists of branches come to the same for the client and the endpoints: outcome, endpoint, source address and share. */
export function sameBranches(some: readonly Branch[], others: readonly Branch[]): boolean {
  const [a, b] = [summed(some), summed(others)];
  return a.size === b.size && [...a].every(([key, share]) => Math.abs(share - (b.get(key) ?? -1)) < TOLERANCE);
}

function summed(branches: readonly Branch[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const branch of branches) {
    const { outcome, endpoint, source } = branch;
    const where = endpoint === null ? '' : `${endpoint.address}:${endpoint.port} ${source?.address ?? ''}`;
    const key = `${outcome} ${where}`;
    sums.set(key, (sums.get(key) ?? 0) + branch.share);
  }
  return sums;
}
