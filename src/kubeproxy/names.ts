import { createHash } from 'node:crypto';
import type { Endpoint, Service, ServicePort } from '../cluster/model.ts';
import { servicePortName } from '../cluster/model.ts';
import { hostPort } from '../net/ip.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const CHAIN_HASH_LENGTH = 16;

/** kube-proxy ≥1.19, pkg/proxy/iptables portProtoHash: base32 of the SHA-256 of port name and protocol, 16 characters. */
export function serviceChain(
  prefix: 'KUBE-SVC' | 'KUBE-SVL' | 'KUBE-EXT' | 'KUBE-FW' | 'KUBE-XLB',
  service: Service,
  port: ServicePort,
): string {
  return `${prefix}-${chainHash(servicePortName(service, port) + port.protocol.toLowerCase())}`;
}

/** kube-proxy pkg/proxy/iptables servicePortEndpointChainName. */
export function endpointChain(service: Service, port: ServicePort, endpoint: Endpoint): string {
  return `KUBE-SEP-${chainHash(servicePortName(service, port) + port.protocol.toLowerCase() + hostPort(endpoint.address, endpoint.port))}`;
}

/** The last part of a chain's name: base32 of the SHA-256 of a text, 16 characters. */
export function chainHash(text: string): string {
  const digest = createHash('sha256').update(text).digest();
  let bits = 0;
  let value = 0;
  let found = '';
  for (const byte of digest) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      found += BASE32[(value >>> (bits - 5)) & 31] ?? '';
      bits -= 5;
    }
    value &= (1 << bits) - 1;
    if (found.length >= CHAIN_HASH_LENGTH) break;
  }
  return found.slice(0, CHAIN_HASH_LENGTH);
}
