/** Whose chains these are, by their names. */
interface Writer {
  readonly name: string;
  readonly chains: RegExp;
  /** Runs beside kube-proxy in ordinary clusters: what it may do is no finding, what it surely does is a lesser one. */
  readonly usual: boolean;
  /** Its chains are network policies, by the thousand and by sets: they are not looked into. */
  readonly opaque: boolean;
}

const WRITERS: readonly Writer[] = [
  { name: 'Calico', chains: /^cali-/, usual: true, opaque: true },
  { name: 'kube-router', chains: /^KUBE-(?:ROUTER|NWPLCY|POD-FW)/, usual: true, opaque: true },
  { name: 'Antrea', chains: /^ANTREA-/, usual: true, opaque: true },
  { name: 'Cilium', chains: /^(?:OLD_)?CILIUM_/, usual: true, opaque: true },
  { name: 'Weave', chains: /^WEAVE/, usual: true, opaque: true },
  { name: 'Azure network policy', chains: /^AZURE-NPM/, usual: true, opaque: false },
  { name: 'docker', chains: /^DOCKER(?:-(?!USER$)|$)/, usual: true, opaque: false },
  { name: 'flannel', chains: /^FLANNEL-/, usual: true, opaque: false },
  { name: 'kindnet', chains: /^KIND-MASQ-AGENT$|^KINDNET/, usual: true, opaque: false },
  { name: 'ip-masq-agent', chains: /^IP-MASQ/, usual: true, opaque: false },
  { name: 'CNI port mapping', chains: /^CNI-(?:HOSTPORT|DN|SN)/, usual: true, opaque: false },
  { name: 'CNI', chains: /^CNI-/, usual: true, opaque: false },
  { name: 'kubelet', chains: /^KUBE-KUBELET-/, usual: true, opaque: false },
  { name: 'Istio', chains: /^ISTIO_/, usual: false, opaque: false },
  { name: 'AWS VPC CNI', chains: /^AWS-/, usual: true, opaque: false },
  { name: 'docker (own rules of an administrator)', chains: /^DOCKER-USER$/, usual: false, opaque: false },
  {
    name: 'firewalld',
    chains: /^(?:INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING)_|^(?:IN|FWD[IO]?|FWD|PRE|POST)_/,
    usual: false,
    opaque: false,
  },
  { name: 'ufw', chains: /^ufw6?-/, usual: false, opaque: false },
  { name: 'libvirt', chains: /^LIBVIRT_/, usual: true, opaque: false },
  { name: 'Tailscale', chains: /^ts-/, usual: true, opaque: false },
  { name: 'fail2ban', chains: /^f2b-/, usual: false, opaque: false },
];

/** The writer of the outermost chain that tells one, or of a comment that a CNI leaves on its rules. */
export function writerOf(chains: readonly string[]): Writer | null {
  for (const chain of chains) {
    const writer = WRITERS.find((candidate) => candidate.chains.test(chain));
    if (writer !== undefined) return writer;
  }
  return null;
}

export function isOpaque(chain: string): boolean {
  return writerOf([chain])?.opaque === true;
}
