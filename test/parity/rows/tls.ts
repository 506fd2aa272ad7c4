import { base64 } from '../../collect/live/support/files.ts';
import type { Pair } from '../../collect/live/support/pki.ts';
import { rows, type Try } from '../support/row.ts';
import type { Stage } from '../support/stage.ts';

/** A server with that certificate, and a cluster entry with these keys. */
const shows =
  (which: 'server' | 'otherName' | 'expired', cluster: object = {}, ...flags: readonly string[]) =>
  async (stage: Stage): Promise<Try> =>
    stage.one({ api: await stage.api('main', { pair: stage.pki[which] satisfies Pair }), cluster }, { flags });

const NO_CA = { 'certificate-authority-data': null };

export const TLS = rows(
  'TLS',
  { name: 'a certificate authority by data', set: shows('server') },
  {
    name: 'a certificate authority by file, relative to the kubeconfig',
    set: async (s) => {
      await s.write('ca.crt', s.pki.ca.cert);
      return s.one({ cluster: { ...NO_CA, 'certificate-authority': 'ca.crt' } }, { cwd: '/' });
    },
  },
  {
    name: 'data goes over the file',
    differs: 'kubectl wants a file to be there that it never reads',
    set: shows('server', { 'certificate-authority': 'missing' }),
  },
  { name: 'no certificate authority', set: shows('server', NO_CA) },
  {
    name: 'another certificate authority',
    set: async (s) => s.one({ cluster: { 'certificate-authority-data': base64(s.pki.strangerCa.cert) } }),
  },
  {
    name: 'two certificate authorities in one file',
    set: async (s) => s.one({ cluster: { 'certificate-authority-data': base64(`${s.pki.strangerCa.cert}\n${s.pki.ca.cert}`) } }),
  },
  { name: 'a certificate authority that is no PEM', set: shows('server', { 'certificate-authority-data': base64('hello') }) },
  { name: 'a certificate authority that is no base64', set: shows('server', { 'certificate-authority-data': '***' }) },
  { name: 'a certificate authority file that is missing', set: shows('server', { ...NO_CA, 'certificate-authority': 'missing' }) },
  {
    name: '--certificate-authority',
    set: async (s) => {
      await s.write('ca.crt', s.pki.ca.cert);
      return s.one({ cluster: NO_CA }, { flags: ['--certificate-authority', 'ca.crt'] });
    },
  },
  {
    name: '--certificate-authority over data',
    set: async (s) => {
      await s.write('ca.crt', s.pki.strangerCa.cert);
      return s.one({}, { flags: ['--certificate-authority=ca.crt'] });
    },
  },
  { name: '--certificate-authority that is missing', set: shows('server', {}, '--certificate-authority', 'missing') },
  { name: 'insecure-skip-tls-verify', set: shows('server', { ...NO_CA, 'insecure-skip-tls-verify': true }) },
  { name: 'insecure-skip-tls-verify with a certificate authority', set: shows('server', { 'insecure-skip-tls-verify': true }) },
  { name: '--insecure-skip-tls-verify', set: shows('otherName', NO_CA, '--insecure-skip-tls-verify') },
  { name: '--insecure-skip-tls-verify=true', set: shows('otherName', NO_CA, '--insecure-skip-tls-verify=true') },
  { name: '--insecure-skip-tls-verify=false', set: shows('otherName', {}, '--insecure-skip-tls-verify=false') },
  {
    name: '--insecure-skip-tls-verify over the certificate authority of the kubeconfig',
    set: shows('expired', {}, '--insecure-skip-tls-verify'),
  },
  {
    name: '--insecure-skip-tls-verify and --certificate-authority',
    set: async (s) => {
      await s.write('ca.crt', s.pki.ca.cert);
      return s.one({}, { flags: ['--insecure-skip-tls-verify', '--certificate-authority', 'ca.crt'] });
    },
  },
  { name: 'a certificate of another name', set: shows('otherName') },
  { name: 'tls-server-name', set: shows('otherName', { 'tls-server-name': 'other.test' }) },
  { name: 'tls-server-name that is not in the certificate', set: shows('server', { 'tls-server-name': 'nope.test' }) },
  { name: '--tls-server-name', set: shows('otherName', {}, '--tls-server-name', 'other.test') },
  {
    name: '--tls-server-name over the one of the kubeconfig',
    set: shows('otherName', { 'tls-server-name': 'nope.test' }, '--tls-server-name=other.test'),
  },
  { name: 'tls-server-name that is an address', set: shows('server', { 'tls-server-name': '127.0.0.1' }) },
  {
    name: 'tls-server-name and insecure',
    set: shows('otherName', { ...NO_CA, 'insecure-skip-tls-verify': true, 'tls-server-name': 'x.test' }),
  },
  { name: 'an expired certificate', set: shows('expired') },
  {
    name: 'a server by name',
    set: async (s) => {
      const api = await s.api();
      return s.one({ api: { ...api, url: api.url.replace('127.0.0.1', 'localhost') } });
    },
  },
  {
    name: 'https asked of an http server',
    set: async (s) => {
      const api = await s.api('plain', { pair: null });
      return s.one({ api: { ...api, url: api.url.replace('http:', 'https:') } });
    },
  },
  { name: 'disable-compression', set: shows('server', { 'disable-compression': true }) },
  { name: '--disable-compression', set: shows('server', {}, '--disable-compression') },
  {
    name: '--disable-compression=false over the kubeconfig',
    set: shows('server', { 'disable-compression': true }, '--disable-compression=false'),
  },
);
