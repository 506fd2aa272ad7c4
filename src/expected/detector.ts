import type { Node } from '../cluster/model.ts';
import type { DataplaneClass, ProxyConfig } from '../dataplane/types.ts';
import type { Family } from '../net/ip.ts';
import type { Parts } from './line.ts';

/** A local-traffic detector as a match: by source network, by input device, none, or not known. */
export type DetectorMatch =
  | { readonly kind: 'source'; readonly network: string }
  | { readonly kind: 'device'; readonly device: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

/** pkg/proxy/util LocalTrafficDetector of one family: NodeCIDR takes the first podCIDR, and none makes it a no-op. */
export function detectorMatch(node: Node, config: ProxyConfig, family: Family, device: string | null): DetectorMatch {
  const detector = config.detector[family];
  switch (detector.kind) {
    case 'absent':
      return { kind: 'none' };
    case 'cidr':
      return { kind: 'source', network: detector.cidr.text };
    case 'node-cidr': {
      const cidr = node.podCidrs.find((candidate) => candidate.family === family);
      return cidr === undefined ? { kind: 'none' } : { kind: 'source', network: cidr.text };
    }
    case 'own-pods':
    case 'nobody':
    case 'any-pod':
      return device === null ? { kind: 'unknown' } : { kind: 'device', device };
  }
}

/** The device of an interface detector as iptables writes it; null for the other detectors. */
export function deviceOf(localDetection: DataplaneClass['localDetection']): string | null {
  const { mode, interface: name } = localDetection ?? { mode: '', interface: null };
  if (name === null) return null;
  if (mode === 'BridgeInterface') return name;
  return mode === 'InterfaceNamePrefix' ? `${name}+` : null;
}

/** The parts that match what the detector takes for pods' (`IfLocal`), or everything else (`IfNotLocal`); null for a no-op. */
export function detectorParts(match: DetectorMatch, whose: 'pods' | 'others'): Pick<Parts, 'source' | 'device'> | null {
  const not = whose === 'others' ? '! ' : '';
  switch (match.kind) {
    case 'source':
      return { source: `${not}${match.network}` };
    case 'device':
      return { device: `${not}${match.device}` };
    case 'none':
    case 'unknown':
      return null;
  }
}
