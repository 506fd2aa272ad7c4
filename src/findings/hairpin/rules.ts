import type { Rule } from '../types.ts';
import { hairpinLocalDropped } from './SIP125-hairpin-local-dropped.ts';
import { hairpinProxyProtocolBypass } from './SIP126-hairpin-proxy-protocol-bypass.ts';
import { hairpinTlsTerminatedAtLb } from './SIP127-hairpin-tls-terminated-at-lb.ts';
import { hairpinNlbLoopback } from './SIP128-hairpin-nlb-loopback.ts';
import { hairpinBackendVmIlb } from './SIP129-hairpin-backend-vm-ilb.ts';
import { hairpinSamePod } from './SIP130-hairpin-same-pod.ts';
import { podToRemoteNodeport } from './SIP131-pod-to-remote-nodeport.ts';
import { externalClientInsideClusterCidr } from './SIP132-external-client-inside-cluster-cidr.ts';
import { certManagerSelfcheckStuck } from './SIP133-cert-manager-selfcheck-stuck.ts';
import { ipmodeProxyUnreachable } from './SIP134-ipmode-proxy-unreachable.ts';
import { sourceRangesBlockInCluster } from './SIP167-source-ranges-block-in-cluster.ts';

/** Clients in the cluster that come back through an outside address. */
export const HAIRPIN_RULES: readonly Rule[] = [
  hairpinLocalDropped,
  hairpinProxyProtocolBypass,
  hairpinTlsTerminatedAtLb,
  hairpinNlbLoopback,
  hairpinBackendVmIlb,
  hairpinSamePod,
  podToRemoteNodeport,
  externalClientInsideClusterCidr,
  certManagerSelfcheckStuck,
  ipmodeProxyUnreachable,
  sourceRangesBlockInCluster,
];
