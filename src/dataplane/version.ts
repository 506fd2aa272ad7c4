/** The numbers of a Kubernetes version. */
export interface Version {
  readonly minor: number;
  readonly patch: number;
  /** `v1.33.4`, without build suffix. */
  readonly text: string;
}

/** Reads `v1.33.4`, `1.29.0-eksbuild.1`, `v1.31.2+k3s1`; null for anything else. */
export function parseVersion(text: string | null | undefined): Version | null {
  const match = /^v?1\.(?<minor>\d{1,3})(?:\.(?<patch>\d{1,4}))?(?:[-+._].*)?$/.exec(text ?? '');
  const minor = match?.groups?.['minor'];
  if (minor === undefined) return null;
  const patch = match?.groups?.['patch'] ?? '0';
  return { minor: Number(minor), patch: Number(patch), text: `v1.${Number(minor)}.${Number(patch)}` };
}

/** The version in an image reference's tag; a digest says nothing. */
export function imageVersion(image: string | undefined): Version | null {
  if (image === undefined) return null;
  const bare = image.split('@')[0] ?? '';
  const colon = bare.lastIndexOf(':');
  return colon > bare.lastIndexOf('/') ? parseVersion(bare.slice(colon + 1)) : null;
}

/** Whether `have` is at least 1.minor.patch. */
export function atLeast(have: { readonly minor: number; readonly patch: number }, minor: number, patch = 0): boolean {
  return have.minor > minor || (have.minor === minor && have.patch >= patch);
}

/** No release has so many patches: a supposed version of which only the minor is given is its last one. */
const LAST_PATCH = 99;

/** `1.36`, `v1.36.2`; of a minor version alone its last patch. */
export function parseSupposed(text: string): Version | null {
  return parseVersion(/^v?1\.\d+$/.test(text) ? `${text}.${LAST_PATCH}` : text);
}

/** As people write it: `v1.36` where only the minor version is supposed. */
export function shownVersion(text: string): string {
  const minorAlone = /^(v?1\.\d+)\.99$/.exec(text)?.[1];
  return minorAlone ?? text;
}
