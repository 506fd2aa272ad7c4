import { parseSupposed } from '../dataplane/version.ts';
import { Failure } from '../net/failure.ts';
import { parseCidr } from '../net/ip.ts';
import { didYouMean } from '../net/near.ts';
import type { Change, LocalMode } from './change.ts';
import { LOCAL_MODES, PROXY_MODES } from './change.ts';

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
/** A device's name has at most 15 characters (IFNAMSIZ). */
const DEVICE = /^[^\s/,=]{1,15}$/;
const MOST_REPLICAS = 10_000;

/** `externalTrafficPolicy=Local`. */
export function parseSet(text: string): Change {
  const at = text.indexOf('=');
  if (at < 1) throw new Failure(`--set ${JSON.stringify(text)} is no FIELD=VALUE`, 'for example --set externalTrafficPolicy=Local');
  return { kind: 'set', field: text.slice(0, at).replace(/^\.?spec\./, ''), value: text.slice(at + 1) };
}

/** `NS/POD`, or `POD` in the namespace of the question. */
export function parsePod(text: string, flag: string, namespace: string): { readonly namespace: string; readonly name: string } {
  const words = text.replace(/^pods?\//, '').split('/');
  const [first = '', second] = words;
  if (words.length > 2 || !words.every((word) => NAME.test(word)))
    throw new Failure(`--${flag} ${JSON.stringify(text)} is no pod`, 'use NAMESPACE/POD or POD');
  return second === undefined ? { namespace, name: first } : { namespace: first, name: second };
}

/** `NS/POD=NODE`. */
export function parseMove(text: string, namespace: string): Change {
  const at = text.indexOf('=');
  const node = text.slice(at + 1);
  if (at < 1 || !NAME.test(node)) throw new Failure(`--move ${JSON.stringify(text)} is no POD=NODE`, 'use NAMESPACE/POD=NODE or POD=NODE');
  return { kind: 'move', ...parsePod(text.slice(0, at), 'move', namespace), node };
}

export function parseReplicas(value: number): Change {
  if (Number.isInteger(value) && value >= 0 && value <= MOST_REPLICAS) return { kind: 'scale', replicas: value };
  throw new Failure(`--scale ${value} is no number of pods`, `use a whole number from 0 to ${MOST_REPLICAS}`);
}

/** `1.34`, `v1.34.2`; a minor version alone means its latest patch, as far as behaviour goes. */
export function parseKubeVersion(text: string): Change {
  return kubeVersion(text, 'kube-version');
}

function kubeVersion(text: string, flag: 'kube-version' | 'upgrade'): Change {
  const found = parseSupposed(text);
  if (found === null) throw new Failure(`--${flag} ${JSON.stringify(text)} is no version of Kubernetes`, 'use for example 1.34 or v1.33.4');
  return { kind: 'kube-version', version: found.text };
}

export function parseProxyMode(text: string): Change {
  const mode = PROXY_MODES.find((known) => known === text);
  if (mode !== undefined) return { kind: 'proxy-mode', mode };
  throw new Failure(
    `--proxy-mode ${JSON.stringify(text)} is no mode of kube-proxy`,
    didYouMean(text, PROXY_MODES) ?? `use ${PROXY_MODES.join(', ')}`,
  );
}

/** `1.34`, `nftables`, `nftables@1.36`: the kube-proxy that all nodes have afterwards. */
export function parseUpgrade(text: string): Change[] {
  const [first = '', version, ...more] = text.split('@');
  const isMode = PROXY_MODES.some((mode) => mode === first);
  const isVersion = /^v?\d/.test(first);
  if (more.length > 0 || (version !== undefined && !isMode) || !(isMode || isVersion)) {
    const near = didYouMean(first, PROXY_MODES);
    throw new Failure(
      `--upgrade ${JSON.stringify(text)} is no kube-proxy`,
      near ?? 'use VERSION, MODE or MODE@VERSION, for example 1.34, nftables, nftables@1.36',
    );
  }
  const wanted = isVersion ? first : version;
  return [...(wanted === undefined ? [] : [kubeVersion(wanted, 'upgrade')]), ...(isMode ? [parseProxyMode(first)] : [])];
}

/** `NodeCIDR`, `ClusterCIDR=10.244.0.0/16`, `BridgeInterface=cni0`. */
export function parseDetectLocal(text: string): Change {
  const [word = '', ...rest] = text.split('=');
  const value = rest.join('=');
  const modes = Object.keys(LOCAL_MODES) as LocalMode[];
  const mode = modes.find((known) => known.toLowerCase() === word.toLowerCase());
  if (mode === undefined)
    throw new Failure(
      `--detect-local ${JSON.stringify(text)} is no way to tell pods' traffic`,
      didYouMean(word, modes) ?? `use ${modes.join(', ')}`,
    );
  const wanted = LOCAL_MODES[mode];
  if (!isValueFor(mode, value))
    throw new Failure(
      wanted === null ? `--detect-local ${mode} takes no value` : `--detect-local ${mode}=${JSON.stringify(value)} is not possible`,
      `use --detect-local ${mode}${wanted === null ? '' : `=${wanted}`}`,
    );
  return { kind: 'detect-local', mode, value };
}

function isValueFor(mode: LocalMode, value: string): boolean {
  switch (mode) {
    case 'ClusterCIDR':
      return value.split(',').every((text) => text.includes('/') && parseCidr(text) !== null);
    case 'NodeCIDR':
      return value === '';
    case 'BridgeInterface':
    case 'InterfaceNamePrefix':
      return DEVICE.test(value);
  }
}
