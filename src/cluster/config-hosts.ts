import { canonicalIp, hostPort } from '../net/ip.ts';
import { hostsIn, type NamedHost } from '../net/named-hosts.ts';
import type { ConfigHostsObject, ConfigMapObject } from './objects.ts';
import { isRecord, stringMap, text } from './shape.ts';
import { DATA_PLANE_CONFIGS } from './slim.ts';

/** What is kept of a ConfigMap that tells nothing about a data plane: which hosts its texts name, and nothing else of them. */

/** Characters of one value that are looked at: dashboards and whole programs stand in some. */
const LONGEST = 64 * 1024;
const LONGEST_LINE = 4096;
/** Hosts of one key, and keys of one ConfigMap. */
const MOST_HOSTS = 200;
const MOST_KEYS = 200;

/** They configure the cluster's own parts, which call nobody by an Ingress' name: CoreDNS answers for such names, and its file is full of them. */
const SYSTEM: ReadonlySet<string> = new Set([...DATA_PLANE_CONFIGS, 'kube-root-ca.crt', 'coredns-custom']);

/** What may belong to one URL. */
const WORD = /[^\s"'`<>(){},;=|\\]{3,}/g;

/** Lines that name a host without asking it: comments, and what a program is called or lets in. */
const NO_CALL =
  /^\s*(?:#|;|\/\/|["']?(?:server_?name|serveralias|hostname|external[-_.]?hostname|domains?|domain[-_.]?filter|zones?|(?:cors[-_.]?)?allow(?:ed)?[-_.]?(?:hosts|origins?)|cors[-_.]?origins?)["']?(?:\s*[:=]|\s))/i;

/** A ConfigMap as the API prints it, cut down to the hosts that it names; null: it names none, or is no ConfigMap. */
export function configHosts(raw: unknown, list?: { readonly apiVersion: string; readonly kind: string }): ConfigHostsObject | null {
  if (!isRecord(raw) || (raw['kind'] ?? list?.kind) !== 'ConfigMap' || (raw['apiVersion'] ?? list?.apiVersion) !== 'v1') return null;
  const metadata = isRecord(raw['metadata']) ? raw['metadata'] : {};
  const [name, namespace] = [text(metadata['name']), text(metadata['namespace'])];
  if (name === undefined || name === '') return null;
  const hosts = hostsOfData(name, stringMap(raw['data']) ?? {});
  if (Object.keys(hosts).length === 0) return null;
  const found: ConfigHostsObject = {
    apiVersion: 'v1',
    kind: 'ConfigHosts',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    hosts,
  };
  // Parts of a string hold on to the whole of it: a copy lets go of what the ConfigMap says besides.
  return JSON.parse(JSON.stringify(found)) as ConfigHostsObject;
}

/** Of a ConfigMap that is kept whole: the same. */
export function hostsOfConfigMap({ metadata, data = {} }: ConfigMapObject): ConfigHostsObject['hosts'] {
  return hostsOfData(metadata.name, data);
}

function hostsOfData(name: string, data: Readonly<Record<string, string>>): ConfigHostsObject['hosts'] {
  if (SYSTEM.has(name)) return {};
  const found: [string, readonly string[]][] = [];
  for (const [key, value] of Object.entries(data)) {
    const hosts = NO_CALL.test(`${key}:`) ? [] : hostsInFile(value);
    if (hosts.length > 0) found.push([key, hosts]);
    if (found.length >= MOST_KEYS) break;
  }
  return Object.fromEntries(found);
}

/** `app.example.com`, `app.example.com:443`, `[2001:db8::1]:80`, each once. */
function hostsInFile(value: string): readonly string[] {
  if (!mayName(value)) return [];
  const words = new Set<string>();
  const found = new Set<string>();
  for (const line of value.slice(0, LONGEST).split('\n')) {
    if (!mayName(line)) continue;
    // Word by word, and each once: looking for hosts everywhere takes ten times as long.
    for (const word of line.slice(0, LONGEST_LINE).match(WORD) ?? []) {
      if (!mayName(word) || words.has(word)) continue;
      const hosts = hostsIn(word).filter(isHost);
      if (hosts.length > 0 && NO_CALL.test(line)) break;
      words.add(word);
      for (const host of hosts) found.add(textOf(host));
      if (found.size >= MOST_HOSTS) return [...found].slice(0, MOST_HOSTS);
    }
  }
  return [...found];
}

function mayName(text: string): boolean {
  return text.includes('.') || text.includes('[');
}

function textOf({ host, port }: NamedHost): string {
  return port === null ? host : hostPort(host, port);
}

/** A name whose last label is no number, which sorts out versions; file names look like hosts, and do no harm. */
function isHost({ host }: NamedHost): boolean {
  return canonicalIp(host) !== null || /\.[a-z][a-z0-9-]*$/.test(host);
}
