import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { canonicalIp } from '../../net/ip.ts';

/** Compares a server's certificate with the address that the server is known by; undefined when it fits. */
export function checkAddress(address: string, certificate: PeerCertificate): Error | undefined {
  // Node 22.23 takes every IPv6 address for a DNS name and refuses it.
  if (isIP(address) === 6 && addressesIn(certificate).includes(canonicalIp(address))) return undefined;
  return checkServerIdentity(address, certificate);
}

function addressesIn(certificate: PeerCertificate): readonly (string | null)[] {
  // A name with a comma in it stands in quotes; it could pretend to be more than one name.
  const names = (certificate.subjectaltname ?? '').replace(/"(?:[^"\\]|\\.)*"?/g, '').split(', ');
  return names.filter((name) => name.startsWith('IP Address:')).map((name) => canonicalIp(name.slice('IP Address:'.length)));
}
