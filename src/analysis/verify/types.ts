import type { Gap } from '../../cluster/evidence.ts';
import type { Cluster, Node } from '../../cluster/model.ts';
import type { DataplaneClass, ProxyConfig } from '../../dataplane/types.ts';
import type { Dialect, RuleCode } from '../../expected/types.ts';
import type { Family } from '../../net/ip.ts';
import type { RulesetIndex } from './ruleset-index.ts';

/** error: traffic goes another way; warning: some traffic may, or a protection is gone; info: nothing follows as far as the rules show. */
export type Severity = 'error' | 'warning' | 'info';

/** What a difference is about: the purpose of the expected rule, or the kind of an unexpected one. */
export type DifferenceCode =
  | RuleCode
  /** Leads to an endpoint that no EndpointSlice lists. */
  | 'stale-endpoint'
  /** Leads to an endpoint of the Service that should not be used here: not ready, of another node, of another zone. */
  | 'unused-endpoint'
  /** A second rule for an endpoint, which takes more than its share. */
  | 'duplicate'
  /** A rule of kube-proxy's making that should not stand (no longer). */
  | 'outdated-rule'
  /** A rule in kube-proxy's chains that kube-proxy never writes. */
  | 'stray-rule'
  /** A jump into kube-proxy's chains that its version does not have. */
  | 'stray-hook'
  /** A chain that should be declared. */
  | 'chain';

/** One rule that is not as it should be. */
export interface RuleDifference {
  readonly kind: 'missing' | 'unexpected' | 'changed';
  readonly table: string;
  readonly chain: string;
  /** As the node printed it; of a missing rule, as it should stand. */
  readonly line: string;
  /** Where the line stands in the dump; null for a missing rule. */
  readonly lineNumber: number | null;
  /** How a changed rule should read; null for the other kinds. */
  readonly expected: string | null;
  readonly code: DifferenceCode;
  /** `ns/name:port` of the service port; null for rules that serve all Services. */
  readonly port: string | null;
  /** What the rule is for. */
  readonly meaning: string;
  /** What the difference does to traffic. */
  readonly effect: string;
  readonly severity: Severity;
  /** The whole chain is without rules, or not there at all. */
  readonly chainIs: 'present' | 'empty' | 'gone';
}

/** What a foreign rule does to packets of the Service. */
export type ForeignAct =
  | 'drops'
  | 'skips-kube-proxy'
  | 'skips-refusals'
  | 'redirects'
  | 'rewrites-source'
  | 'sets-masquerade-mark'
  | 'clears-masquerade-mark'
  | 'disables-nat'
  | 'policy-drops'
  /** Chains of a policy engine, or a target that cannot be judged. */
  | 'may-drop';

/** A rule of somebody else that can take packets of the Service away from kube-proxy's rules. */
export interface ForeignRule {
  readonly act: ForeignAct;
  readonly table: string;
  /** The built-in chain through which packets come to it. */
  readonly hook: string;
  readonly chain: string;
  /** As the node printed it; for a policy, the chain's declaration. */
  readonly line: string;
  readonly lineNumber: number | null;
  /** The jumps that lead to it, outermost first. */
  readonly through: readonly string[];
  /** Whose rules these are, where the names of chains tell: `docker`, `Calico`, `flannel`… */
  readonly writer: string | null;
  /** certain: some of the Service's packets surely match; possible: conditions that cannot be decided here. */
  readonly match: 'certain' | 'possible';
  /** Why it matters. */
  readonly why: string;
  readonly severity: Severity;
}

/** One setting of kube-proxy and where its value comes from. */
export interface SettingUsed {
  readonly name: 'version' | 'detector' | 'masqueradeAll' | 'masqueradeBit' | 'nodePortAddresses' | 'localhostNodePorts';
  readonly value: string;
  readonly from: 'dump' | 'api' | 'assumed';
  /** What the API says where the dump says otherwise; null: no contradiction. */
  readonly contradicts: string | null;
  /** What follows for traffic from a contradiction. */
  readonly effect?: string;
  /** The line of the dump that shows it. */
  readonly shownBy: string | null;
}

/** Whether rules are those of kube-proxy's iptables mode, or of its nftables mode. */
export type DumpMode =
  | { readonly kind: 'iptables' }
  | { readonly kind: 'nftables' }
  | { readonly kind: 'notIptablesMode'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** One node's rules of one family against what kube-proxy should have written. */
export interface RuleDifferences {
  readonly node: string;
  readonly family: Family;
  /** `ns/name`; null for the part that serves all Services. */
  readonly service: string | null;
  readonly mode: DumpMode;
  readonly settings: readonly SettingUsed[];
  readonly missing: readonly RuleDifference[];
  readonly unexpected: readonly RuleDifference[];
  readonly changed: readonly RuleDifference[];
  readonly foreign: readonly ForeignRule[];
  /** What could not be compared, and why. */
  readonly gaps: readonly Gap[];
}

/** One proxier and the dump of its node. */
export interface NodeRules {
  readonly node: Node;
  /** As the API shows it; what the dump shows may win. */
  readonly config: ProxyConfig;
  /** How sure `config` is; assumed where not given. */
  readonly confidence?: DataplaneClass['confidence'];
  readonly family: Family;
  readonly cluster: Cluster;
  readonly observed: RulesetIndex;
  readonly dialect?: Partial<Dialect>;
}
