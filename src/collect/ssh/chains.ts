import { Failure } from '../../net/failure.ts';
import { quoted } from '../live/text.ts';

/** kube-proxy's per-Service chains: KUBE-SVC-, KUBE-SVL-, KUBE-EXT-, KUBE-SEP-, KUBE-FW-, KUBE-XLB- and 16 characters of a base32 hash. */
const SERVICE_CHAIN = /^KUBE-(?:[A-Z]{3,4}|FW)-[A-Z2-7]{16}$/;

/** Chains that all Services share; they are always kept, so naming them changes nothing. */
const SHARED: ReadonlySet<string> = new Set([
  'PREROUTING',
  'INPUT',
  'FORWARD',
  'OUTPUT',
  'POSTROUTING',
  'KUBE-SERVICES',
  'KUBE-EXTERNAL-SERVICES',
  'KUBE-NODEPORTS',
  'KUBE-POSTROUTING',
  'KUBE-MARK-MASQ',
  'KUBE-MARK-DROP',
  'KUBE-FORWARD',
  'KUBE-FIREWALL',
  'KUBE-PROXY-FIREWALL',
  'KUBE-PROXY-CANARY',
  'KUBE-KUBELET-CANARY',
]);

/** 25 characters each in one argument of sed, which Linux limits to 128 KiB. */
export const MOST_CHAINS = 4000;

export function isServiceChain(name: string): boolean {
  return SERVICE_CHAIN.test(name);
}

/** The chains to look for on a node, once each. They become part of a command, so anything that is no chain name of kube-proxy's is refused. */
export function checkedChains(chains: readonly string[]): readonly string[] {
  const wrong = chains.find((chain) => !isServiceChain(chain) && !SHARED.has(chain));
  if (wrong !== undefined)
    throw new Failure(`${quoted(wrong)} is not a chain of kube-proxy's`, 'chains look like KUBE-SVC- and 16 characters of A-Z and 2-7');
  const own = [...new Set(chains.filter((chain) => !SHARED.has(chain)))];
  if (own.length === 0) throw new Failure('no chain of the Service is named', 'leave --service-only out to read all rules');
  if (own.length > MOST_CHAINS)
    throw new Failure(`${own.length} chains are too many to look for on a node`, 'leave --service-only out to read all rules');
  return own;
}
