import type { Detector, ProxyConfig } from '../dataplane/types.ts';
import type { Family } from '../net/ip.ts';
import { parseCidr } from '../net/ip.ts';
import type { Era } from './era.ts';
import type { DumpDetector } from './era-settings.ts';
import type { Dialect } from './types.ts';

/** What is known of a kube-proxy otherwise, and the family of the dump. */
export interface Supposed {
  readonly config: ProxyConfig;
  readonly family: Family;
  readonly dialect?: Partial<Dialect>;
}

/** The configuration by which a dump was written: what the dump shows wins over what was supposed; what it does not show stays. */
export function configuredBy(era: Era, supposed: Supposed): { readonly config: ProxyConfig; readonly dialect: Partial<Dialect> } {
  const { config, family } = supposed;
  const shown = era.detector === null ? null : detectorOf(era.detector, config.detector[family]);
  return {
    config: {
      ...config,
      mode: 'iptables',
      minor: within(config.minor, era),
      detector: shown === null ? config.detector : { ...config.detector, [family]: shown },
      masqueradeAll: era.masqueradeAll ?? config.masqueradeAll,
      localhostNodePorts: era.localhostNodePorts ?? config.localhostNodePorts,
      nodePortAddresses: era.nodePortAddresses ?? config.nodePortAddresses,
    },
    dialect: {
      ...supposed.dialect,
      ...(era.detector?.kind === 'device' ? { device: era.detector.device } : {}),
      ...(era.masqueradeBit === null ? {} : { masqueradeBit: era.masqueradeBit }),
      ...(era.randomFully === null ? {} : { randomFully: era.randomFully }),
    },
  };
}

/** The supposed version where the dump allows it, else the nearest one; rules of several versions at once decide nothing. */
function within(minor: number, { minMinor, maxMinor }: Era): number {
  const [low, high] = [minMinor ?? minor, maxMinor ?? minor];
  if (minMinor !== null && maxMinor !== null && minMinor > maxMinor) return minor;
  return Math.min(Math.max(minor, low), Math.max(high, low));
}

function detectorOf(shown: DumpDetector, supposed: Detector): Detector | null {
  switch (shown.kind) {
    case 'none':
      return { kind: 'absent' };
    case 'source': {
      const cidr = parseCidr(shown.network);
      return cidr === null ? null : { kind: 'cidr', cidr };
    }
    case 'device':
      return supposed.kind === 'nobody' ? supposed : { kind: 'own-pods' };
  }
}
