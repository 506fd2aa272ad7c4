import type { ConnectionFlags } from '../collect/api.ts';
import type { Typed } from './words.ts';

/** The connection flags among the words, as the API client takes them. */
export function connectionIn({ flags }: Pick<Typed, 'flags'>): ConnectionFlags {
  const last = (name: string): string | undefined => flags.get(name)?.at(-1);
  return {
    kubeconfig: last('kubeconfig'),
    context: last('context'),
    cluster: last('cluster'),
    user: last('user'),
    namespace: last('namespace'),
    server: last('server'),
    token: last('token'),
    as: last('as'),
    asGroup: flags.get('as-group'),
    asUid: last('as-uid'),
    certificateAuthority: last('certificate-authority'),
    clientCertificate: last('client-certificate'),
    clientKey: last('client-key'),
    insecureSkipTlsVerify: flags.has('insecure-skip-tls-verify') ? true : undefined,
    tlsServerName: last('tls-server-name'),
    disableCompression: flags.has('disable-compression') ? true : undefined,
  };
}
