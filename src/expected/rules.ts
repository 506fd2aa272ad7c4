import { legacyRules } from './legacy.ts';
import { modernRules } from './modern.ts';
import { byChain } from './placed.ts';
import type { Site } from './site.ts';
import { sitesOf } from './site.ts';
import type { Expected, ServiceProxier } from './types.ts';

/** The chains and rules that kube-proxy in iptables mode writes for one Service on one node in one IP family. */
export function expectedRules(asked: ServiceProxier): Expected {
  const sites = sitesOf(asked);
  const placed = sites.flatMap((site) => (site.minor >= 24 ? modernRules(site) : legacyRules(site)));
  return { chains: byChain(placed), unknown: unknownOf(sites) };
}

function unknownOf(sites: readonly Site[]): string[] {
  if (!sites.some((site) => site.detector.kind === 'unknown')) return [];
  return ['the device by which kube-proxy tells pods: the rules that name it are left out'];
}
