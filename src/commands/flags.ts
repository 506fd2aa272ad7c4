import * as Flags from '@oclif/core/flags';
import type { ConnectionFlags } from '../collect/api.ts';

const CONNECTION = 'Connection (as in kubectl)';
const OUTPUT = 'Output';

/** kubectl's connection flags, under kubectl's names. */
export const connectionFlags = {
  namespace: Flags.string({ char: 'n', description: "namespace of the Service (default: the context's)", helpGroup: CONNECTION }),
  context: Flags.string({ description: 'kubeconfig context to use', helpGroup: CONNECTION }),
  cluster: Flags.string({ description: 'kubeconfig cluster to use', helpGroup: CONNECTION }),
  user: Flags.string({ description: 'kubeconfig user to use', helpGroup: CONNECTION }),
  kubeconfig: Flags.string({ description: 'path of the kubeconfig file', helpGroup: CONNECTION }),
  server: Flags.string({ char: 's', description: 'address of the API server', helpGroup: CONNECTION }),
  token: Flags.string({ description: 'bearer token', helpGroup: CONNECTION }),
  as: Flags.string({ description: 'user to impersonate', helpGroup: CONNECTION }),
  'as-group': Flags.string({
    description: 'group to impersonate (repeatable)',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: CONNECTION,
  }),
  'as-uid': Flags.string({ description: 'UID to impersonate', helpGroup: CONNECTION }),
  'certificate-authority': Flags.string({ description: 'file of the certificate authority', helpGroup: CONNECTION }),
  'client-certificate': Flags.string({ description: 'file of the client certificate', helpGroup: CONNECTION }),
  'client-key': Flags.string({ description: 'file of the client key', helpGroup: CONNECTION }),
  'insecure-skip-tls-verify': Flags.boolean({ description: "do not check the server's certificate", helpGroup: CONNECTION }),
  'tls-server-name': Flags.string({ description: "name to expect in the server's certificate", helpGroup: CONNECTION }),
  'request-timeout': Flags.string({ description: 'time limit of one request, e.g. 5s (0: none)', helpGroup: CONNECTION }),
  'disable-compression': Flags.boolean({ description: 'ask the server for uncompressed answers', helpGroup: CONNECTION }),
};

const FORMATS = ['table', 'wide', 'json', 'yaml', 'markdown', 'name'];

export const outputFlags = {
  output: Flags.string({
    char: 'o',
    description: 'format of the answer',
    options: FORMATS,
    default: 'table',
    helpGroup: OUTPUT,
  }),
  pager: Flags.boolean({
    description: 'on a terminal, show a long answer in a pager: SRCIP_PAGER (which asks for one by itself), PAGER, or less',
    helpGroup: OUTPUT,
  }),
  'no-color': Flags.boolean({ description: 'no colours (also: NO_COLOR=1)', helpGroup: OUTPUT }),
  verbose: Flags.boolean({
    char: 'v',
    description: 'name what was passed over, and fold nothing that is folded for brevity',
    helpGroup: OUTPUT,
  }),
};

/** The same for answers that pipelines read, too. */
export const judgedOutputFlags = {
  ...outputFlags,
  output: Flags.string({
    char: 'o',
    description: 'format of the answer',
    options: [...FORMATS, 'sarif', 'junit', 'github'],
    default: 'table',
    helpGroup: OUTPUT,
  }),
};

type Parsed = { readonly [K in keyof typeof connectionFlags]?: string | boolean | string[] | undefined };

/** The flags as the API client takes them. */
export function connectionFrom(flags: Parsed): ConnectionFlags {
  const text = (name: keyof Parsed): string | undefined => {
    const value = flags[name];
    return typeof value === 'string' ? value : undefined;
  };
  const groups = flags['as-group'];
  return {
    namespace: text('namespace'),
    context: text('context'),
    cluster: text('cluster'),
    user: text('user'),
    kubeconfig: text('kubeconfig'),
    server: text('server'),
    token: text('token'),
    as: text('as'),
    asGroup: Array.isArray(groups) ? groups : undefined,
    asUid: text('as-uid'),
    certificateAuthority: text('certificate-authority'),
    clientCertificate: text('client-certificate'),
    clientKey: text('client-key'),
    insecureSkipTlsVerify: flags['insecure-skip-tls-verify'] === true ? true : undefined,
    tlsServerName: text('tls-server-name'),
    requestTimeout: text('request-timeout'),
    disableCompression: flags['disable-compression'] === true ? true : undefined,
  };
}
