import { nameList, plural } from './tally.ts';
import type { Told } from './told.ts';

/** What stands between outside clients and the nodes, in a sentence with a blank before it; nothing where that changes nothing. */
export function balancerSentence({ service, view, provider }: Told, answering: readonly string[]): string {
  if (view === null || service.ingress.length === 0) return '';
  const who = view.provider === null ? 'The load balancer' : `The load balancer (${view.provider})`;
  if (view.target === 'pod') return ` ${who} sends to the pods themselves and passes all this by.`;
  const hidden = provider?.source === 'load-balancer' ? ` Behind it the pods see its address, not the client's.` : '';
  const kept = view.nodes.filter((node) => node.inRotation === true).map((node) => node.node);
  const open = view.nodes.filter((node) => node.inRotation === null).length;
  const whole = view.nodes.length;
  if (kept.length === whole) return hidden === '' ? '' : ` ${who} uses all ${whole} nodes.${hidden}`;
  if (open === whole) return hidden;
  if (kept.length === 0 && open === 0) return ` ${who} has no node to send to.`;
  const doubt = open === 0 ? '' : `; of ${plural(open, 'node')} that is not known`;
  const names = kept.length === 0 ? '' : ` (${nameList(kept)})`;
  const good = new Set(answering);
  const bad = kept.filter((node) => !good.has(node));
  const trouble =
    bad.length === 0 || good.size === 0 ? '' : `, and ${nameList(bad)} ${bad.length === 1 ? 'does' : 'do'} not answer all of it`;
  const verb = provider?.choice === 'announcer' ? 'may enter at' : 'uses';
  const subject = provider?.choice === 'announcer' ? `Traffic for the LB IP (${view.provider})` : who;
  return ` ${subject} ${verb} ${kept.length} of ${whole} nodes${names}${doubt}${trouble}.${hidden}`;
}
