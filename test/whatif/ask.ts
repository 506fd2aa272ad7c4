import type { Question } from '../../src/analysis/question.ts';
import { parseClient, parseTarget } from '../../src/analysis/question.ts';
import { Failure } from '../../src/net/failure.ts';
import type { Change } from '../../src/whatif/change.ts';
import {
  parseDetectLocal,
  parseKubeVersion,
  parseMove,
  parsePod,
  parseProxyMode,
  parseReplicas,
  parseSet,
} from '../../src/whatif/parse-change.ts';
import type { WhatifFlow, WhatifReport } from '../../src/whatif/report.ts';
import { whatif } from '../../src/whatif/whatif.ts';
import { evidenceOf, flannel, kubeadm, nodes, type Raw, slice, webOn } from '../cluster/objects.ts';

/** Four flannel nodes with kubeadm's kube-proxy; the endpoints web-1 and web-3 on node1 and node3. */
export function cluster(service: Raw, more: readonly Raw[] = [], endpoints = slice([webOn(1), webOn(3)])): Raw[] {
  return [...nodes(4), service, endpoints, ...kubeadm(), ...flannel(), ...more];
}

/** A pod of a ReplicaSet (or of whatever `owner` says), with an address of its node. */
export function webPod(number: number, owner: string | null = 'ReplicaSet', node = `node${number}`): Raw {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `web-${number}`,
      namespace: 'ns1',
      labels: { app: 'web' },
      ...(owner === null ? {} : { ownerReferences: [{ kind: owner, name: 'web' }] }),
    },
    spec: { nodeName: node },
    status: { phase: 'Running', podIP: `10.244.${number}.10`, podIPs: [{ ip: `10.244.${number}.10` }] },
  };
}

/** Changes as on the command line: `set:type=NodePort`, `drain:node1`, `scale:2`, `move:web-1=node2`. */
export function change(word: string): Change {
  const [flag = '', ...rest] = word.split(':');
  const value = rest.join(':');
  switch (flag) {
    case 'set':
      return parseSet(value);
    case 'drain':
    case 'cordon':
      return { kind: flag, node: value };
    case 'delete-pod':
      return { kind: flag, ...parsePod(value, flag, 'ns1') };
    case 'move':
      return parseMove(value, 'ns1');
    case 'scale':
      return parseReplicas(Number(value));
    case 'kube-version':
      return parseKubeVersion(value);
    case 'proxy-mode':
      return parseProxyMode(value);
    case 'detect-local':
      return parseDetectLocal(value);
    default:
      throw new Error(`no change: ${word}`);
  }
}

export interface Asked {
  readonly from?: readonly string[];
  readonly to?: readonly string[];
  readonly via?: readonly string[];
}

export function ask(raw: readonly unknown[], changes: readonly string[], asked: Asked = {}): WhatifReport {
  const question: Question = {
    namespace: 'ns1',
    name: 'web',
    from: (asked.from ?? []).map((text) => parseClient(text, 'ns1')),
    to: (asked.to ?? []).map(parseTarget),
    via: asked.via ?? [],
    port: null,
  };
  return whatif(evidenceOf(raw), question, changes.map(change));
}

/** Message and hint of the Failure that it ends in. */
export function refusal(raw: readonly unknown[], changes: readonly string[], asked: Asked = {}): string {
  try {
    ask(raw, changes, asked);
  } catch (error) {
    if (error instanceof Failure) return `${error.message} | ${error.hint ?? ''}`;
    throw error;
  }
  throw new Error('it was answered');
}

/** `outside → nodePort node2: delivered → dropped`, for every flow that is not unchanged. */
export function lines(report: WhatifReport): string[] {
  return report.flows.filter((flow) => flow.change !== 'unchanged').map(line);
}

export function line({ from, via, to, before, after, change: kind }: WhatifFlow): string {
  const who = from.kind === 'external' ? 'outside' : from.kind === 'pod' ? (from.name ?? `pod@${from.node}`) : `${from.node}`;
  const where = `${to.kind}${to.node === null ? '' : ` ${to.node}`}${via === null ? '' : ` via ${via}`}`;
  return `${kind}: ${who} → ${where}: ${before?.verdict ?? '-'} → ${after?.verdict ?? '-'}`;
}

/** What the pods see before and after, by kinds. */
export function seen({ before, after }: WhatifFlow): string {
  const kinds = (fate: WhatifFlow['after']): string =>
    [...new Set((fate?.branches ?? []).map(({ source }) => source?.kind ?? '-'))].sort().join('+');
  return `${kinds(before)} → ${kinds(after)}`;
}
