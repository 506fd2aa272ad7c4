import { familyOf } from '../../net/ip.ts';
import {
  at,
  type ClaimedClient,
  type ClaimedOutcome,
  DELIVERED,
  DROPPED,
  EXTERNAL,
  type FlowClaim,
  PARTLY_UNANSWERED,
  UNANSWERED,
} from '../claims.ts';
import type { ServiceScene } from '../scene.ts';
import type { DisagreeingFlow } from './flow-words.ts';

/** What the rules make of a flow, as a claim; nothing where the client is not one that claims can name. */
export function claimOf(flow: DisagreeingFlow, scene: ServiceScene): readonly FlowClaim[] {
  const { to, via } = flow;
  const from = clientOf(flow, scene);
  const outcome = outcomeOf(flow);
  if (from === null || outcome === null || to.kind === 'other' || to.kind === 'healthCheckNodePort') return [];
  const slots = scene.slots().filter(({ port, family }) => isOf(port, to.servicePort) && family === familyOf(to.address));
  const node = via ?? to.node;
  return [
    { from, to: at(scene, slots, { kinds: [to.kind], addresses: [to.address], ...(node === null ? {} : { nodes: [node] }) }), outcome },
  ];
}

function isOf({ name, port }: { readonly name: string; readonly port: number }, label: string | null): boolean {
  return label === (name === '' ? String(port) : name);
}

function clientOf({ from, to }: DisagreeingFlow, { service }: ServiceScene): ClaimedClient | null {
  if (from.kind === 'external') return to.kind === 'loadBalancerIP' && service.sourceRanges.length > 0 ? null : EXTERNAL;
  if (from.node === null) return null;
  if (from.kind === 'node') return { kind: 'process', nodes: [from.node] };
  if (from.name === null) return { kind: 'pod', nodes: [from.node] };
  return from.namespace === null ? null : { kind: 'this-pod', namespace: from.namespace, name: from.name };
}

function outcomeOf({ traced }: DisagreeingFlow): ClaimedOutcome | null {
  switch (traced.verdict) {
    case 'delivered': {
      const sources = traced.branches.map(({ source }) => source);
      if (sources.every((source) => source?.kind === 'preserved')) return { kind: 'preserved', pods: null };
      const seen = sources.flatMap((source) => (source?.kind === 'masqueraded' && source.address !== null ? [source.address] : []));
      return seen.length === sources.length ? { kind: 'masqueraded', pods: null, seen } : DELIVERED;
    }
    case 'dropped':
      return DROPPED;
    case 'rejected':
      return { kind: 'refused' };
    case 'no-reply':
      return UNANSWERED;
    case 'partial':
      return PARTLY_UNANSWERED;
    default:
      return null;
  }
}
