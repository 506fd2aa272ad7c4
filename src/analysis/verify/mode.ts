import { targetOf } from './line-parts.ts';
import { hasChain, type RulesetIndex, rulesIn } from './ruleset-index.ts';
import type { DumpMode } from './types.ts';

/**
 * Whether a dump is of kube-proxy's iptables mode. ipvs mode shares the names KUBE-SERVICES, KUBE-POSTROUTING, KUBE-MARK-MASQ, KUBE-FORWARD and
 * KUBE-PROXY-FIREWALL; nftables mode has none in iptables, but the kubelet's chains stand beside it.
 */
export function modeOf({ ruleset }: RulesetIndex): DumpMode {
  const nat = ruleset.tables.get('nat');
  if (nat === undefined) return { kind: 'unknown', reason: 'the dump has no table "nat"' };
  const names = [...nat.chains.keys()];
  const leads = rulesIn(ruleset, 'nat', 'KUBE-SERVICES').some((rule) => /^KUBE-(?:SVC-|NODEPORTS$)/.test(targetOf(rule.line)));
  if (names.includes('KUBE-NODE-PORT') && !leads) return not('its chains are those of kube-proxy in ipvs mode (KUBE-NODE-PORT)');
  if (names.some((name) => name.startsWith('KUBE-SVC-') || name === 'KUBE-NODEPORTS')) return { kind: 'iptables' };
  if (names.includes('KUBE-SERVICES')) return not('KUBE-SERVICES leads to no KUBE-SVC chain, as in ipvs mode');
  const kubelets = names.some((name) => name.startsWith('KUBE-')) || hasChain(ruleset, 'filter', 'KUBE-FIREWALL');
  const rest = kubelets ? 'it has the kubelet’s chains only' : 'it has no chain of kube-proxy';
  return not(
    `${rest}: kube-proxy runs in another mode (nftables), another program serves Services, or kube-proxy wrote no rules, and no Service is served`,
  );
}

function not(reason: string): DumpMode {
  return { kind: 'notIptablesMode', reason };
}
