/** An address range with a prefix, host bits cleared. */
export interface Network {
  /** `10.0.0.0/8`, as iptables-save prints it. */
  readonly text: string;
  readonly address: string;
  readonly prefix: number;
}

/** First and last port, both included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** One option of an extension with its values, as written. */
export interface Option {
  readonly name: string;
  readonly values: readonly string[];
  readonly negated: boolean;
}

export interface Negatable {
  readonly negated: boolean;
}

export interface PortMatch extends Negatable {
  readonly range: PortRange;
}

export interface AddressTypes extends Negatable {
  readonly types: readonly string[];
}

export interface AddressRange extends Negatable {
  readonly from: string;
  readonly to: string;
}

/** `-s`, `-d`. */
export interface NetworkMatch extends Negatable {
  readonly kind: 'source' | 'destination';
  readonly network: Network;
}

/** `-i`, `-o`; a trailing `+` stands for any rest. */
export interface InterfaceMatch extends Negatable {
  readonly kind: 'in-interface' | 'out-interface';
  readonly device: string;
}

/** `-p`. */
export interface ProtocolMatch extends Negatable {
  readonly kind: 'protocol';
  readonly protocol: string;
}

/** `-m tcp`, `-m udp` and their like, possibly without any condition. */
export interface PortsMatch {
  readonly kind: 'ports';
  readonly protocol: string;
  readonly source: PortMatch | null;
  readonly destination: PortMatch | null;
  /** `--tcp-flags MASK SET`; `--syn` is the same as `FIN,SYN,RST,ACK SYN`. */
  readonly flags: TcpFlags | null;
}

export interface TcpFlags extends Negatable {
  readonly mask: readonly string[];
  readonly set: readonly string[];
}

export interface MultiportMatch extends Negatable {
  readonly kind: 'multiport';
  readonly side: 'sports' | 'dports' | 'ports';
  readonly ranges: readonly PortRange[];
}

/** `-m conntrack` and the older `-m state`; `others` are conditions besides the state. */
export interface ConntrackMatch {
  readonly kind: 'conntrack';
  readonly module: 'conntrack' | 'state';
  readonly states: (Negatable & { readonly names: readonly string[] }) | null;
  readonly others: readonly Option[];
}

/** `-m mark`, `-m connmark`: (mark & mask) == value. */
export interface MarkMatch extends Negatable {
  readonly kind: 'mark';
  readonly of: 'packet' | 'connection';
  readonly value: number;
  readonly mask: number;
}

export interface AddrtypeMatch {
  readonly kind: 'addrtype';
  readonly source: AddressTypes | null;
  readonly destination: AddressTypes | null;
  readonly limit: 'in' | 'out' | null;
}

export type StatisticMatch =
  | (Negatable & { readonly kind: 'statistic'; readonly mode: 'random'; readonly probability: number })
  | (Negatable & { readonly kind: 'statistic'; readonly mode: 'nth'; readonly every: number; readonly packet: number });

/** `-m recent`: a list of addresses kept by the kernel; kube-proxy's session affinity. */
export interface RecentMatch extends Negatable {
  readonly kind: 'recent';
  readonly action: 'set' | 'rcheck' | 'update' | 'remove';
  readonly list: string;
  readonly side: 'rsource' | 'rdest';
  readonly mask: string | null;
  readonly seconds: number | null;
  readonly hitcount: number | null;
  readonly reap: boolean;
  readonly rttl: boolean;
}

export interface SetMatch extends Negatable {
  readonly kind: 'set';
  readonly set: string;
  readonly directions: string;
  readonly others: readonly Option[];
}

export interface IprangeMatch {
  readonly kind: 'iprange';
  readonly source: AddressRange | null;
  readonly destination: AddressRange | null;
}

export interface CommentMatch {
  readonly kind: 'comment';
  readonly text: string;
}

/** An extension whose options are known by name and kept as written. */
export interface ModuleMatch {
  readonly kind: 'module';
  readonly module: string;
  readonly options: readonly Option[];
}

/** Words that are not understood, exactly as printed. */
export interface UnrecognisedMatch {
  readonly kind: 'unrecognised';
  readonly words: readonly string[];
}

/** A condition that the listing does not show (`iptables -L` without `-v` leaves out `-i` and `-o`). */
export interface HiddenMatch {
  readonly kind: 'hidden';
  readonly what: 'interfaces';
}

export type Match =
  | NetworkMatch
  | InterfaceMatch
  | ProtocolMatch
  | PortsMatch
  | MultiportMatch
  | ConntrackMatch
  | MarkMatch
  | AddrtypeMatch
  | StatisticMatch
  | RecentMatch
  | SetMatch
  | IprangeMatch
  | CommentMatch
  | ModuleMatch
  | UnrecognisedMatch
  | HiddenMatch;
