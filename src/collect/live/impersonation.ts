import type { UserEntry } from './kubeconfig-entries.ts';

/** The library sends the user alone, so all of them are ours. client-go: transport.NewImpersonatingRoundTripper. */
export function impersonationHeaders(user: UserEntry): Record<string, string | readonly string[]> {
  if (user.as === null) return {};
  const extra = Object.entries(user.asUserExtra).map(([key, values]) => [`Impersonate-Extra-${escapeHeaderKey(key)}`, values] as const);
  return {
    'Impersonate-User': user.as,
    ...(user.asUid === null ? {} : { 'Impersonate-Uid': user.asUid }),
    ...(user.asGroups.length === 0 ? {} : { 'Impersonate-Group': user.asGroups }),
    ...Object.fromEntries(extra),
  };
}

/** Percent-encodes what may not stand in a header's name, and the percent sign. */
function escapeHeaderKey(key: string): string {
  const bytes = [...Buffer.from(key, 'utf8')];
  return bytes
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9!#$&'*+\-.^_`|~]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
