import type { Kind } from '../cluster/objects.ts';
import type { FlowClaim } from './claims.ts';
import type { FindingId } from './codes.ts';
import type { ClusterScene, ServiceScene } from './scene.ts';

/**
 * How to add a rule
 *
 * 1. Its id and code stand in codes.ts already; codes are never changed, reused or moved.
 * 2. One file a rule, `FOLDER/SIPnnn-the-id.ts` (drop 1xx, hairpin 1xx, source 2xx, drift 3xx, gap 9xx), which exports one
 *    `defineServiceRule({...})` (once per Service) or `defineClusterRule({...})` (once per cluster: nodes, kube-proxy's configuration).
 *    `detect` finds facts and writes no prose; `tell` puts one fact into words: what (message), why, and what next (remedy, with a
 *    command that can be copied: names through `kubectlOn` and `shellWord`). Neither awaits, prints or looks at a clock.
 * 3. `needs` are kinds without which `detect` could mistake absence of evidence for evidence of absence: when the cluster's objects of that
 *    kind were not all read, the rule is reported as not checked. What merely helps is asked for with `scene.has(kind)`.
 *    `needsRules` says the same of the nodes' own rules (--rules, or a snapshot that holds them).
 * 4. `foldsUnder` are ids whose finding about the same Service (or cluster) is the cause of this one, and so silences it.
 * 5. A fact with confidence `hint` never becomes an error; nor does any fact where the data plane is not known (unless `anyDataplane`).
 * 6. Work must not grow with Services × nodes: look at `slots` (endpoints) first and leave early; eligible nodes are shared (`balancer`).
 * 7. A rule that says what becomes of packets (dropped, refused, unanswered, masqueraded) says it a second time in `claims`, of which
 *    recorded kernel outcomes are the judge; a rule without claims stands, with the reason, in test/findings/no-claims.ts.
 * 8. Add the rule to the list in its folder's `rules.ts`, a firing test and a silent test per trap in test/findings/FOLDER/, and run
 *    `node scripts/run-ts.mjs scripts/generate-findings-docs.ts --write`, which makes docs/findings/SIPnnn.md; write its body by hand.
 */

export type Severity = 'error' | 'warning' | 'info';

/** observed: seen on a node or in a status; derived: follows from objects and the data plane's algorithm; hint: an annotation or a name alone. */
export type Confidence = 'observed' | 'derived' | 'hint';

export interface ObjectRef {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** Something that a rule found. Rules add what they need to tell it. */
export interface Fact {
  /** Default: the rule's. */
  readonly severity?: Severity;
  /** Default: derived. */
  readonly confidence?: Confidence;
  /** What else it is about, beside the Service. */
  readonly objects?: readonly ObjectRef[];
  /** The field that decides it, as a path in the Service's manifest: `spec.externalTrafficPolicy`. */
  readonly field?: string;
  /** Tells apart several facts of one rule about one Service over time: a port's name, a host. Never an address or a node that comes and goes. */
  readonly key?: string;
}

/** One fact in words. */
export interface Telling {
  readonly message: string;
  readonly why: string;
  readonly remedy: string;
}

interface RuleBase {
  readonly id: FindingId;
  /** What it means in general, in a few words without a full stop; the heading of its documentation. */
  readonly title: string;
  readonly severity: Severity;
  /** Kinds of which every object has to be known. Services and Nodes always are. */
  readonly needs: readonly Kind[];
  readonly foldsUnder?: readonly FindingId[];
  /** It looks at what nodes printed (`read`), or at how that differs from what kube-proxy should have written (`compared`); without it is not checked. */
  readonly needsRules?: 'read' | 'compared';
  /** It holds whatever the data plane is. */
  readonly anyDataplane?: boolean;
}

interface Claiming {
  /** Whether it ever says what becomes of packets. */
  readonly isClaiming: boolean;
}

interface ServiceRuleOf<F extends Fact> extends RuleBase {
  /** Also asked for Services that no service proxy handles (headless, ExternalName). */
  readonly unproxied?: boolean;
  detect(scene: ServiceScene): readonly F[];
  /** What it leaves out of one Service although everything was read that it needs; null: nothing. `all`: it need not be asked. */
  leavesOut?(scene: ServiceScene): { readonly why: string; readonly all: boolean } | null;
  tell(fact: F, scene: ServiceScene): Telling;
  /** What a fact says of packets; not asked for outside tests, so it may be slow. */
  claims?(fact: F, scene: ServiceScene): readonly FlowClaim[];
}

interface ClusterRuleOf<F extends Fact> extends RuleBase {
  readonly about: 'node' | 'cluster';
  detect(scene: ClusterScene): readonly F[];
  tell(fact: F, scene: ClusterScene): Telling;
  /** As those of a rule about Services. */
  claims?(fact: F, scene: ClusterScene): readonly FlowClaim[];
}

/** A fact and its words. */
export interface Told {
  readonly fact: Fact;
  readonly telling: Telling;
  readonly claims: () => readonly FlowClaim[];
}

/** A rule as the engine runs it: detection and wording joined, so that the type of its facts is its own matter. */
export interface ServiceRule extends RuleBase, Claiming {
  readonly about: 'service';
  readonly unproxied?: boolean;
  leavesOut?(scene: ServiceScene): { readonly why: string; readonly all: boolean } | null;
  run(scene: ServiceScene): readonly Told[];
}

export interface ClusterRule extends RuleBase, Claiming {
  readonly about: 'node' | 'cluster';
  run(scene: ClusterScene): readonly Told[];
}

export type Rule = ServiceRule | ClusterRule;

export function defineServiceRule<F extends Fact>(rule: ServiceRuleOf<F>): ServiceRule {
  return { ...rule, about: 'service', isClaiming: rule.claims !== undefined, run: (scene) => rule.detect(scene).map(telling(rule, scene)) };
}

export function defineClusterRule<F extends Fact>(rule: ClusterRuleOf<F>): ClusterRule {
  return { ...rule, isClaiming: rule.claims !== undefined, run: (scene) => rule.detect(scene).map(telling(rule, scene)) };
}

interface Speaking<F, S> {
  tell(fact: F, scene: S): Telling;
  claims?(fact: F, scene: S): readonly FlowClaim[];
}

function telling<F extends Fact, S>(rule: Speaking<F, S>, scene: S): (fact: F) => Told {
  return (fact) => ({ fact, telling: rule.tell(fact, scene), claims: () => rule.claims?.(fact, scene) ?? [] });
}
