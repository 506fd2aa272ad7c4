import type { Rule } from '../types.ts';
import { snatHidesClientIp } from './SIP201-snat-hides-client-ip.ts';
import { localOnWrongService } from './SIP202-local-on-wrong-service.ts';
import { lbIsAProxy } from './SIP203-lb-is-a-proxy.ts';
import { proxyProtocolMismatch } from './SIP204-proxy-protocol-mismatch.ts';
import { forwardedHeadersUntrustedOrOpen } from './SIP205-forwarded-headers-untrusted-or-open.ts';
import { allowlistSeesTranslatedIp } from './SIP206-allowlist-sees-translated-ip.ts';
import { networkpolicyIpblockSeesTranslatedIp } from './SIP207-networkpolicy-ipblock-sees-translated-ip.ts';
import { sourceRangesBypassed } from './SIP208-source-ranges-bypassed.ts';
import { k3sServicelbSnat } from './SIP209-k3s-servicelb-snat.ts';
import { cniMasqueradesExternal } from './SIP210-cni-masquerades-external.ts';
import { clusteripAdvertisedSnat } from './SIP211-clusterip-advertised-snat.ts';
import { localDevNat } from './SIP212-local-dev-nat.ts';
import { masqueradeAll } from './SIP213-masquerade-all.ts';
import { hostnetworkEndpoints } from './SIP214-hostnetwork-endpoints.ts';

/** The address that the pod sees, and who relies on it. */
export const SOURCE_RULES: readonly Rule[] = [
  snatHidesClientIp,
  localOnWrongService,
  lbIsAProxy,
  proxyProtocolMismatch,
  forwardedHeadersUntrustedOrOpen,
  allowlistSeesTranslatedIp,
  networkpolicyIpblockSeesTranslatedIp,
  sourceRangesBypassed,
  k3sServicelbSnat,
  cniMasqueradesExternal,
  clusteripAdvertisedSnat,
  localDevNat,
  masqueradeAll,
  hostnetworkEndpoints,
];
