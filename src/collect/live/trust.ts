import { readFile } from 'node:fs/promises';
import { Failure } from '../../net/failure.ts';
import type { Target } from './target.ts';
import { fileTrouble, quoted } from './text.ts';

/** The certificates that the server's has to come from, base64; null: those of the system. */
export async function trusted({ cluster }: Target): Promise<string | null> {
  if (cluster.caData === null && cluster.caFile === null) return null;
  const text =
    cluster.caData === null
      ? await readFile(cluster.caFile ?? '', 'utf8').catch((error: unknown) => {
          throw unreadable(cluster.caFile ?? '', error);
        })
      : Buffer.from(cluster.caData, 'base64').toString('utf8');
  // Node takes text without a certificate for no certificates at all, and every server for a stranger.
  if (text.includes('-----BEGIN CERTIFICATE-----')) return Buffer.from(text).toString('base64');
  throw new Failure(
    'unable to load root certificates: no PEM block in the certificate authority',
    'mend certificate-authority of the cluster in the kubeconfig, or give --certificate-authority',
  );
}

function unreadable(path: string, error: unknown): Failure {
  return new Failure(
    `unable to read certificate-authority ${quoted(path)}: ${fileTrouble(error)}`,
    'mend its path in the kubeconfig or in the flag',
  );
}
