import type { Evidence } from '../cluster/evidence.ts';
import { clusterFrom } from '../cluster/from-kubernetes.ts';
import type { Cluster, Service } from '../cluster/model.ts';
import { detectDataplane } from '../dataplane/detect.ts';
import type { Dataplane } from '../dataplane/types.ts';
import { Failure } from '../net/failure.ts';
import { answerFor } from './answer.ts';
import { flowsFor } from './asked-flows.ts';
import { uniqueGaps } from './gaps.ts';
import { loadBalancerView } from './load-balancer.ts';
import { notesFor } from './notes.ts';
import { providerOf } from './providers.ts';
import type { Question } from './question.ts';
import type { Finding, ServiceReport } from './report.ts';
import { scopeOf } from './scope.ts';
import { serviceAsked } from './service-asked.ts';
import { dataplaneEntries, endpointGaps, summaryOf } from './summary.ts';
import { answerWithTraced, tracedNotes } from './traced-answer.ts';
import type { CreateTracer } from './traced-flow.ts';

/** What `explain` may use besides, loaded only where it is asked for. */
export interface ExplainTools {
  /** Follows packets through the nodes' own rules; the flows then have `traced`. */
  readonly createTracer?: CreateTracer;
  /** What is wrong with the Service: the rules of `check` that can be asked with what was read. */
  readonly findingsOf?: FindingsOf;
}

/** Finds what is wrong with one Service of a cluster. */
export type FindingsOf = (
  parts: { readonly evidence: Evidence; readonly cluster: Cluster; readonly dataplane: Dataplane },
  service: Service,
) => readonly Finding[];

/** What happens to traffic for one Service, and why. Throws Failure for a question that has no answer. */
export function explain(evidence: Evidence, question: Question, tools: ExplainTools = {}): ServiceReport {
  const cluster = clusterFrom(evidence);
  const service = serviceAsked(cluster, evidence, question);
  if (cluster.nodes.length === 0)
    throw new Failure(`no nodes in ${evidence.origin}`, 'without Node objects nothing can be said about node ports or source addresses');
  const dataplane = detectDataplane(evidence, cluster);
  const provider = service.type === 'LoadBalancer' ? providerOf(service, cluster) : null;
  const scope = scopeOf({ cluster, dataplane, service, question, provider });
  const tracer = tools.createTracer?.(evidence.nodeFiles, cluster, dataplane, service) ?? null;
  const { flows, gaps } = flowsFor(scope, tracer);
  const { groups } = scope;
  const view = loadBalancerView(cluster, dataplane, service, provider);
  return {
    apiVersion: 'srcip.io/v1alpha1',
    kind: 'ServiceReport',
    origin: evidence.origin,
    service: summaryOf(service),
    answer: answerWithTraced(answerFor({ service, flows, groups, view, provider }), flows),
    dataplane: dataplaneEntries(dataplane, cluster),
    ...(groups === null ? {} : { nodeGroups: groups }),
    flows,
    ...(view === null ? {} : { loadBalancer: view }),
    notes: [...tracedNotes(flows), ...notesFor({ cluster, dataplane, service, flows, groups, view, provider })],
    findings: tools.findingsOf?.({ evidence, cluster, dataplane }, service) ?? [],
    gaps: uniqueGaps([...evidence.gaps, ...dataplane.gaps, ...(tracer?.gaps ?? []), ...gaps, ...endpointGaps(service)]),
  };
}
