// /etc/protocols, as far as rules are seen to name them.
const PROTOCOL_NAMES: Readonly<Record<string, string>> = {
  '0': 'all',
  '1': 'icmp',
  '2': 'igmp',
  '6': 'tcp',
  '17': 'udp',
  '33': 'dccp',
  '41': 'ipv6',
  '47': 'gre',
  '50': 'esp',
  '51': 'ah',
  '58': 'ipv6-icmp',
  '89': 'ospf',
  '103': 'pim',
  '112': 'vrrp',
  '132': 'sctp',
  '136': 'udplite',
  icmpv6: 'ipv6-icmp',
};

/** One spelling for a protocol: iptables-save prints the name where it knows one. */
export function protocolName(text: string): string {
  const lower = text.toLowerCase();
  return Object.hasOwn(PROTOCOL_NAMES, lower) ? (PROTOCOL_NAMES[lower] ?? lower) : lower;
}
