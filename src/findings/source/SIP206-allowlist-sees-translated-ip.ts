import { parseCidrs } from '../../net/ip.ts';
import type { ServiceScene } from '../scene.ts';
import { defineServiceRule, type Fact, type Severity } from '../types.ts';
import { nameList, patchSpec } from '../words.ts';
import { type Restriction, restrictionsOn } from './restrictions.ts';
import { holdsOf, maskedClaims, type Other, seenBy } from './sees.ts';

interface Misjudged extends Fact {
  readonly kind: Restriction['kind'];
  readonly what: readonly string[];
  readonly seen: Other;
  /** none: nobody passes; all: everybody does. */
  readonly effect: 'none' | 'all' | 'unknown';
}

/** An allow list, a block list or a rate limit goes by the address of the connection, and that is a node's or the load balancer's. */
export const allowlistSeesTranslatedIp = defineServiceRule<Misjudged>({
  id: 'allowlist-sees-translated-ip',
  title: "lists and limits by client address judge a node's or the load balancer's address",
  severity: 'error',
  needs: ['Ingress'],
  foldsUnder: ['no-usable-endpoints', 'lb-bypasses-nodeports'],
  detect: (scene) => {
    const restrictions = scene.isExternal ? restrictionsOn(scene) : [];
    const seen = restrictions.length === 0 ? null : seenBy(scene);
    if (seen?.kind !== 'other') return [];
    return (['allow', 'deny', 'limit'] as const).flatMap((kind) => {
      const these = restrictions.filter((one) => one.kind === kind);
      if (these.length === 0) return [];
      const isHint = these.every((one) => one.isHint);
      const severity: Severity = kind === 'allow' && !isHint ? 'error' : 'warning';
      return [
        {
          severity,
          confidence: isHint ? ('hint' as const) : ('derived' as const),
          key: kind,
          objects: these.slice(0, 20).map(({ object }) => object),
          field: 'spec.externalTrafficPolicy',
          kind,
          what: these.map(({ what }) => what),
          seen,
          effect: effectOf(scene, these, seen),
        },
      ];
    });
  },
  claims: ({ seen }, scene) => (seen.by === 'load-balancer' ? [] : maskedClaims(scene, seen.isAll ? seen.addresses : null)),
  tell: ({ kind, what, seen, effect }, scene) => ({
    message: `${what[0] ?? ''}${what.length > 1 ? ` and ${what.length - 1} more` : ''} ${CONSEQUENCES[kind][effect]}`,
    why: `the ingress controller behind ${scene.key} sees ${seen.addresses.length > 0 ? nameList(seen.addresses) : seen.by === 'load-balancer' ? 'addresses of the load balancer' : 'addresses of the nodes'} for outside clients${seen.by === 'load-balancer' ? '' : ` (externalTrafficPolicy ${scene.service.externalTrafficPolicy ?? 'Cluster'})`}, and goes by those`,
    remedy: remedyFor(scene, seen),
  }),
});

const CONSEQUENCES: Readonly<Record<Restriction['kind'], Readonly<Record<Misjudged['effect'], string>>>> = {
  allow: {
    none: 'locks every outside client out',
    all: 'lets every outside client in',
    unknown: "goes by addresses that are not the clients'",
  },
  deny: { none: 'stops no outside client', all: 'locks every outside client out', unknown: "goes by addresses that are not the clients'" },
  limit: {
    none: 'counts all outside clients as one',
    all: 'counts all outside clients as one',
    unknown: 'counts all outside clients as one',
  },
};

/** Whether what is seen is in the lists: all of it, nothing, or it is not known. */
function effectOf(scene: ServiceScene, restrictions: readonly Restriction[], seen: Other): Misjudged['effect'] {
  const cidrs = parseCidrs(
    restrictions.flatMap((one) => one.cidrs.map((text) => (text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`))),
  );
  return holdsOf(scene, seen, (address) => cidrs.some((cidr) => cidr.contains(address)));
}

function remedyFor(scene: ServiceScene, { by }: Misjudged['seen']): string {
  if (by === 'load-balancer') return "Have the load balancer put the client's address into a PROXY header, and the controller read it";
  return `Let the controller see its clients: ${patchSpec(scene, { externalTrafficPolicy: 'Local' })} (then only nodes with a pod of the controller answer), or keep the lists at the load balancer`;
}
