import type { Family } from '../../net/ip.ts';
import type { NftRuleset } from '../nft/types.ts';
import type { Ruleset } from '../ruleset.ts';

/** An address of a device. `scope` is `global`, `link`, `host` or a number; `unsure` where nobody knows whether the device lends it to packets that leave. */
export interface DeviceAddress {
  readonly address: string;
  readonly prefix: number;
  readonly scope: string;
  readonly secondary: boolean;
  readonly deprecated: boolean;
}

/** A network device; `master` is the bridge that it is a port of. */
export interface Device {
  readonly name: string;
  readonly master: string | null;
  readonly addresses: readonly DeviceAddress[];
}

/** A route; `dst` is null for the default route. Several next hops of one route are listed in `nextHops`. */
export interface Route {
  readonly family: Family;
  readonly dst: RouteNetwork;
  readonly type: string;
  readonly table: string;
  readonly device: string | null;
  readonly gateway: string | null;
  readonly prefsrc: string | null;
  readonly metric: number;
  readonly nextHops: readonly { readonly device: string | null; readonly gateway: string | null }[];
}

export interface RouteNetwork {
  readonly text: string;
  readonly address: string;
  readonly prefix: number;
}

/** What is known of one node's network. Null means not known; an empty list means none. */
export interface NodeNet {
  readonly rulesets: Readonly<Record<Family, Ruleset | null>>;
  /** Native nftables rules beside those of iptables; absent: there are none. */
  readonly nft?: NftRuleset;
  readonly devices: readonly Device[] | null;
  readonly routes: readonly Route[] | null;
  /**
   * Devices whose `name` is only a label of ours, because the node's name for them is not known, and what is known of it all the same:
   * whether a name as rules write it (`cali+`) takes the device; null: not known.
   */
  readonly unnamed?: ReadonlyMap<string, (pattern: string) => boolean | null>;
  /** Members of sets of addresses, where they are known from elsewhere: no dump of rules holds them. */
  readonly sets?: ReadonlyMap<string, (address: string) => boolean>;
}
