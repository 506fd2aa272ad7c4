import { type ChainBook, type PortName, redactPort, spelled } from './chain-book.ts';
import { type Pen, scramble } from './pen.ts';
import { redactText } from './text.ts';

/** Words of the comments that kube-proxy, kubelet, CNIs and container engines write into rules. */
const WORDS = new Set(
  `cluster ip external loadbalancer has no endpoints local health check node port ports traffic not accepted by other to for will be dropped masquerade route
  kubernetes service services portals externally-visible nodeports note: this must the last rule in chain postrouting requiring snat forwarding rules
  conntrack pod source destination load balancer firewall block incoming localnet connections masq flanneld forward dropping marked packets nodeport
  destinations redirect pods trying reach vip clusterip accept drop reject allow all from and of kind-masq-agent: ensure nat table postrouting directs all
  non-local traffic our custom match ip-masq: is applied rfc1918 outbound subject default must come before canary kube-proxy kubelet iptables hint
  handle hairpin pods: 169.254.0.0/16 docker outgoing ingress egress set clear mark established related workload endpoint dispatch nodes node's
  active clusterips externalip and loadbalancer ips unallocated that helper vmap packets with invalid short-circuit loadbalancersourceranges
  destinations allowed first packet aws, aws primary eni cni managed azure npm return -> / or on`
    .toLowerCase()
    .split(/\s+/),
);
const PORT_NAME = /^(?<namespace>[a-z0-9]([a-z0-9-]*[a-z0-9])?)\/(?<service>[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(?::(?<port>[a-z0-9-]*))?$/;

/** A comment with its Service, addresses and hashes replaced; one that says anything else says nothing afterwards. */
export function redactComment(comment: string, book: ChainBook, pen: Pen): string {
  if (/^cali:[\w-]{16}$/.test(comment)) return `cali:${scramble(pen, comment.slice('cali:'.length), 'base64url')}`;
  const words = comment.split(' ').map((word) => {
    if (isCommon(word)) return book.rename(word);
    const name = portNameIn(word);
    if (name !== null) return spelled(redactPort(name, pen)) + (/:$/.test(word) ? ':' : '');
    const replaced = redactText(word, pen);
    return replaced === word ? null : replaced;
  });
  return words.includes(null) ? 'redacted' : words.join(' ');
}

/** Chains and sets stand in comments, too: `not accepted by KUBE-FW-…`. */
function isCommon(word: string): boolean {
  return (
    WORDS.has(word.toLowerCase().replace(/^\(|[),;.]$/g, '')) ||
    /^@?(?:(?:KUBE|KIND)-[A-Z-]+|KUBE-(?:FW|XLB|SVC|SVL|EXT)-[A-Z2-7]{16}|no-endpoint-(?:services|nodeports))$/.test(word)
  );
}

/** The Service port that a word of a comment names, or null. */
export function portNameIn(word: string): PortName | null {
  const groups = PORT_NAME.exec(word)?.groups;
  if (groups === undefined || /^\d+(?:\.\d+){3}$/.test(groups['service'] ?? '')) return null;
  return { namespace: groups['namespace'] ?? '', service: groups['service'] ?? '', port: groups['port'] ?? '' };
}
