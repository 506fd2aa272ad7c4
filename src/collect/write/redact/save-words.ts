/** Values that options of iptables' own extensions take (iptables-extensions(8), 1.8.9). */
const WORDS: ReadonlySet<string> = new Set(
  `new related established invalid untracked dnat snat none expected seen_reply assured confirmed local unicast broadcast anycast multicast blackhole
  unreachable prohibit unspec throw nat xresolve src dst random nth tcp udp sctp dccp icmp icmpv6 ipv6-icmp esp ah all any both ipencap ipip gre vrrp udplite
  fin syn rst ack urg psh srcip dstip srcport dstport sec second seconds min minute hour day original reply in out ipsec transport tunnel bm kmp packets
  bytes avgpkt tcp-reset icmp-net-unreachable icmp-host-unreachable icmp-port-unreachable icmp-proto-unreachable icmp-net-prohibited icmp-host-prohibited
  icmp-admin-prohibited icmp6-no-route icmp6-adm-prohibited icmp6-addr-unreachable icmp6-port-unreachable echo-request echo-reply destination-unreachable
  router-advertisement router-solicitation neighbour-solicitation neighbour-advertisement neighbor-solicitation neighbor-advertisement redirect
  time-exceeded parameter-problem packet-too-big source-quench debug info notice warning err crit alert emerg accept drop reject mon tue wed thu fri sat
  sun ftp sip tftp pptp irc amanda h323 snmp sane netbios-ns rtp mss timestamp selective-acknowledgment sack-permitted wscale host network chunk
  cs0 cs1 cs2 cs3 cs4 cs5 cs6 cs7 ef af11 af12 af13 be minimize-delay maximize-throughput maximize-reliability minimize-cost normal-service`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

/** Whether a value consists of numbers and words of iptables alone. */
export function isSaveValue(value: string): boolean {
  return (
    value
      .split(/[,:/|-]/)
      .every((part) => part === '' || /^(?:0x[0-9a-f]+|[0-9][0-9a-f]*(?:\.\d+)?)[+%]?$/i.test(part) || WORDS.has(part.toLowerCase())) ||
    WORDS.has(value.toLowerCase())
  );
}
