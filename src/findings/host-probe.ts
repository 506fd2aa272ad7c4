import type { Evidence } from '../cluster/evidence.ts';
import type { Cluster } from '../cluster/model.ts';
import { nodeIp } from '../cluster/model.ts';
import type { Dataplane } from '../dataplane/types.ts';
import { familyOf } from '../net/ip.ts';
import { tracePacket } from '../netfilter/trace.ts';
import { observeNodes } from '../traced/nodes.ts';
import type { HostProbe } from './scene.ts';

/** Asks the rules that nodes really have what becomes of a TCP connection to the host itself. */
export function hostProbeOf({
  evidence,
  cluster,
  dataplane,
}: {
  readonly evidence: Evidence;
  readonly cluster: Cluster;
  readonly dataplane: Dataplane;
}): HostProbe {
  const nodes = observeNodes(evidence.nodeFiles, { cluster, dataplane, vipsAreLocal: false });
  return (name, { source, port }) => {
    const node = cluster.nodeByName.get(name);
    const observed = nodes.get(name);
    const destination = node === undefined ? null : nodeIp(node, familyOf(source));
    if (observed === null || observed.untraceable !== null || observed.incomplete !== null || destination === null) return null;
    const trace = tracePacket(observed.net, {
      protocol: 'tcp',
      source,
      sourcePort: null,
      destination,
      destinationPort: port,
      from: { device: null },
    });
    const [first, ...others] = trace.branches.map(({ end }) => end);
    if (!trace.certain || first === undefined || others.some(({ kind }) => kind !== first.kind)) return null;
    switch (first.kind) {
      case 'dropped':
      case 'rejected':
        return { reaches: false, hook: first.hook, line: first.rule?.line ?? null, outcome: first.kind };
      case 'host':
        return { reaches: true };
      default:
        return null;
    }
  };
}
