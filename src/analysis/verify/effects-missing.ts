import type { ExpectedRule, RuleCode } from '../../expected/types.ts';
import type { Balance } from './balance.ts';
import { missingHook } from './effects-hooks.ts';
import type { Effect, Finding } from './finding.ts';
import { error, info, warning } from './finding.ts';
import { conditionsOf } from './form.ts';
import { destinationOf, portOf, sourceOf, targetOf } from './line-parts.ts';
import { callEndpoint, type PortFacts, throughChain } from './port-facts.ts';

/** What the words about one rule are made of. */
export interface Scene {
  readonly chain: string;
  readonly chainIs: 'present' | 'empty' | 'gone';
  readonly balance: Balance | null;
  /** Null for static rules. */
  readonly facts: PortFacts | null;
  /** Policy of filter FORWARD and INPUT. */
  readonly forwardPolicy: string | null;
  readonly inputPolicy: string | null;
  /** All that was found in the chain. */
  readonly findings: readonly Finding[];
}

/** What follows where the rule is not there. */
export function effectOfMissing(rule: ExpectedRule, scene: Scene): Effect {
  return consequence(rule, scene) ?? EFFECTS[rule.code](rule, scene);
}

/** A rule on the way to another one that is missing, too, has nothing more to say. */
function consequence({ code }: ExpectedRule, { findings }: Scene): Effect | null {
  const isGone = (end: string): boolean => findings.some((finding) => finding.kind === 'missing' && finding.expected.code === end);
  const cause = LEADS_TO.find(([codes, end]) => codes.has(code) && isGone(end));
  return cause === undefined ? null : info(`nothing more: ${cause[2]} is missing, too`);
}

const LEADS_TO: readonly (readonly [codes: ReadonlySet<string>, end: string, what: string])[] = [
  [new Set(['postrouting-return', 'postrouting-clear-mark']), 'postrouting-masquerade', 'the rule that masquerades'],
  [new Set(['hairpin']), 'dnat', 'the rule that translates'],
];

type Say = (rule: ExpectedRule, scene: Scene) => Effect;

const PAST = 'answers of endpoints on other nodes go past this node, and the connection hangs unless another rule masquerades it';

const EFFECTS: Readonly<Record<RuleCode, Say>> = {
  'cluster-ip-jump': (rule) => error(`pods and processes of this node get no connection to clusterIP ${goal(rule)}: nothing translates it`),
  'external-ip-jump': (rule) => error(`traffic to external IP ${goal(rule)} is not delivered by this node`),
  'load-balancer-jump': (rule) => error(`traffic to load balancer IP ${goal(rule)} is not delivered by this node`),
  'node-port-jump': (rule) =>
    error(`clients of node port ${portOf(rule.line)} are not delivered on this node: the host itself answers them`),
  'node-port-localhost-jump': () => info('nothing: only a counter is missing'),
  'reject-no-endpoints': (rule) => warning(`clients of ${goal(rule)} are not refused at once: ${untaken(rule)}`),
  'drop-no-local-endpoints': (rule) =>
    warning(`packets to ${goal(rule)} are not dropped on this node, which has no local endpoint: ${untaken(rule)}`),
  'mark-drop-no-local-endpoints': (_rule, scene) =>
    warning(`packets to ${doors(scene)} are not marked for dropping, though no endpoint is on this node: they go on untranslated`),
  'drop-outside-source-ranges': (rule) =>
    warning(
      `clients outside loadBalancerSourceRanges are not dropped at ${goal(rule)}: their packets go on untranslated, and meet the host where the address is its own`,
    ),
  'mark-drop-outside-source-ranges': (_rule, scene) =>
    warning(`clients outside loadBalancerSourceRanges are not marked for dropping at ${doors(scene)}: their packets go on untranslated`),
  'source-range': (rule, scene) => error(`clients in ${network(rule)} are kept out of ${doors(scene)}`),
  'source-range-own-vip': (rule) => warning(`the node itself is kept out of ${network(rule)} where that address is its own`),
  'source-range-note': () => info('nothing: it is a note'),
  'unrestricted-jump': (_rule, scene) => error(`traffic to ${doors(scene)} is not delivered by this node`),
  'health-check-accept': (rule, { inputPolicy }) =>
    inputPolicy === 'ACCEPT'
      ? info(`health checks on port ${portOf(rule.line)} pass only as long as no other rule of INPUT drops them`)
      : warning(`health checks on port ${portOf(rule.line)} may be dropped: a load balancer then takes this node for unfit`),
  'masquerade-cluster-ip': (rule, scene) =>
    ifDelivered(
      scene,
      warning(`outsiders that are routed to clusterIP ${goal(rule)} are not masqueraded: ${PAST}; endpoints see unmasqueraded sources`),
    ),
  'masquerade-external': (_rule, scene) => ifDelivered(scene, error(`clients of ${doors(scene)} are not masqueraded: ${PAST}`)),
  'masquerade-external-ip': (rule) => error(`clients of external IP ${goal(rule)} are not masqueraded: ${PAST}`),
  'masquerade-load-balancer': (_rule, scene) => error(`clients of ${doors(scene)} are not masqueraded: ${PAST}`),
  'masquerade-node-port': (rule) => error(`clients of node port ${portOf(rule.line)} are not masqueraded: ${PAST}`),
  'masquerade-localhost': (rule) => warning(`clients on 127.0.0.1 of this node get no answer from node port ${portOf(rule.line)}`),
  'masquerade-local': (_rule, scene) =>
    ifDelivered(
      scene,
      warning(
        `processes of this node that ask ${doors(scene)} are not masqueraded: those on 127.0.0.1 or with that address as source get no answer`,
      ),
    ),
  'pod-short-circuit': (_rule, scene) => shortCircuit('pods that ask', 'through this node', scene),
  'node-short-circuit': (_rule, scene) => shortCircuit('processes of this node that ask', '', scene),
  'policy-jump': (_rule, scene) =>
    scene.facts?.categories.externalLocal === true
      ? error(`outside clients of ${doors(scene)} are not delivered on this node`)
      : error(`clients of ${doors(scene)} are not delivered through this node`),
  affinity: (rule, scene) => warning(`a client that ${endpointBehind(rule, scene)} served lately may be sent to another endpoint`),
  balance: missingBalance,
  hairpin: (_rule, scene) => warning(`${ownEndpoint(scene)} gets no answer when it asks the Service and is sent to itself`),
  dnat: missingDnat,
  hook: missingHook,
  'all-node-ports': (rule) => {
    const address = destinationOf(rule.line);
    return error(`no node port of any Service is served on ${address === null ? 'this node' : `address ${address} of this node`}`);
  },
  'postrouting-return': () =>
    error('everything that this node sends or forwards is masqueraded, marked or not: endpoints see no client address'),
  'postrouting-clear-mark': () => warning('packets keep the mark when they are encapsulated, and may be masqueraded a second time'),
  'postrouting-masquerade': () => error(`traffic that should be masqueraded keeps its source: ${PAST}`),
  'mark-masquerade': () => error(`nothing is marked for masquerading: ${PAST}; pods cannot reach themselves through a Service`),
  'mark-drop': () => warning('what has no local endpoint, or comes from outside the source ranges, is not dropped'),
  'drop-marked': () => warning('what is marked for dropping is not dropped'),
  'localnet-guard': () => warning('neighbours on the network can reach what listens on 127.0.0.1 of this node'),
  'forward-invalid': () => warning('answers that belong to no connection are forwarded untranslated: clients may reset their connections'),
  'forward-marked': (_rule, { forwardPolicy }) => unaccepted('masqueraded requests', forwardPolicy),
  'forward-established': (_rule, { forwardPolicy }) => unaccepted('answers, and all but the first packets of connections,', forwardPolicy),
};

function unaccepted(what: string, policy: string | null): Effect {
  if (policy === 'DROP') return error(`${what} are dropped by the policy of FORWARD, unless another rule accepts them`);
  return info(`nothing while the policy of FORWARD is ACCEPT and no rule drops; else ${what} would be lost`);
}

/** What a chain without DNAT sends back goes on to the rules behind it, and behind the last one there is none. */
function missingDnat(_rule: ExpectedRule, scene: Scene): Effect {
  const { facts, chain } = scene;
  const lists = facts === null ? [] : [facts.categories.cluster, facts.categories.local];
  const own = facts?.endpoints.get(chain);
  const last = own === undefined ? undefined : lists.find((list) => list.at(-1) === own);
  const nothing = `${ownEndpoint(scene)} gets no new connections`;
  if (last === undefined) return error(`${nothing}: what is sent to its chain goes on to the endpoints behind it`);
  return error(
    `${nothing}: its chain translates nothing, and ${last.length === 1 ? 'all' : `1 in ${last.length}`} of them ${last.length === 1 ? 'are' : 'is'} not delivered`,
  );
}

function missingBalance(rule: ExpectedRule, scene: Scene): Effect {
  const { balance, chain, facts } = scene;
  const who = endpointBehind(rule, scene);
  const comes = facts === null ? `what comes to ${chain}` : `traffic to ${throughChain(chain, facts)}`;
  if (scene.chainIs !== 'present') return error(`${comes} is not delivered: its chain has no rules`);
  const lost = balance === null ? 0 : balance.unserved;
  if (lost > 0.999) return error(`${comes} is not delivered: no rule picks an endpoint`);
  const fate = lost > 0.001 ? `${percent(lost)} of new connections find no endpoint and are not delivered` : 'the others take its share';
  return lost > 0.001 ? error(`${who} gets no new connections: ${fate}`) : warning(`${who} gets no new connections: ${fate}`);
}

export function percent(share: number): string {
  const value = share * 100;
  return `${Number(value.toFixed(value < 10 ? 1 : 0))} %`;
}

/** `10.96.0.10:80`, or `node port 30080`. */
function goal({ line }: ExpectedRule): string {
  const address = destinationOf(line);
  const port = portOf(line);
  if (address === null) return `node port ${port}`;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function untaken({ line }: ExpectedRule): string {
  return destinationOf(line) === null
    ? 'the host itself answers what is not translated'
    : 'what is not translated is routed on, and clients hang';
}

function network({ line }: ExpectedRule): string {
  return sourceOf(line)?.replace('-s ', '') ?? 'any network';
}

export function doors({ facts, chain }: Scene): string {
  return facts === null ? chain : throughChain(chain, facts);
}

function shortCircuit(who: string, where: string, scene: Scene): Effect {
  const subject = `${who} ${doors(scene)}${where === '' ? '' : ` ${where}`}`;
  if (scene.chainIs !== 'present') return error(`${subject} are not delivered`);
  if (isForAll(scene, 'pod-short-circuit')) return info('nothing more: everybody is sent to endpoints on all nodes');
  return error(`${subject} count as outside clients: ${onlyLocal(scene)}`);
}

/** A rule that should be for some clients stands without that condition. */
export function isForAll({ findings }: Scene, code: RuleCode): boolean {
  return findings.some(
    (finding) => finding.kind === 'changed' && finding.expected.code === code && conditionsOf(finding.observed.spec) === '',
  );
}

/** What a chain without rules does not deliver is not masqueraded wrongly either. */
function ifDelivered({ chainIs }: Scene, effect: Effect): Effect {
  return chainIs === 'present' ? effect : info('nothing more: its chain delivers nothing');
}

export function onlyLocal({ facts }: Scene): string {
  return facts !== null && facts.categories.local.length > 0
    ? 'they reach endpoints on this node only'
    : 'they are dropped, since no endpoint is on this node';
}

/** The endpoint whose chain a rule leads to. */
export function endpointBehind({ line }: { readonly line: string }, { facts }: Pick<Scene, 'facts'>): string {
  return callBy(targetOf(line), facts);
}

/** The endpoint whose chain this is. */
export function ownEndpoint({ chain, facts }: Pick<Scene, 'chain' | 'facts'>): string {
  return callBy(chain, facts);
}

function callBy(chain: string, facts: PortFacts | null): string {
  const endpoint = facts?.endpoints.get(chain);
  return endpoint === undefined ? `the endpoint of ${chain}` : `endpoint ${callEndpoint(endpoint)}`;
}
