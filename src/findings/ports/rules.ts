import type { Rule } from '../types.ts';
import { ipFamilyMismatch } from './SIP146-ip-family-mismatch.ts';
import { udpStaleConntrack } from './SIP147-udp-stale-conntrack.ts';
import { udpHealthCheck } from './SIP148-udp-health-check.ts';
import { sctpLimits } from './SIP149-sctp-limits.ts';
import { mixedProtocolLb } from './SIP150-mixed-protocol-lb.ts';
import { nodeportNotAllocated } from './SIP151-nodeport-not-allocated.ts';
import { nodeportPortConflict } from './SIP152-nodeport-port-conflict.ts';
import { nodeportNoListener } from './SIP153-nodeport-no-listener.ts';
import { nodeportAddressesRestricted } from './SIP154-nodeport-addresses-restricted.ts';
import { localhostNodeport } from './SIP155-localhost-nodeport.ts';
import { lbPending } from './SIP164-lb-pending.ts';
import { externalIpsLocal } from './SIP165-externalips-local.ts';
import { externalIpNotOnNode } from './SIP166-externalip-not-on-node.ts';

/** Node ports, outside addresses, IP families and protocols. */
export const PORT_RULES: readonly Rule[] = [
  ipFamilyMismatch,
  udpStaleConntrack,
  udpHealthCheck,
  sctpLimits,
  mixedProtocolLb,
  nodeportNotAllocated,
  nodeportPortConflict,
  nodeportNoListener,
  nodeportAddressesRestricted,
  localhostNodeport,
  lbPending,
  externalIpsLocal,
  externalIpNotOnNode,
];
