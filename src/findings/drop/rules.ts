import type { Rule } from '../types.ts';
import { noUsableEndpoints } from './SIP101-no-usable-endpoints.ts';
import { localNoReachableTarget } from './SIP102-local-no-reachable-target.ts';
import { localNodeWithoutEndpoint } from './SIP103-local-node-without-endpoint.ts';
import { localSingleNode } from './SIP104-local-single-node.ts';
import { advertisedAddressWithoutEndpoint } from './SIP105-advertised-address-without-endpoint.ts';
import { endpointWithoutNodename } from './SIP106-endpoint-without-nodename.ts';
import { terminatingOnlyNode } from './SIP107-terminating-only-node.ts';
import { selectorMatchesNothing } from './SIP108-selector-matches-nothing.ts';
import { targetPortUnresolved } from './SIP109-target-port-unresolved.ts';
import { portNameMismatchSlice } from './SIP110-port-name-mismatch-slice.ts';
import { publishNotReady } from './SIP111-publish-not-ready.ts';

/** Endpoints: whether there are any, where they are, and who comes to them. */
export const DROP_RULES: readonly Rule[] = [
  noUsableEndpoints,
  localNoReachableTarget,
  localNodeWithoutEndpoint,
  localSingleNode,
  advertisedAddressWithoutEndpoint,
  endpointWithoutNodename,
  terminatingOnlyNode,
  selectorMatchesNothing,
  targetPortUnresolved,
  portNameMismatchSlice,
  publishNotReady,
];
