import type { Endpoint } from '../../../cluster/model.ts';
import type { NftPort } from '../../../expected/nftables.ts';
import { hostPort } from '../../../net/ip.ts';
import type { NftLine } from '../../../netfilter/nft/types.ts';
import type { RuleDifference } from '../types.ts';
import { choicesIn } from './observe.ts';
import { difference, nameIn, type Scene } from './scene.ts';

/** The endpoints that the chains of a service port lead to. */
export function choiceDifferences(scene: Scene, port: NftPort): readonly RuleDifference[] {
  return port.choices.flatMap(({ chain, kind, endpoints }) => {
    const observed = choicesIn(scene.table, nameIn(scene, chain));
    const wanted = new Map(endpoints.map((endpoint) => [hostPort(endpoint.address, endpoint.port), endpoint]));
    const held = new Set(observed.map(({ endpoint }) => endpoint));
    const missing = [...wanted].filter(([address]) => !held.has(address));
    const strangers = observed.filter(
      ({ endpoint }, at) => !wanted.has(endpoint) && observed.findIndex((one) => one.endpoint === endpoint) === at,
    );
    return [
      ...missing.map(([address, endpoint]) =>
        missingEndpoint(scene, { port, chain, address, endpoint, alone: missing.length === wanted.size }),
      ),
      ...strangers.map(({ endpoint, rule }) => strangeEndpoint(scene, { port, chain, kind, endpoint, rule })),
    ];
  });
}

interface Missing {
  readonly port: NftPort;
  readonly chain: string;
  readonly address: string;
  readonly endpoint: Endpoint;
  /** No endpoint that should be there is. */
  readonly alone: boolean;
}

function missingEndpoint(scene: Scene, { port, chain, address, endpoint, alone }: Missing): RuleDifference {
  const name = endpoint.pod === null ? address : `${endpoint.pod.name} (${address})`;
  return difference(scene, {
    kind: 'missing',
    chain,
    line: `dnat to ${address}`,
    code: 'balance',
    port: port.port,
    meaning: `sends its share to ${name}`,
    effect: alone ? 'none of the endpoints that should be used gets traffic from this node' : `${name} gets no traffic from this node`,
    severity: alone ? 'error' : 'warning',
  });
}

interface Strange {
  readonly port: NftPort;
  readonly chain: string;
  readonly kind: 'service' | 'local';
  readonly endpoint: string;
  readonly rule: NftLine;
}

function strangeEndpoint(scene: Scene, { port, chain, kind, endpoint, rule }: Strange): RuleDifference {
  const listed = port.listed.some(({ address, port: number }) => hostPort(address, number) === endpoint);
  return difference(scene, {
    kind: 'unexpected',
    chain,
    line: rule.line,
    lineNumber: rule.lineNumber,
    code: listed ? 'unused-endpoint' : 'stale-endpoint',
    port: port.port,
    meaning: `sends its share to ${endpoint}`,
    effect: !listed
      ? `a share of the connections goes to ${endpoint}, which is no endpoint of the Service: they time out, or somebody else answers`
      : kind === 'local'
        ? `a share of the connections goes to ${endpoint}, which is not a usable endpoint of this node, without being masqueraded: the answers may not find back`
        : `a share of the connections goes to ${endpoint}, which should not be used now`,
    severity: 'error',
  });
}
