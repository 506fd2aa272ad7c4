import { expectedNftables } from '../../../expected/nftables.ts';
import type { ServiceProxier } from '../../../expected/types.ts';
import type { NftTable } from '../../../netfilter/nft/types.ts';
import type { RuleDifference } from '../types.ts';
import { choiceDifferences } from './choices.ts';
import { elementDifference, leftovers } from './elements.ts';
import { externalDifferences } from './external.ts';
import { firewallDifferences } from './ranges.ts';

/**
 * One Service in kube-proxy's table against what it should mean: elements of maps, the endpoints of its chains, what its chain for clients from
 * outside does, and its source ranges. Versions differ in how they write it, so texts are not compared.
 */
export function compareNftables(table: NftTable, asked: ServiceProxier & { readonly knowsPods: boolean }): readonly RuleDifference[] {
  const { family, cluster, service, knowsPods } = asked;
  const scene = { table, family, cluster, service, knowsPods };
  const ports = expectedNftables(asked);
  return [
    ...ports.flatMap((port) => [
      ...port.elements.flatMap((element) => elementDifference(scene, element)),
      ...choiceDifferences(scene, port),
      ...externalDifferences(scene, port),
      ...firewallDifferences(scene, port),
    ]),
    ...leftovers(scene, ports),
  ];
}
