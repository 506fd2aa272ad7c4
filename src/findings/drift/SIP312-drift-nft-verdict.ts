import { defineServiceRule } from '../types.ts';
import { type Drift, driftOf, driftTelling } from './differences.ts';

/** no-endpoint-services and no-endpoint-nodeports, kube-proxy's maps in nftables mode: what they hold is dropped or rejected, whatever else stands. */
export const driftNftVerdict = defineServiceRule<Drift>({
  id: 'drift-nft-verdict',
  title: 'a node drops or rejects against what its endpoints say (nftables mode)',
  severity: 'error',
  needs: [],
  needsRules: 'compared',
  anyDataplane: true,
  foldsUnder: ['drift-shared-rules'],
  detect: (scene) => driftOf(scene, 'nft-verdict'),
  tell: (fact, scene) => driftTelling('wrong elements in the maps that refuse traffic for want of endpoints', fact, scene),
});
