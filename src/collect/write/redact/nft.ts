import { canonicalIp } from '../../../net/ip.ts';
import type { ChainBook } from './chain-book.ts';
import { redactPort } from './chain-book.ts';
import { redactComment } from './comment.ts';
import type { Pen } from './pen.ts';
import { redactChain, redactSet } from './rule-names.ts';
import { redactText } from './text.ts';

/** All names in it are kube-proxy's own, or hold a Service and its hash. */
export const OWN_TABLE = 'kube-proxy';
// kube-proxy pkg/proxy/nftables servicePortChainNameBase, servicePortEndpointChainNameBase.
const OBJECT =
  /(?<![\w-])(?<stem>[a-z][a-z-]*)-(?<hash>[A-Z2-7]{8})-(?<namespace>[a-z0-9-]+)\/(?<service>[a-z0-9.-]+)\/(?<protocol>tcp|udp|sctp)\/(?<port>[a-z0-9-]*)(?:__(?<address>[0-9a-f.]+)\/(?<number>\d+))?/g;
const HASH_LENGTH = 8;
const WORD = /"(?:[^"\\]|\\.)*"|[^\s"]+/g;

/** The text of `nft list ruleset`, redacted. */
export function redactNft(text: string, book: ChainBook, pen: Pen): string {
  let own = false;
  return text
    .split('\n')
    .map((line) => {
      const { head, table } = /^(?<head>table \w+ )(?<table>\S+) \{/.exec(line)?.groups ?? {};
      if (head !== undefined && table !== undefined) {
        own = table === OWN_TABLE;
        return `${head}${redactTable(table, pen)} {`;
      }
      if (/^\s*#/.test(line)) return '#';
      const named = redactNftNames(line, pen);
      return redactWords(named, { own, book, pen });
    })
    .join('\n');
}

/** Names of kube-proxy's chains and sets hold the Service, and a hash of it. */
export function redactNftNames(text: string, pen: Pen): string {
  return text.replace(OBJECT, (...args) => {
    const groups = args.at(-1) as Readonly<Record<string, string | undefined>>;
    const { namespace, service, port } = redactPort(
      { namespace: groups['namespace'] ?? '', service: groups['service'] ?? '', port: groups['port'] ?? '' },
      pen,
    );
    const base = `${namespace}/${service}/${groups['protocol']}/${port}${endpointPart(groups, pen)}`;
    return `${groups['stem']}-${pen.chainHash(base).slice(0, HASH_LENGTH)}-${base}`;
  });
}

/** Colons of IPv6 addresses are dots in there. */
function endpointPart({ address, number }: Readonly<Record<string, string | undefined>>, pen: Pen): string {
  if (address === undefined) return '';
  const real = canonicalIp(address) === null ? address.replaceAll('.', ':') : address;
  return `__${redactText(real, pen).replaceAll(':', '.')}/${number}`;
}

interface Surroundings {
  readonly own: boolean;
  readonly book: ChainBook;
  readonly pen: Pen;
}

/** Names follow words that announce them; quoted texts are comments, prefixes of logs, or devices. */
function redactWords(line: string, around: Surroundings): string {
  let before = '';
  return line.replace(WORD, (word) => {
    const redacted = redactWord(word, before, around);
    // `jump` in front of a name, `iifname != "eth0"`, `iifname { "eth0", "eth1" }`
    if (!/^(?:!=|==|\{|,|".*",?)$/.test(word)) before = word;
    return redacted;
  });
}

function redactWord(word: string, before: string, { own, book, pen }: Surroundings): string {
  if (word.startsWith('"')) {
    if (/^(?:iifname|oifname|iif|oif|ibrname|obrname|device|devices)$/.test(before)) return redactText(word, pen);
    return before === 'comment' ? `"${redactComment(word.slice(1, -1), book, pen)}"` : '"redacted"';
  }
  if (own || /^(?:chain|set|map|jump|goto|flowtable|counter|quota|limit)$/.test(before) === false) {
    return word.startsWith('@') && !own ? `@${redactSet(word.slice(1), book, pen)}` : redactText(word, pen);
  }
  const [, name = '', end = ''] = /^([\w./-]+)(.*)$/.exec(word) ?? [];
  if (name === '' || /^(?:ip|ip6|inet|arp|bridge|netdev|packets|rate|over|\d+.*)$/.test(name)) return redactText(word, pen);
  if (/^(?:set|map|flowtable|quota|limit|counter)$/.test(before)) return redactSet(name, book, pen) + end;
  return redactNftChain(name, book, pen) + end;
}

/** A table under a name that tells nothing; iptables-nft's, kube-proxy's and those of CNIs keep theirs. */
export function redactTable(name: string, pen: Pen): string {
  const isCommon = /^(?:filter|nat|mangle|raw|security|firewalld|calico|cilium|kindnet|kube-proxy|kubelet|libvirt_network)$/.test(name);
  return isCommon ? name : pen.names.of('name', name);
}

/** A chain of a table that is not kube-proxy's. */
export function redactNftChain(name: string, book: ChainBook, pen: Pen): string {
  return /^(?:input|output|forward|prerouting|postrouting|ingress|egress)$/.test(name) ? name : redactChain(name, book, pen);
}
