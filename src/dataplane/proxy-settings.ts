import { JSON_SCHEMA, load } from 'js-yaml';

/** kube-proxy's settings as found, before defaults; undefined: not said. */
export interface ProxySettings {
  readonly mode?: string | undefined;
  readonly clusterCIDR?: string | undefined;
  readonly detectLocalMode?: string | undefined;
  readonly bridgeInterface?: string | undefined;
  readonly interfaceNamePrefix?: string | undefined;
  readonly masqueradeAll?: boolean | undefined;
  readonly localhostNodePorts?: boolean | undefined;
  readonly nodePortAddresses?: readonly string[] | undefined;
}

/** A KubeProxyConfiguration document (kubeproxy.config.k8s.io/v1alpha1); null when the text is none. */
export function settingsFromConfig(text: string): ProxySettings | null {
  let document: unknown;
  try {
    document = load(text, { schema: JSON_SCHEMA, json: true });
  } catch {
    return null;
  }
  if (!isRecord(document) || document['kind'] !== 'KubeProxyConfiguration') return null;
  const detectLocal = record(document['detectLocal']);
  const iptables = record(document['iptables']);
  const nftables = record(document['nftables']);
  const mode = string(document['mode']) ?? '';
  return {
    // OpenShiftSDN wraps the mode: its `unidling+iptables` is iptables mode with idling beside it.
    mode: mode.replace(/^unidling\+/, ''),
    clusterCIDR: string(document['clusterCIDR']),
    detectLocalMode: string(document['detectLocalMode']),
    bridgeInterface: string(detectLocal['bridgeInterface']),
    interfaceNamePrefix: string(detectLocal['interfaceNamePrefix']),
    masqueradeAll: bool((mode === 'nftables' ? nftables : iptables)['masqueradeAll']),
    localhostNodePorts: bool(iptables['localhostNodePorts']),
    nodePortAddresses: Array.isArray(document['nodePortAddresses'])
      ? document['nodePortAddresses'].filter((entry): entry is string => typeof entry === 'string')
      : [],
  };
}

const TEXT_FLAGS = new Map<string, (value: string) => ProxySettings>([
  ['proxy-mode', (value) => ({ mode: value })],
  ['cluster-cidr', (value) => ({ clusterCIDR: value })],
  ['detect-local-mode', (value) => ({ detectLocalMode: value })],
  ['pod-bridge-interface', (value) => ({ bridgeInterface: value })],
  ['pod-interface-name-prefix', (value) => ({ interfaceNamePrefix: value })],
  ['nodeport-addresses', (value) => ({ nodePortAddresses: value === '' ? [] : value.split(',') })],
]);

/** Without `=value` these are on, whatever the next word is. */
const SWITCHES = new Map<string, (on: boolean) => ProxySettings>([
  ['masquerade-all', (on) => ({ masqueradeAll: on })],
  ['iptables-localhost-nodeports', (on) => ({ localhostNodePorts: on })],
]);

/** kube-proxy's own command-line flags, also inside a shell command line (`sh -c "kube-proxy --cluster-cidr=…"`). */
export function settingsFromFlags(words: readonly string[]): { settings: ProxySettings; configFile: string | null } {
  const tokens = words.flatMap((word) => word.split(/\s+/)).map((token) => token.replace(/["';]/g, ''));
  let settings: ProxySettings = {};
  let configFile: string | null = null;
  for (const [index, token] of tokens.entries()) {
    const match = /^--?(?<name>[a-z][a-z0-9-]*)(?:=(?<value>.*))?$/.exec(token);
    const name = match?.groups?.['name'] ?? '';
    const given = match?.groups?.['value'];
    const next = tokens[index + 1] ?? '';
    const value = given ?? (next.startsWith('-') ? '' : next);
    if (name === 'config') configFile = value;
    settings = { ...settings, ...TEXT_FLAGS.get(name)?.(value), ...SWITCHES.get(name)?.(given !== 'false') };
  }
  return { settings, configFile };
}

function isRecord(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

function record(raw: unknown): Readonly<Record<string, unknown>> {
  return isRecord(raw) ? raw : {};
}

function string(raw: unknown): string | undefined {
  return typeof raw === 'string' ? raw : undefined;
}

function bool(raw: unknown): boolean | undefined {
  return typeof raw === 'boolean' ? raw : undefined;
}
