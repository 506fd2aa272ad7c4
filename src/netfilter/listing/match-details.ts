import { quoteString } from '../rule/words.ts';

type Groups = Readonly<Record<string, string | undefined>>;

/** What a listing prints of one match, and the same in the words of iptables-save. */
interface Detail {
  readonly shown: RegExp;
  readonly saved: (groups: Groups) => string;
}

/** `END` keeps a detail from ending inside a word. */
const END = String.raw`(?=\s|$)`;

function detail(shown: string, saved: (groups: Groups) => string): Detail {
  return { shown: new RegExp(shown + END, 'y'), saved };
}

function not(mark: string | undefined): string {
  return mark === undefined || mark === '' ? '' : '! ';
}

function option(name: string, value: string | undefined): string {
  return value === undefined ? '' : ` ${name} ${value}`;
}

/** Options that a listing may show one behind another, in the words of iptables-save. */
function each(text: string | undefined, pattern: RegExp, saved: (groups: Groups) => string): string {
  return [...(text ?? '').matchAll(pattern)].map((found) => saved(found.groups ?? {})).join(' ');
}

const PORT = /(?<side>[sd])pts?:(?<no>!?)(?<ports>[\w:-]+)/g;
const FLAG_BITS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'] as const;

/** `0x17` or `FIN,SYN,RST,ACK`. */
function flagNames(text: string): string {
  if (!text.startsWith('0x')) return text;
  const bits = Number(text);
  return FLAG_BITS.filter((_, bit) => (bits & (1 << bit)) !== 0).join(',') || 'NONE';
}

function ports({ protocol, options }: Groups): string {
  const flags = /flags:(?<no>!?)(?<mask>[\w,]+)\/(?<set>[\w,]+)/.exec(options ?? '')?.groups;
  const tcp =
    flags === undefined ? '' : `${not(flags['no'])}--tcp-flags ${flagNames(flags['mask'] ?? '')} ${flagNames(flags['set'] ?? '')}`;
  const own = each(options, PORT, ({ side, no, ports: range }) => `${not(no)}--${side}port ${range}`);
  return `-m ${protocol} ${own} ${tcp}`.trim();
}

const CONNTRACK = 'state|dir|status|expire|proto|origsrcport|origdstport|replsrcport|repldstport|origsrc|origdst|replsrc|repldst';
const RECENT: Readonly<Record<string, string>> = { SET: 'set', CHECK: 'rcheck', UPDATE: 'update', REMOVE: 'remove' };

function recent(groups: Groups): string {
  const action = `${not(groups['no'])}--${RECENT[groups['action'] ?? '']}`;
  const reap = groups['reap'] === undefined ? '' : ' --reap';
  const ttl = groups['ttl'] === undefined ? '' : ' --rttl';
  const asked = `${option('--seconds', groups['seconds'])}${reap}${option('--hitcount', groups['hits'])}${ttl}`;
  return `-m recent ${action}${asked} --name ${groups['name']}${option('--mask', groups['mask'])} --r${groups['side']}`;
}

function addrtype({ options }: Groups): string {
  const types = each(
    options,
    /(?<side>src|dst)-type (?<no>!?)(?<types>[A-Z,]+)/g,
    ({ side, no, types: names }) => `${not(no)}--${side}-type ${names}`,
  );
  const limit = /limit-(in|out)/.exec(options ?? '')?.[1];
  return `-m addrtype ${types}${limit === undefined ? '' : ` --limit-iface-${limit}`}`;
}

function icmp({ six, no, type, code }: Groups): string {
  const module = six === undefined ? '-m icmp' : '-m icmp6';
  const wanted = type === '255' && six === undefined ? 'any' : `${type}${code === undefined ? '' : `/${code}`}`;
  return `${module} ${not(no)}--${six === undefined ? 'icmp' : 'icmpv6'}-type ${wanted}`;
}

// The print functions of iptables 1.8.9's extensions; 1.4 to 1.8 print alike.
const DETAILS: readonly Detail[] = [
  detail(String.raw`/\* (?<text>.*?) \*/`, ({ text }) => `-m comment --comment ${quoteString(text ?? '')}`),
  detail(String.raw`(?<protocol>tcp|udp|udplite|sctp|dccp)(?<options>(?: (?:[sd]pts?:!?[\w:-]+|flags:!?[\w,]+/[\w,]+))*)`, ports),
  detail(String.raw`(?:(?<six>ipv6-)?icmptype |(?<six2>ipv6-)?icmp )(?<no>!?)(?:type )?(?<type>[\w-]+)(?: code (?<code>\d+))?`, (groups) =>
    icmp({ ...groups, six: groups['six'] ?? groups['six2'] }),
  ),
  detail(
    String.raw`multiport (?<side>[sd]?ports) {1,2}(?<no>!?)(?<list>[\w,:-]+)`,
    ({ side, no, list }) => `-m multiport ${not(no)}--${side} ${list}`,
  ),
  detail(
    String.raw`(?<all>(?:! )?ct(?:${CONNTRACK}) \S+(?: (?:! )?ct(?:${CONNTRACK}) \S+)*)`,
    ({ all }) =>
      `-m conntrack ${each(all, /(?<no>! )?(?<name>ct\w+) (?<value>\S+)/g, ({ no, name, value }) => `${not(no)}--${name} ${value}`)}`,
  ),
  detail(`(?<no>! )?state (?<names>[A-Z,]+)`, ({ no, names }) => `-m state ${not(no)}--state ${names}`),
  detail(
    `(?<module>mark|connmark) match {1,2}(?<no>! )?(?<value>0x[0-9a-f]+(?:/0x[0-9a-f]+)?)`,
    ({ module, no, value }) => `-m ${module} ${not(no)}--mark ${value}`,
  ),
  detail(`ADDRTYPE match(?<options>(?: (?:src|dst)-type !?[A-Z,]+)*(?: limit-(?:in|out))?)`, addrtype),
  detail(
    String.raw`statistic mode random (?<no>! )?probability (?<chance>[\d.]+)`,
    ({ no, chance }) => `-m statistic --mode random ${not(no)}--probability ${chance}`,
  ),
  detail(
    String.raw`statistic mode nth (?<no>! )?every (?<every>\d+)(?: packet (?<packet>\d+))?`,
    ({ no, every, packet }) => `-m statistic --mode nth ${not(no)}--every ${every} --packet ${packet ?? '0'}`,
  ),
  detail(
    String.raw`(?<no>! )?recent: (?<action>SET|CHECK|UPDATE|REMOVE)(?: seconds: (?<seconds>\d+))?(?<reap> reap)?(?: hit_count: (?<hits>\d+))?(?<ttl> TTL-Match)? name: (?<name>\S+) side: (?<side>source|dest)(?: mask: (?<mask>\S+))?`,
    recent,
  ),
  detail(
    String.raw`(?<no>! )?match-set (?<set>\S+) (?<sides>[a-z,]+)(?<rest> return-nomatch)?`,
    ({ no, set, sides, rest }) => `-m set ${not(no)}--match-set ${set} ${sides}${rest === undefined ? '' : ' --return-nomatch'}`,
  ),
  detail(
    String.raw`(?<all>(?:! )?(?:source|destination) IP range (?:! )?[\da-fA-F.:-]+(?: (?:! )?(?:source|destination) IP range (?:! )?[\da-fA-F.:-]+)?)`,
    ({ all }) =>
      `-m iprange ${each(all, /(?<before>! )?(?<side>source|destination) IP range (?<no>! )?(?<range>\S+)/g, ({ before, side, no, range }) => `${not(before ?? no)}--${side === 'source' ? 'src' : 'dst'}-range ${range}`)}`,
  ),
  detail(
    String.raw`PHYSDEV match(?<options>(?: (?:! )?--physdev-(?:is-in|is-out|is-bridged|in \S+|out \S+))+)`,
    ({ options }) => `-m physdev${options}`,
  ),
  detail(
    String.raw`limit: avg (?<rate>\d+/\w+) burst (?<burst>\d+)`,
    ({ rate, burst }) => `-m limit --limit ${rate}${burst === '5' ? '' : ` --limit-burst ${burst}`}`,
  ),
  detail(String.raw`PKTTYPE (?<no>!?)= (?<type>\w+)`, ({ no, type }) => `-m pkttype ${not(no)}--pkt-type ${type}`),
  detail(`MAC ?(?<no>! ?)?(?<mac>[0-9A-Fa-f:]{17})`, ({ no, mac }) => `-m mac ${not(no)}--mac-source ${mac}`),
  detail(
    String.raw`(?<no>! )?owner (?<what>UID|GID) match (?<id>\S+)`,
    ({ no, what, id }) => `-m owner ${not(no)}--${what?.toLowerCase()}-owner ${id}`,
  ),
  detail(`(?<no>! )?owner socket exists`, ({ no }) => `-m owner ${not(no)}--socket-exists`),
  detail(
    `rpfilter(?<flags>(?: (?:loose|validmark|accept-local|invert))*)`,
    ({ flags }) => `-m rpfilter${(flags ?? '').replace(/ /g, ' --')}`,
  ),
  detail(String.raw`socket(?<options>(?: --[\w-]+)*)`, ({ options }) => `-m socket${options}`),
  detail(String.raw`nfacct-name +(?<name>\S+)`, ({ name }) => `-m nfacct --nfacct-name ${name}`),
];

/** The match that is shown at this place of a listing's details, in the words of iptables-save; null when it is not understood. */
export function readMatchDetail(text: string, at: number): { readonly saved: string; readonly end: number } | null {
  for (const { shown, saved } of DETAILS) {
    shown.lastIndex = at;
    const found = shown.exec(text);
    if (found !== null) return { saved: saved(found.groups ?? {}), end: shown.lastIndex };
  }
  return null;
}
