import type { NftElement, NftMap, NftPort } from '../../../expected/nftables.ts';
import type { RuleDifference } from '../types.ts';
import { elementsIn } from './observe.ts';
import { difference, type Scene } from './scene.ts';

const MAPS: readonly NftMap[] = ['service-ips', 'service-nodeports', 'no-endpoint-services', 'no-endpoint-nodeports', 'firewall-ips'];

const printed = (key: string, verdict: string): string => `${key} : ${verdict}`;

/** One element that should stand, against the one that does. */
export function elementDifference(scene: Scene, element: NftElement): readonly RuleDifference[] {
  const { map, key, verdict, code, meaning, port } = element;
  const found = elementsIn(scene.table, map).get(key);
  if (found !== undefined && (meansTheSame(found, verdict) || isShared(scene, key))) return [];
  const about = { chain: `@${map}`, code, port, meaning };
  const isRefusal = map.startsWith('no-endpoint');
  if (found === undefined)
    return [
      difference(scene, {
        ...about,
        kind: 'missing',
        line: printed(key, verdict),
        effect: MISSING[map],
        severity: isRefusal ? 'warning' : 'error',
      }),
    ];
  const effect = isRefusal
    ? `clients are ${found === 'drop' ? 'dropped' : 'rejected'}, where they should be ${verdict === 'drop' ? 'dropped' : 'rejected'}`
    : `packets go to ${found.replace('goto ', '')} instead of ${verdict.replace('goto ', '')}`;
  return [
    difference(scene, {
      ...about,
      kind: 'changed',
      line: printed(key, found),
      expected: printed(key, verdict),
      effect,
      severity: isRefusal ? 'warning' : 'error',
    }),
  ];
}

const MISSING: Readonly<Record<NftMap, string>> = {
  'service-ips': 'traffic to this address is not translated by this node',
  'service-nodeports': 'clients of this node port are not delivered on this node: the host itself answers them',
  'no-endpoint-services': 'clients are not refused, though no endpoint may answer them here: their packets go on untranslated',
  'no-endpoint-nodeports': 'clients are not refused, though no endpoint may answer them here: the host itself answers them',
  'firewall-ips': 'clients outside loadBalancerSourceRanges are not dropped',
};

/** kube-proxy cuts long names; what is left must still be the same. */
function meansTheSame(found: string, wanted: string): boolean {
  return found === wanted || (wanted.endsWith('...') && found.startsWith(wanted.slice(0, -3)));
}

/** Elements that are the Service's by the chain that they lead to, or by its addresses, and should not stand. */
export function leftovers(scene: Scene, ports: readonly NftPort[]): readonly RuleDifference[] {
  const expected = new Set(ports.flatMap(({ elements, optional }) => [...elements.map(({ map, key }) => `${map} ${key}`), ...optional]));
  const { service } = scene;
  const own = `-${service.namespace}/${service.name}/`;
  const addresses = new Map(ports.flatMap(({ elements, port }) => elements.map(({ key }) => [key, port] as const)));
  return MAPS.flatMap((map) =>
    [...elementsIn(scene.table, map)].flatMap(([key, verdict]) => {
      const isRefusal = map.startsWith('no-endpoint');
      const mine = isRefusal ? addresses.has(key) && !isShared(scene, key) : verdict.includes(own);
      if (!mine || expected.has(`${map} ${key}`)) return [];
      return [
        difference(scene, {
          kind: 'unexpected',
          chain: `@${map}`,
          line: printed(key, verdict),
          code: isRefusal ? (verdict === 'drop' ? 'drop-no-local-endpoints' : 'reject-no-endpoints') : 'outdated-rule',
          port: addresses.get(key) ?? ports[0]?.port ?? null,
          meaning: isRefusal ? 'refuses clients for want of endpoints' : 'takes traffic for the Service',
          effect: isRefusal
            ? `clients are ${verdict === 'drop' ? 'dropped' : 'rejected'}, though there are endpoints that could answer`
            : 'this node still serves an address or a port that the Service does not have',
          severity: isRefusal ? 'error' : 'warning',
        }),
      ];
    }),
  );
}

/** Another Service claims the address, too: a map has room for one of them, and which one is not the node's fault. */
function isShared({ cluster, service }: Scene, key: string): boolean {
  const [address = ''] = key.split(' . ');
  return cluster.services.some(
    (other) => other !== service && (other.externalIPs.includes(address) || other.ingress.some(({ ip }) => ip === address)),
  );
}
