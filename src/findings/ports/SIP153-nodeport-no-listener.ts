import { defineClusterRule, type Fact } from '../types.ts';

interface Silent extends Fact {
  /** `ns/name`, and its node port. */
  readonly example: string;
  readonly port: number;
}

/** kube-proxy held a socket on each node port until 1.23; since then rules do all the work (kubernetes/kubernetes #108496). */
export const nodeportNoListener = defineClusterRule<Silent>({
  id: 'nodeport-no-listener',
  title: 'node ports do not show in ss or netstat, and need not',
  about: 'cluster',
  severity: 'info',
  needs: [],
  detect: ({ cluster, dataplane }) => {
    const modern = dataplane.classes.some(({ candidates }) => candidates.length > 0 && candidates.every(({ minor }) => minor >= 24));
    const service = modern ? cluster.services.find(({ ports }) => ports.some(({ nodePort }) => nodePort !== null)) : undefined;
    const port = service?.ports.find(({ nodePort }) => nodePort !== null)?.nodePort ?? null;
    return service === undefined || port === null ? [] : [{ example: `${service.namespace}/${service.name}`, port }];
  },
  tell: ({ example, port }) => ({
    message: `nothing listens on node ports, such as ${port} of ${example}, and that is no fault`,
    why: 'kube-proxy from 1.24 on opens no sockets for node ports: its rules translate the packets before any socket is looked for, so ss and netstat show nothing',
    remedy: `Look at the rules instead: iptables-save -t nat | grep ${port}, or nft list map ip kube-proxy service-nodeports`,
  }),
});
