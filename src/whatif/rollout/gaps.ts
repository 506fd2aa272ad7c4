import { uniqueGaps } from '../../analysis/gaps.ts';
import type { Provider } from '../../analysis/providers.ts';
import { plural } from '../../analysis/tally.ts';
import type { Evidence, Gap } from '../../cluster/evidence.ts';
import type { Walked } from './nodes-of.ts';
import type { UpdateRules } from './report.ts';
import type { RollingPod } from './walk.ts';

interface Around {
  readonly evidence: Evidence;
  readonly walked: readonly Walked[];
  readonly rules: UpdateRules;
  readonly provider: Provider | null;
  readonly isOpen: boolean;
  readonly pods: readonly RollingPod[];
  readonly nodes: readonly string[];
}

/** What nobody can know before, and what was supposed for it. */
export function gapsOf(around: Around): Gap[] {
  const { evidence, walked, rules, provider, isOpen, pods, nodes } = around;
  const predicted = walked.flatMap(({ told }) => told.flatMap(({ fares }) => fares.gaps));
  const gaps: Gap[] = [];
  if (isOpen)
    gaps.push({
      what: 'where new pods start',
      why: 'the scheduler decides it among the nodes that nodeSelector, taints and cordons leave; affinity and topology spread are not judged',
    });
  gaps.push({
    what: 'how long a new pod takes to be ready',
    why: `pulling and starting are not known${rules.readyAfter > 0 ? `; its readiness probe alone takes ${rules.readyAfter} s` : ''}`,
  });
  if (rules.stop.least < rules.stop.most) gaps.push({ what: 'how long a pod serves that is told to stop', why: rules.stop.evidence });
  if (rules.loadBalancer !== null && rules.loadBalancer.failSeconds === null && provider?.target !== 'pod')
    gaps.push({ what: 'how soon the load balancer takes a node out', why: rules.loadBalancer.evidence });
  if (provider?.target === 'pod')
    gaps.push({
      what: `how soon ${provider.name} stops sending to a pod`,
      why: 'its targets are the pods themselves; told is what node ports do',
    });
  const waiting = pods.filter(({ phase }) => phase !== 'ready').length;
  if (waiting > 0) gaps.push({ what: plural(waiting, 'pod'), why: 'not ready before the update; taken for old, and the first to go' });
  const untold = new Set(pods.flatMap(({ node }) => (node === null || nodes.includes(node) ? [] : [node]))).size;
  if (untold > 0) gaps.push({ what: `steps on ${plural(untold, 'more node')}`, why: 'they go as on those that are told' });
  return uniqueGaps([...gaps, ...evidence.gaps, ...predicted]);
}
