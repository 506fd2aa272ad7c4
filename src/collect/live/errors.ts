import { Failure } from '../../net/failure.ts';
import { clean, codeOf, isRecord, messageOf } from './text.ts';

/** What an error message needs to name the other side. */
export interface Where {
  readonly server: string;
  readonly context: string | null;
  readonly proxy: string | null;
}

/** A limit that was reached before the server had answered. */
export class TimedOut extends Error {}

const UNKNOWN_CA: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
]);
const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);
const SEE_CONFIG = 'did you specify the right host or port? "kubectl config view --minify" shows what is used';

/** `server https://10.0.0.1:6443 (context "prod")`. */
export function placeOf({ server, context }: Where): string {
  return `server ${clean(server)}${context === null ? '' : ` (context "${clean(context)}")`}`;
}

/** A failed connection in kubectl's words, with what to try next. */
export function connectionFailure(error: unknown, where: Where): Failure {
  if (error instanceof Failure) return error;
  const [why, hint] = explain(error, where);
  return new Failure(`unable to connect to the ${placeOf(where)}: ${why}`, hint);
}

function explain(error: unknown, where: Where): readonly [string, string] {
  // SOCKS wraps the system's error and keeps only its text.
  const code = codeOf(error) || (/\bE[A-Z]{4,}\b/.exec(messageOf(error))?.[0] ?? '');
  if (error instanceof TimedOut)
    return [error.message, 'is the server reachable from here (VPN, firewall)? a longer --request-timeout may help'];
  if (UNKNOWN_CA.has(code)) {
    return [
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
      'check certificate-authority of the cluster in the kubeconfig, or give --certificate-authority',
    ];
  }
  if (code.startsWith('CERT_') || code.startsWith('ERR_TLS_CERT')) return certificateTrouble(error, code);
  return tlsTrouble(error, code) ?? networkTrouble(error, code, where);
}

function certificateTrouble(error: unknown, code: string): readonly [string, string] {
  const x509 = 'tls: failed to verify certificate: x509:';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return [
      `${x509} ${namesInCertificate(error)}`,
      'give the name that the certificate is for with --tls-server-name, or the right --server',
    ];
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return [`${x509} certificate has expired or is not yet valid`, "renew the server's certificate; is the clock of this machine right?"];
  }
  return [`${x509} ${messageOf(error)}`, 'check certificate-authority of the cluster in the kubeconfig'];
}

function namesInCertificate(error: unknown): string {
  const certificate = isRecord(error) || error instanceof Error ? (Reflect.get(error, 'cert') as unknown) : null;
  const names = isRecord(certificate) ? certificate['subjectaltname'] : null;
  const host = error instanceof Error ? (Reflect.get(error, 'host') as unknown) : null;
  if (typeof names !== 'string' || typeof host !== 'string') return messageOf(error);
  const list = names.split(', ').map((name) => name.slice(name.indexOf(':') + 1));
  return `certificate is valid for ${clean(list.join(', '))}, not ${clean(host)}`;
}

function tlsTrouble(error: unknown, code: string): readonly [string, string] | null {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || messageOf(error).includes('wrong version number')) {
    return ['server gave a plain answer to an HTTPS client', 'should the server be http://… ? is a proxy in the way?'];
  }
  const alert = /ALERT_(?<alert>[A-Z_]+)$/.exec(code)?.groups?.['alert'];
  if (alert !== undefined) {
    const words = alert.toLowerCase().replaceAll('_', ' ');
    return [`remote error: tls: ${words}`, 'does the server want a client certificate, or another one? check the user in the kubeconfig'];
  }
  if (code.startsWith('ERR_OSSL') || code === 'ERR_CRYPTO_INVALID_STATE') {
    return [`tls: ${messageOf(error)}`, 'check that certificate-authority, client-certificate and client-key hold PEM and belong together'];
  }
  return code.startsWith('ERR_SSL') || code === 'EPROTO' ? [`tls: ${messageOf(error)}`, SEE_CONFIG] : null;
}

function networkTrouble(error: unknown, code: string, { server, proxy }: Where): readonly [string, string] {
  const host = proxy === null ? new URL(server).hostname : shownProxy(proxy);
  const via = proxy === null ? '' : `proxy ${host}: `;
  const hint = proxy === null ? SEE_CONFIG : 'check proxy-url in the kubeconfig, and HTTPS_PROXY and NO_PROXY in the environment';
  if (code === 'ECONNREFUSED') return [`${via}connection refused`, hint];
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return [`lookup ${clean(host)}: no such host`, hint];
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return [`${via}no route to host`, 'is the network up, and the VPN?'];
  if (code === 'ETIMEDOUT') return [`${via}i/o timeout`, 'is the server reachable from here (VPN, firewall)?'];
  if (CLOSED.has(code)) return [`${via}connection closed before an answer came`, 'is it an API server? does it want a client certificate?'];
  return [`${via}${messageOf(error)}`, hint];
}

/** A proxy without its password. */
function shownProxy(proxy: string): string {
  if (!URL.canParse(proxy)) return '';
  const { protocol, host } = new URL(proxy);
  return `${protocol}//${host}`;
}
