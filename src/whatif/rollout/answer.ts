import type { Answer } from '../../analysis/report.ts';
import { nameList, plural } from '../../analysis/tally.ts';
import { isAnswered } from './fronts.ts';
import type { Walked } from './nodes-of.ts';
import type { DropTime, RolloutReport } from './report.ts';

type Unanswered = Omit<RolloutReport, 'answer'>;

/** The update in a sentence or two: which nodes drop for how long, and why. */
export function answerOf(report: Unanswered, walked: readonly Walked[]): Answer {
  const { workload, nodes } = report;
  const during = `During an update of ${workload.kind.toLowerCase()}/${workload.name}`;
  const stuck = stuckText(report);
  const dropping = nodes.filter(({ drops }) => drops !== null);
  const unknown = walked.some(({ told }) => told.some(({ fares }) => [...fares.outside.values()].includes('undetermined')));
  const outage = walked.every(isOutage);
  const inside = insideText(report);
  const mood = unknown ? 'unknown' : outage ? 'bad' : dropping.length > 0 || inside !== '' || stuck !== '' ? 'mixed' : 'good';
  if (unknown)
    return {
      mood,
      text: `${during}, whether clients are answered is not decided: ${report.gaps.at(-1)?.what ?? 'the data plane is not known'}.`,
    };
  const text =
    outage && !dropping.some(({ drops }) => drops?.until === 'the load balancer takes the node out')
      ? outageText(report, during)
      : dropping.length === 0
        ? inside === ''
          ? `${during}, ${calmText(report, walked)}`
          : during
        : dropText(report, during);
  const both = inside === '' ? text : `${text}${text === during ? ', ' : '; '}${inside}`;
  return { mood, text: `${stuck}${both}.` };
}

function dropText(report: Unanswered, during: string): string {
  const { nodes, dropping, update } = report;
  const named = nodes.filter(({ drops }) => drops !== null);
  const all = named.map(({ node }) => node);
  const { least, most } = dropping;
  const count =
    least === all.length
      ? `${nameList(all)} ${all.length === 1 ? 'drops' : 'each drop'}`
      : least === 0
        ? `${most === 1 && all.length === 1 ? all[0] : `up to ${most} of ${plural(all.length, 'node')} (${nameList(all)})`} may drop`
        : `${least === most ? least : `${least} to ${most}`} of ${plural(all.length, 'node')} (${nameList(all)}) ${least === 1 && most === 1 ? 'drops' : 'drop'}`;
  const time = timeText(named.flatMap(({ drops }) => drops ?? []));
  return `${during}, ${count} outside traffic ${time}, because ${whyText(report)}${sparedText(report)}${update.strategy === 'Recreate' ? '; meanwhile no pod is there at all' : ''}`;
}

function timeText(drops: readonly DropTime[]): string {
  const seconds = drops.map((drop) => drop.seconds);
  const known = seconds.filter((each) => each !== null);
  if (known.length === seconds.length && known.length > 0) return `for up to ${Math.max(...known)} s`;
  return drops.some(({ until }) => until === 'the load balancer takes the node out')
    ? 'until the load balancer notices'
    : 'until a new pod is ready there, if one starts there at all';
}

function whyText({ update, nodes }: Unanswered): string {
  const { stop, loadBalancer, ownsPorts, strategy, maxSurge } = update;
  const certain = nodes.some(({ without }) => without === 'always');
  const goes = certain
    ? ownsPorts && strategy === 'RollingUpdate'
      ? 'a new pod cannot start beside the old one (they hold ports of the node)'
      : 'the old pod goes before the new one is ready'
    : maxSurge > 0
      ? 'new pods may start elsewhere'
      : 'old pods go first, and new ones may start elsewhere';
  if (loadBalancer === null) return `externalTrafficPolicy is Local and ${goes}`;
  const { failSeconds, evidence } = loadBalancer;
  if (failSeconds === null) return `${goes}, and ${evidence}`;
  return `${goes}: the load balancer notices after ${evidence}, and ${serving(stop)}`;
}

function serving({ least, most, evidence }: Unanswered['update']['stop']): string {
  return most === 0 || least < most ? evidence : `a pod that is told to stop serves ${most} s more`;
}

function sparedText({ nodes }: Unanswered): string {
  const spared = nodes.filter(({ without }) => without === 'never').map(({ node }) => node);
  return spared.length === 0 ? '' : `; ${nameList(spared)} ${spared.length === 1 ? 'keeps' : 'keep'} a ready pod in every case`;
}

function calmText({ nodes, update, service, cases }: Unanswered, walked: readonly Walked[]): string {
  if (walked.every(({ told }) => told.every(({ fares }) => fares.outside.size === 0)))
    return 'pods of the Service are answered all the time';
  const { replicas, maxUnavailable, maxSurge, loadBalancer } = update;
  if (service.externalTrafficPolicy !== 'Local')
    return `no node drops: every node forwards to any ready pod, and at least ${Math.max(0, replicas - maxUnavailable)} of ${replicas} stay ready`;
  if (nodes.every(({ without }) => without === 'never'))
    return `no node drops: ${nodes.some(({ why }) => why.includes('another workload')) ? 'each keeps a ready pod in every case' : `a new pod is ready on each node before its old one goes (maxSurge ${maxSurge})`}`;
  if (cases.length > 0 && loadBalancer?.failSeconds != null)
    return `no node drops: the load balancer notices after ${loadBalancer.evidence}, and ${serving(update.stop)}`;
  return 'no node drops that answers now';
}

/** At some moment nobody who was answered is. */
function isOutage({ told }: Walked): boolean {
  const [first, ...rest] = told;
  const served = [...(first?.fares.outside ?? [])].filter(([, verdict]) => isAnswered(verdict)).map(([node]) => node);
  return served.length > 0 && rest.some(({ fares }) => served.every((node) => !isAnswered(fares.outside.get(node))));
}

function outageText({ update }: Unanswered, during: string): string {
  const ready = update.readyAfter > 0 ? ` (at least ${update.readyAfter} s, by its readiness probe)` : '';
  const why =
    update.strategy === 'Recreate'
      ? 'Recreate removes every pod before it starts one'
      : `maxUnavailable ${update.maxUnavailable} lets all ${update.replicas} go at once`;
  return `${during}, nobody is answered from when the last old pod stops until a new one is ready${ready}, because ${why}`;
}

/** Pods in the cluster that ask the clusterIP. */
function insideText({ cases }: Unanswered): string {
  const failing = new Map<string, string>();
  for (const { steps } of cases)
    for (const { from, node, before, after } of steps.flatMap(({ flows }) => flows))
      if (from === 'pods' && isAnswered(before) && !isAnswered(after)) failing.set(node, after);
  if (failing.size === 0) return '';
  return `pods on ${nameList([...failing.keys()].sort())} that ask the clusterIP ${cases.length > 1 ? 'may be' : 'are'} ${[...new Set(failing.values())].join(' or ')} until a new pod is ready there`;
}

function stuckText({ cases, update }: Unanswered): string {
  if (!cases.some(({ steps }) => steps.some(({ phase }) => phase === 'stuck'))) return '';
  const why = update.ownsPorts ? 'no node has its ports free' : 'no node takes new pods';
  const may = cases.every(({ steps }) => steps.some(({ phase }) => phase === 'stuck')) ? 'stands still' : 'may stand still';
  return `The update ${may}: ${why}, and maxUnavailable ${update.maxUnavailable} lets no old pod go. `;
}
