import { createPrivateKey } from 'node:crypto';
import { base64 } from '../../collect/live/support/files.ts';
import { rows, type Try } from '../support/row.ts';
import type { Stage } from '../support/stage.ts';

/** The client certificate of alice as files next to the kubeconfig, and as data. */
async function pair(stage: Stage): Promise<{ files: object; data: object }> {
  const { cert, key } = stage.pki.client;
  await Promise.all([stage.write('id.crt', cert), stage.write('id.key', key)]);
  return {
    files: { 'client-certificate': 'id.crt', 'client-key': 'id.key' },
    data: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) },
  };
}

const user = (entry: object, rest?: Try) => (stage: Stage) => stage.one({ user: entry }, rest);

export const CREDENTIALS = rows(
  'Credentials',
  { name: 'a token', set: user({ token: 't1' }) },
  {
    name: 'a token file, relative to the kubeconfig, with blanks around',
    set: async (s) => {
      await s.write('token', ' from-file \n');
      return s.one({ user: { tokenFile: 'token' } }, { cwd: '/' });
    },
  },
  {
    name: 'a token file that is written anew before each run',
    set: async (s) => {
      let runs = 0;
      return s.one({ user: { tokenFile: 'token' } }, { before: () => s.write('token', ++runs > 0 ? 'new' : 'old').then(() => undefined) });
    },
  },
  {
    name: 'a token and a token file: the file',
    set: async (s) => {
      await s.write('token', 'from-file');
      return s.one({ user: { token: 't1', tokenFile: 'token' } });
    },
  },
  { name: 'a token and a token file that is missing: the token', set: user({ token: 't1', tokenFile: 'missing' }) },
  { name: 'a token file that is missing', set: user({ tokenFile: 'missing' }) },
  {
    name: 'an empty token file',
    differs:
      'kubectl asks for a user name and a password on standard input, which no API server has taken since Kubernetes 1.19; srcip says that the file is empty',
    set: async (s) => {
      await s.write('token', '');
      return s.one({ user: { tokenFile: 'token' } });
    },
  },
  {
    name: 'an empty token file and a token: the token',
    set: async (s) => {
      await s.write('token', '');
      return s.one({ user: { token: 't1', tokenFile: 'token' } });
    },
  },
  {
    name: 'a token file of blanks',
    differs: 'the same refusal: kubectl puts the line break into the header, srcip says that the file is empty',
    set: async (s) => {
      await s.write('token', '\n');
      return s.one({ user: { tokenFile: 'token' } });
    },
  },
  { name: '--token', set: user({ token: 't1' }, { flags: ['--token', 't2'] }) },
  {
    name: '--token over a token file',
    differs:
      'kubectl drops the flag without a word and goes on as the user of the file; a token on the command line is the one that is wanted',
    set: async (s) => {
      await s.write('token', 'from-file');
      return s.one({ user: { tokenFile: 'token' } }, { flags: ['--token=t2'] });
    },
  },
  {
    name: '--token with a client certificate: both',
    set: async (s) => s.one({ user: (await pair(s)).data }, { flags: ['--token', 't2'] }),
  },
  { name: '--token over a password', set: user({ username: 'al', password: 'pw' }, { flags: ['--token', 't2'] }) },
  { name: 'an empty --token', set: user({ token: 't1' }, { flags: ['--token='] }) },
  { name: 'a token with a line break', set: user({ token: 'a\nb' }) },
  { name: 'a user name and a password', set: user({ username: 'al', password: 'p:w ä' }) },
  { name: 'a user name, a password and a token', set: user({ username: 'al', password: 'pw', token: 't1' }) },
  { name: 'a user name without a password', set: user({ username: 'al' }) },
  {
    name: 'a client certificate by file, relative to the kubeconfig',
    set: async (s) => s.one({ user: (await pair(s)).files }, { cwd: '/' }),
  },
  { name: 'a client certificate by data', set: async (s) => s.one({ user: (await pair(s)).data }) },
  { name: 'a client certificate and a token: both', set: async (s) => s.one({ user: { ...(await pair(s)).data, token: 't1' } }) },
  {
    name: 'a server that insists on a client certificate',
    set: async (s) => s.one({ api: await s.api('main', { requireCertificate: true }), user: (await pair(s)).data }),
  },
  {
    name: 'a server that insists on a client certificate, and none',
    set: async (s) => s.one({ api: await s.api('main', { requireCertificate: true }) }),
  },
  {
    name: '--client-certificate and --client-key',
    set: async (s) => {
      await pair(s);
      return s.one({ user: { token: 't1' } }, { flags: ['--client-certificate', 'id.crt', '--client-key', 'id.key'] });
    },
  },
  {
    name: 'a client certificate without a key',
    set: async (s) => {
      await pair(s);
      return s.one({ user: { 'client-certificate': 'id.crt' } });
    },
  },
  {
    name: 'a key without a client certificate',
    set: async (s) => {
      await pair(s);
      return s.one({ user: { 'client-key': 'id.key', token: 't1' } });
    },
  },
  { name: 'a client certificate file that is missing', set: user({ 'client-certificate': 'missing', 'client-key': 'missing' }) },
  {
    name: 'an encrypted key',
    set: async (s) => {
      await s.write('id.crt', s.pki.client.cert);
      await s.write('id.key', encrypted(s));
      return s.one({ user: { 'client-certificate': 'id.crt', 'client-key': 'id.key' } });
    },
  },
  {
    name: 'a key of another certificate',
    set: async (s) =>
      s.one({ user: { 'client-certificate-data': base64(s.pki.client.cert), 'client-key-data': base64(s.pki.server.key) } }),
  },
  {
    name: 'a client certificate that is no PEM',
    set: user({ 'client-certificate-data': base64('hello'), 'client-key-data': base64('hello') }),
  },
  { name: 'data that is no base64', set: user({ 'client-certificate-data': '***', 'client-key-data': '***' }) },
  {
    name: 'data goes over the file',
    differs: 'kubectl wants a file to be there that it never reads',
    set: async (s) => s.one({ user: { ...(await pair(s)).data, 'client-certificate': 'missing', 'client-key': 'missing' } }),
  },
  {
    name: 'a user with nothing',
    differs:
      'kubectl asks for a user name and a password on standard input, which no API server has taken since Kubernetes 1.19; srcip asks as nobody and shows what the server says to that',
    set: user({}),
  },
  { name: 'an auth provider of old', set: user({ 'auth-provider': { name: 'nonesuch', config: {} } }) },
  { name: 'the auth provider gcp without a token', set: user({ 'auth-provider': { name: 'gcp', config: {} } }) },
);

function encrypted({ pki }: Stage): string {
  return createPrivateKey(pki.client.key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }).toString();
}
