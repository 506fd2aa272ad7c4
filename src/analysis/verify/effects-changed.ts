import { doors, effectOfMissing, endpointBehind, isForAll, onlyLocal, ownEndpoint, percent, type Scene } from './effects-missing.ts';
import type { Effect, Finding } from './finding.ts';
import { error, warning } from './finding.ts';
import { conditionsOf, formOf, specOf, targetFormOf, targetText } from './form.ts';
import { dnatOf, probabilityOf, sourceOf, targetOf } from './line-parts.ts';

type Changed = Extract<Finding, { kind: 'changed' }>;

/** What follows where a rule stands that should read otherwise. */
export function effectOfChanged(finding: Changed, scene: Scene): Effect {
  if (finding.how === 'share') return changedShare(finding, scene);
  if (finding.how === 'late' || finding.how === 'early') return wrongPlace(finding, scene);
  return SPECIAL[finding.expected.code]?.(finding, scene) ?? changedContent(finding, scene);
}

function changedShare({ expected, observed }: Changed, scene: Scene): Effect {
  const { balance } = scene;
  const who = endpointBehind(expected, scene);
  const count = balance === null ? 0 : balance.shares.size;
  const gets = balance?.shares.get(targetOf(expected.line)) ?? probabilityOf(observed.line);
  const lost = balance?.unserved ?? 0;
  const shares = `${who} gets ${percent(gets)} of new connections instead of ${percent(count > 0 ? 1 / count : 1)}`;
  return lost > 0.001 ? error(`${shares}, and ${percent(lost)} find no endpoint and are not delivered`) : warning(shares);
}

const NODE_PORTS_FIRST =
  'node ports are asked before the Services whose rules stand behind it: where their address is one of the node and a node port has the same number, the wrong Service answers';

function wrongPlace(finding: Extract<Changed, { how: 'late' | 'early' }>, scene: Scene): Effect {
  const { how, expected, other } = finding;
  if (expected.code === 'all-node-ports') return warning(NODE_PORTS_FIRST);
  const lost = effectOfMissing(how === 'late' ? expected : other, scene);
  const place =
    how === 'late'
      ? `stands behind a rule that takes its packets (${other.meaning})`
      : `takes the packets of a rule that should come first (${other.meaning})`;
  return { effect: `${place}: ${lost.effect}`, severity: lost.severity };
}

function changedContent({ expected, observed }: Changed, scene: Scene): Effect {
  const lost = effectOfMissing(expected, scene);
  const [wanted, found] = [specOf(expected), observed.spec];
  const otherTarget = targetFormOf(wanted) !== targetFormOf(found);
  if (otherTarget && conditionsOf(wanted) === conditionsOf(found)) {
    return {
      effect: `its packets meet ${targetText(found) || 'nothing'} instead of ${targetText(wanted) || 'nothing'}: ${lost.effect}`,
      severity: lost.severity,
    };
  }
  const also = otherTarget ? `, and leads to ${targetText(found) || 'nothing'} instead of ${targetText(wanted)}` : '';
  return { effect: `it matches other packets than it should${also}; for the rest, ${lost.effect}`, severity: lost.severity };
}

const SPECIAL: Readonly<Partial<Record<string, (finding: Changed, scene: Scene) => Effect | null>>> = {
  dnat: ({ expected, observed }, scene) => {
    const [wanted, found] = [dnatOf(expected.line), dnatOf(observed.line)];
    if (wanted === null || found === null) return null;
    if (wanted === found) return isForgetful(expected, observed) ? forgetful(scene) : null;
    const listed = [...(scene.facts?.endpoints.values() ?? [])].some(
      ({ address, port }) => found === `${address}:${port}` || found === `[${address}]:${port}`,
    );
    return error(`what is sent to ${ownEndpoint(scene)} goes to ${found}${listed ? '' : ', which no EndpointSlice of the Service lists'}`);
  },
  'mark-masquerade': ({ expected, observed }) =>
    error(
      `${targetText(observed)} is not what KUBE-POSTROUTING asks for (${targetText(specOf(expected))}): nothing is masqueraded by it, and answers of endpoints on other nodes go past this node unless another rule masquerades`,
    ),
  'postrouting-return': ({ observed }) =>
    observed.spec.target.kind === 'verdict' && observed.spec.target.verdict === 'RETURN'
      ? error('it asks for another mark than KUBE-MARK-MASQ sets: what should be masqueraded keeps its source')
      : null,
  'source-range': ({ expected, observed }, scene) => {
    const [wanted, found] = [sourceOf(expected.line), sourceOf(observed.line)];
    if (wanted === found || targetOf(expected.line) !== targetOf(observed.line)) return null;
    const lost = effectOfMissing(expected, scene);
    return {
      effect: `clients in ${found?.replace('-s ', '') ?? 'all networks'} are let in instead; ${lost.effect}`,
      severity: lost.severity,
    };
  },
  'masquerade-cluster-ip': ({ expected, observed }) => {
    const [wanted, found] = [clientsOf(expected.line), clientsOf(observed.line)];
    if (wanted === found || targetOf(expected.line) !== targetOf(observed.line)) return null;
    const who =
      found === '' ? 'whoever asks the clusterIP is masqueraded' : `what it masquerades is told by "${found}" instead of "${wanted}"`;
    return warning(
      `it matches other packets than it should: ${who}; of pods that count as outsiders now, endpoints see an address of this node`,
    );
  },
  'masquerade-local': (_finding, scene) =>
    isForAll(scene, 'masquerade-local')
      ? error(`clients of ${doors(scene)} are masqueraded, wherever they are: endpoints see an address of this node instead of theirs`)
      : null,
  'pod-short-circuit': ({ expected, observed }, scene) => {
    const [wanted, found] = [clientsOf(expected.line), clientsOf(observed.line)];
    if (wanted === found || targetOf(expected.line) !== targetOf(observed.line)) return null;
    if (isForAll(scene, 'masquerade-local'))
      return error(
        `outside clients of ${doors(scene)} are masqueraded and reach endpoints on all nodes, as with externalTrafficPolicy Cluster`,
      );
    const clients = found === '' ? 'outside clients' : `clients with "${found}"`;
    const others = found === '' ? '' : `; other pods count as outside clients: ${onlyLocal(scene)}`;
    return error(
      `${clients} of ${doors(scene)} are treated like pods: they reach endpoints on all nodes, not masqueraded, and answers of those on other nodes go past this node${others}`,
    );
  },
  'policy-jump': ({ observed }, scene) => otherPolicy(targetOf(observed.line), scene),
  'cluster-ip-jump': ({ expected, observed }, scene) => otherChain(expected.line, observed.line, scene),
  'external-ip-jump': ({ expected, observed }, scene) => otherChain(expected.line, observed.line, scene),
  'load-balancer-jump': ({ expected, observed }, scene) => otherChain(expected.line, observed.line, scene),
  'node-port-jump': ({ expected, observed }, scene) => otherChain(expected.line, observed.line, scene),
};

/** By which clients are told apart: the source network or the device. */
function clientsOf(line: string): string {
  return sourceOf(line) ?? /(?<device>(?:! )?-i \S+)/.exec(line)?.groups?.['device'] ?? '';
}

/** The rule does what it should, but does not write down for whom. */
function isForgetful(expected: Changed['expected'], observed: Changed['observed']): boolean {
  const rest = { ...specOf(expected), matches: specOf(expected).matches.filter((match) => match.kind !== 'recent') };
  return rest.matches.length < specOf(expected).matches.length && formOf(rest) === formOf(observed.spec);
}

function forgetful(scene: Scene): Effect {
  return warning(`clients that ${ownEndpoint(scene)} serves are not remembered: session affinity does not bring them back to it`);
}

/** EXT leads to the other policy's chain. */
function otherPolicy(target: string, { facts }: Scene): Effect | null {
  if (facts === null || !target.endsWith(facts.hash)) return null;
  if (target.startsWith('KUBE-SVC-')) {
    return error(
      'outside clients reach endpoints on all nodes, not masqueraded: answers of those on other nodes go past this node, and the connection hangs',
    );
  }
  return target.startsWith('KUBE-SVL-') ? error('clients reach endpoints on this node only, as with externalTrafficPolicy Local') : null;
}

/** The entrance leads to another Service, or past a chain of its own. */
function otherChain(wanted: string, found: string, { facts }: Scene): Effect | null {
  const [right, wrong] = [targetOf(wanted), targetOf(found)];
  if (facts === null || right === wrong || !/^KUBE-(?:SVC|SVL|EXT|FW|XLB)-/.test(wrong)) return null;
  if (!wrong.endsWith(facts.hash)) return error(`its traffic goes to ${wrong}, a chain of another service port`);
  const skipped = right.startsWith('KUBE-FW-') ? ': loadBalancerSourceRanges are not asked' : '';
  return error(`its traffic goes to ${wrong} instead of ${right}${skipped}: another policy decides about endpoints and masquerading`);
}
