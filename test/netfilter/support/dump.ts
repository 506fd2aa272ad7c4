import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseIptablesSave } from '../../../src/netfilter/iptables-save/parse-save.ts';
import { devicesFromJson, routesFromJson } from '../../../src/netfilter/node/ip-json.ts';
import type { NodeNet } from '../../../src/netfilter/node/node-net.ts';
import { emptyRuleset, type Ruleset } from '../../../src/netfilter/ruleset.ts';

/** The text of a file, or null when there is none. */
export function textOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

function rulesOf(folder: string, name: string): Ruleset | null {
  const text = textOf(join(folder, `${name}.txt`));
  return text === null ? null : parseIptablesSave(text, { file: `${folder}/${name}.txt` }).ruleset;
}

function jsonOf(path: string): unknown {
  const text = textOf(path);
  return text === null ? null : JSON.parse(text);
}

/** A node from a folder that holds iptables-save.txt, ip-addr.json and ip-route.json. */
export function nodeFrom(folder: string): NodeNet {
  return {
    // The recording leaves out what is empty.
    rulesets: { 4: rulesOf(folder, 'iptables-save') ?? emptyRuleset(4), 6: rulesOf(folder, 'ip6tables-save') ?? emptyRuleset(6) },
    devices: devicesFromJson(jsonOf(join(folder, 'ip-addr.json'))),
    routes: routesFromJson(jsonOf(join(folder, 'ip-route.json'))),
  };
}

/** A table as iptables-save prints it; chains are declared as they are met. `:INPUT DROP` sets a policy. */
export function table(name: string, ...lines: readonly string[]): string {
  const declared = lines.filter((line) => line.startsWith(':'));
  const rules = lines.filter((line) => line.startsWith('-A '));
  const used = new Set(rules.flatMap((line) => [line.split(' ')[1] ?? '', / -[jg] ([A-Z]+-\w+)/.exec(line)?.[1] ?? '']));
  const missing = [...used].filter((chain) => chain !== '' && !declared.some((line) => line.startsWith(`:${chain} `)));
  const chains = missing.map((chain) => `:${chain} ${/^[A-Z]+$/.test(chain) ? 'ACCEPT' : '-'} [0:0]`);
  return [`*${name}`, ...declared.map((line) => `${line} [0:0]`), ...chains, ...rules, 'COMMIT', ''].join('\n');
}

const global = (address: string, prefix: number) => ({ address, prefix, scope: 'global', secondary: false, deprecated: false });
const route = (dst: string, dev: string, gateway?: string) => ({ dst, dev, ...(gateway === undefined ? {} : { gateway }) });

/** A node of a small world for tests that write their rules by hand: one segment (eth0), one bridge with pods (cni0), both families. */
export function handNode(rules: string, rules6 = ''): NodeNet {
  const parsed = (text: string, family: 4 | 6): Ruleset => parseIptablesSave(text, { file: 'hand', family }).ruleset;
  return {
    rulesets: { 4: parsed(rules, 4), 6: parsed(rules6, 6) },
    devices: [
      {
        name: 'lo',
        master: null,
        addresses: [
          { ...global('127.0.0.1', 8), scope: 'host' },
          { ...global('::1', 128), scope: 'host' },
        ],
      },
      { name: 'eth0', master: null, addresses: [global('172.18.0.11', 24), global('fd00:172:18::b', 64)] },
      { name: 'cni0', master: null, addresses: [global('10.244.1.1', 24), global('fd00:10:244:1::1', 64)] },
      { name: 'veth1', master: 'cni0', addresses: [] },
    ],
    routes: routesFromJson([
      route('default', 'eth0', '172.18.0.1'),
      route('172.18.0.0/24', 'eth0'),
      route('10.244.1.0/24', 'cni0'),
      route('10.244.2.0/24', 'eth0', '172.18.0.12'),
      route('default', 'eth0', 'fd00:172:18::1'),
      route('fd00:172:18::/64', 'eth0'),
      route('fd00:10:244:1::/64', 'cni0'),
    ]),
  };
}
