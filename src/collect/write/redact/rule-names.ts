import type { ChainBook } from './chain-book.ts';
import { type Pen, scramble } from './pen.ts';

const BUILT_IN = /^(?:INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING)$/;
/** Chains that programs always call the same. */
const COMMON =
  /^(?:KUBE-(?!(?:SVC|SVL|EXT|FW|XLB|SEP|POD-FW|NWPLCY|SRC|DST)-)[A-Z0-9-]+|DOCKER[A-Z0-9-]*|FLANNEL-[A-Z]+|IP-MASQ(?:-AGENT)?|KIND-MASQ-AGENT|AWS-[A-Z]+-CHAIN-\d+|AZURE-NPM[A-Z0-9-]*|CNI-(?:ADMIN|FORWARD|ISOLATION-STAGE-[12]|HOSTPORT-[A-Z]+)|CILIUM_[A-Z_]+|ANTREA-[A-Z-]+|WEAVE-[A-Z-]+|OPENSHIFT-[A-Z-]+|OVN-KUBE-[A-Z-]+|LIBVIRT_[A-Z]+|ufw6?-[a-z-]+|f2b-sshd|(?:INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING)_(?:direct|ZONES|ZONES_SOURCE|IN_ZONES|OUT_ZONES|POLICIES_(?:pre|post))|(?:IN|FWD[IO]?|PRE|POST)_public(?:_[a-z]+)?)$/;
const CALICO =
  /^cali-(?:INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING|nat-outgoing|fip-[ds]nat|(?:from|to)-(?:wl-dispatch|host-endpoint|hep-forward|endpoint-mark)|wl-to-host|set-endpoint-mark|cidr-block|failsafe-(?:in|out)|rpf-skip|forward-(?:check|endpoint-mark))(?:-[0-9a-f])?$/;
/** Hashes of names, which would confirm a guess. */
const HASHED = /^(?<stem>KUBE-(?:POD-FW|NWPLCY|SRC|DST)-|CNI-(?:DN-|SN-|HN-)?|cali-[a-z]{1,6}-)(?<rest>.+)$/;

/** A chain under a name that tells nothing; chains that are the same everywhere keep theirs. */
export function redactChain(chain: string, book: ChainBook, pen: Pen): string {
  if (BUILT_IN.test(chain) || COMMON.test(chain) || CALICO.test(chain)) return chain;
  const renamed = book.rename(chain);
  if (renamed !== chain) return renamed;
  const { stem, rest } = HASHED.exec(chain)?.groups ?? {};
  if (stem !== undefined && rest !== undefined) return stem + scramble(pen, rest.slice(0, 16), 'base32');
  return /^KUBE-(?:SVC|SVL|EXT|FW|XLB|SEP)-[A-Z2-7]{16}$/.test(chain) ? chain : pen.names.of('chain', chain);
}

/** The name of an ipset, of a table of recent addresses, or of an nftables set. */
export function redactSet(name: string, book: ChainBook, pen: Pen): string {
  if (/^KUBE-[A-Z0-9-]+$/.test(name)) return book.rename(name);
  const calico = /^(?<stem>cali[46]0[a-z]+:)(?<rest>.+)$/.exec(name)?.groups;
  if (calico !== undefined) return `${calico['stem']}${scramble(pen, calico['rest'] ?? '', 'base64url')}`;
  return /^azure-npm-\d+$|^DEFAULT$/.test(name) ? name : pen.names.of('set', name);
}
