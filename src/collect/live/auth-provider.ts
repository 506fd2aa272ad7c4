import { Failure } from '../../net/failure.ts';
import type { UserEntry } from './kubeconfig-entries.ts';
import { isRecord, type Json, quoted } from './text.ts';

/** Cached access tokens of these are still good; kubectl 1.26 removed the plugins that renewed them. */
const SUCCESSORS: Readonly<Record<string, string>> = {
  gcp: 'the gcp auth plugin has been removed from kubectl; use gke-gcloud-auth-plugin instead',
  azure: 'the azure auth plugin has been removed from kubectl; use kubelogin instead',
};
/** These would start a program from inside the library, `cmd-path` even through a shell. */
const UNWANTED: ReadonlySet<string> = new Set(['cmd-path', 'cmd-args', 'exec', 'tokenFile']);
const LEEWAY_S = 10;

/**
 * The `auth-provider` of a user as the client library may have it, or null for a user without one.
 * An expired OIDC token is not renewed here: renewing may use up the refresh token, and only kubectl writes the new one into the kubeconfig.
 */
export function usableAuthProvider(user: UserEntry, userName: string): { readonly name: string; readonly config: Json } | null {
  if (user.authProvider === null) return null;
  const { name } = user.authProvider;
  if (name !== 'oidc' && SUCCESSORS[name] === undefined) {
    throw new Failure(
      `no auth provider found for name ${quoted(name)} (user ${quoted(userName)})`,
      'use an exec plugin, a token or a client certificate',
    );
  }
  const config = Object.fromEntries(
    Object.entries(user.authProvider.config).filter(([key, value]) => typeof value === 'string' && value !== '' && !UNWANTED.has(key)),
  );
  if (name === 'oidc' && isExpired(config['id-token'])) throw noToken(user, userName);
  return { name, config };
}

/** The complaint when an auth provider has no token that is still valid. */
export function noToken(user: UserEntry, userName: string): Failure {
  const name = user.authProvider?.name ?? '';
  return new Failure(
    `the ${name} token of user ${quoted(userName)} is missing or has expired`,
    SUCCESSORS[name] ?? 'any kubectl command, e.g. "kubectl version", renews it; then try again',
  );
}

function isExpired(token: unknown): boolean {
  const payload = typeof token === 'string' ? token.split('.')[1] : undefined;
  if (payload === undefined) return true;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const expires = isRecord(claims) ? claims['exp'] : undefined;
    return typeof expires !== 'number' || expires - LEEWAY_S < Date.now() / 1000;
  } catch {
    return true;
  }
}
