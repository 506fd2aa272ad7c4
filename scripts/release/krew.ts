import { dump } from 'js-yaml';
import { executableName, type Target } from './targets.ts';

/** An archive of a release. */
export interface Released {
  readonly target: Target;
  readonly file: string;
  readonly sha256: string;
}

// krew shows at most 80 columns of both.
const DESCRIPTION = `Tells what happens to traffic for a Service: which clients are answered, which
are dropped or rejected, on which node, and which source address the pods see.

It reads Services, EndpointSlices, nodes and the configuration of kube-proxy
from the API server. With --rules it also reads the nodes' own iptables or
nftables rules and holds them against what they should be.
`;

const CAVEATS = `Try it without a cluster:
  kubectl srcip demo --tour

It lists services, endpointslices, nodes, pods and namespaces and, in
kube-system, daemonsets and configmaps. What it may not read is named in the
answer. The documentation has a ClusterRole for it.

"--rules ssh" needs an ssh login on the nodes that may run iptables-save or nft,
as root or by sudo; "--rules exec" needs pods/exec in kube-system, and
"--rules debug" must be allowed to create and delete pods.

krew links one name only. For completion in the shell, once:
  cd "\${KREW_ROOT:-$HOME/.krew}/bin"
  ln -s kubectl-srcip kubectl_complete-srcip
`;

/** The manifest of this release for krew. `{file}` and `{version}` in `uri` stand for an archive's name and the version. */
export function krewManifest(
  released: readonly Released[],
  { version, homepage, uri }: { version: string; homepage: string; uri: string },
): string {
  const manifest = {
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'srcip' },
    spec: {
      version: `v${version}`,
      homepage,
      shortDescription: 'Explain what happens to traffic for a Service',
      description: DESCRIPTION,
      caveats: CAVEATS,
      platforms: released.map(({ target, file, sha256 }) => ({
        selector: { matchLabels: { os: target.os, arch: target.arch } },
        uri: uri.replaceAll('{file}', file).replaceAll('{version}', version),
        sha256,
        files: [executableName(target), 'LICENSE', 'THIRD_PARTY_LICENSES.txt'].map((from) => ({ from, to: '.' })),
        bin: executableName(target),
      })),
    },
  };
  return dump(manifest, { lineWidth: -1 });
}
