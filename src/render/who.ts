import type { Branch, EndpointRef, Flow } from '../analysis/report.ts';
import { hostPort } from '../net/ip.ts';
import type { Place, Words } from './place.ts';
import { endpointKey } from './report-index.ts';
import { plural } from './text.ts';

const NAMED = 2;

/** Who gets the packet: a name, `any of 3 pods`, `its own pods`. */
export function whoAnswers(flow: Flow, branches: readonly Branch[], how: { readonly place: Place; readonly words: Words }): string {
  const reached = endpointsIn(branches);
  if (reached.length === 0) return '';
  const all = how.place.index.endpointsOf(flow.to);
  const isAll = reached.length === all.length;
  const isLocal = reached.every((endpoint) => endpoint.node === how.place.entry);
  const standsForOthers = how.place.index.membersOf(how.place.entry).length > 1;
  if (isGeneral(how.words) && isLocal && (!isAll || standsForOthers)) return 'its own pods';
  if (reached.length === 1) return reached.map(endpointName).join('');
  if (isAll) return `any of ${plural(all.length, 'pod')}`;
  if (reached.length <= NAMED) return reached.map(endpointName).join(' | ');
  return isLocal ? `its own ${plural(reached.length, 'pod')}` : `${reached.length} of ${plural(all.length, 'pod')}`;
}

function isGeneral(words: Words): boolean {
  return words === 'alike' || words === 'rough';
}

export function endpointName(endpoint: EndpointRef): string {
  return endpoint.pod ?? hostPort(endpoint.address, endpoint.port);
}

/** Each endpoint once, in the order of the branches. */
function endpointsIn(branches: readonly Branch[]): EndpointRef[] {
  const found = new Map<string, EndpointRef>();
  for (const { endpoint } of branches) if (endpoint !== null) found.set(endpointKey(endpoint), endpoint);
  return [...found.values()];
}
