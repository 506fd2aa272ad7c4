/** Stand for a clusterIP that no API server has allocated yet: IPv4 dummy address (RFC 7600) and discard prefix (RFC 6666). Never shown. */
export const UNALLOCATED = { IPv4: '192.0.0.8', IPv6: '100::53' } as const;

export function isUnallocated(address: string): boolean {
  return address === UNALLOCATED.IPv4 || address === UNALLOCATED.IPv6;
}
