import type { KubeObject } from '../cluster/objects.ts';
import { shownVersion } from '../dataplane/version.ts';

/** One change that has not been made yet. Several are made in the order of `ORDER`, whatever the order of the flags. */
export type Change =
  | { readonly kind: 'manifests'; readonly objects: readonly KubeObject[]; readonly from: string; readonly passedOver: readonly string[] }
  | { readonly kind: 'set'; readonly field: string; readonly value: string }
  | { readonly kind: 'cordon'; readonly node: string }
  | { readonly kind: 'drain'; readonly node: string }
  | { readonly kind: 'delete-pod'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'move'; readonly namespace: string; readonly name: string; readonly node: string }
  | { readonly kind: 'scale'; readonly replicas: number }
  | ProxyChange;

/** What changes in the nodes' kube-proxy. */
export type ProxyChange =
  | { readonly kind: 'kube-version'; readonly version: string }
  | { readonly kind: 'proxy-mode'; readonly mode: ProxyMode }
  | { readonly kind: 'detect-local'; readonly mode: LocalMode; readonly value: string };

export const PROXY_MODES = ['iptables', 'nftables', 'ipvs'] as const;
export type ProxyMode = (typeof PROXY_MODES)[number];

/** What `--detect-local` takes, and what stands behind `=`; null: nothing. */
export const LOCAL_MODES = {
  ClusterCIDR: 'CIDR[,CIDR]',
  NodeCIDR: null,
  BridgeInterface: 'DEVICE',
  InterfaceNamePrefix: 'PREFIX',
} as const satisfies Record<string, string | null>;
export type LocalMode = keyof typeof LOCAL_MODES;

/** Pods are scaled after others have gone, and placed on nodes that are not cordoned. */
const ORDER = ['manifests', 'set', 'cordon', 'drain', 'delete-pod', 'move', 'scale', 'kube-version', 'proxy-mode', 'detect-local'] as const;

export function inOrder(changes: readonly Change[]): Change[] {
  return [...changes].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

/** The change as a person would name it. */
export function changeText(change: Change): string {
  switch (change.kind) {
    case 'manifests':
      return change.from;
    case 'set':
      return `${change.field}=${change.value}`;
    case 'cordon':
    case 'drain':
      return `${change.kind} ${change.node}`;
    case 'delete-pod':
      return `delete pod ${change.namespace}/${change.name}`;
    case 'move':
      return `move of pod ${change.namespace}/${change.name} to ${change.node}`;
    case 'scale':
      return `scale to ${change.replicas}`;
    case 'kube-version':
      return `kube-proxy ${shownVersion(change.version)}`;
    case 'proxy-mode':
      return `kube-proxy mode ${change.mode}`;
    case 'detect-local':
      return `kube-proxy local detection ${change.mode}${change.value === '' ? '' : `=${change.value}`}`;
  }
}
