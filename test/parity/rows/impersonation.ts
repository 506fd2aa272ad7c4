import { rows, type Try } from '../support/row.ts';
import type { Stage } from '../support/stage.ts';

const flags =
  (...given: readonly string[]) =>
  (stage: Stage): Promise<Try> =>
    stage.one({}, { flags: given });
const user =
  (entry: object, ...given: readonly string[]) =>
  (stage: Stage): Promise<Try> =>
    stage.one({ user: { token: 'alice-token', ...entry } }, { flags: given });

export const IMPERSONATION = rows(
  'Impersonation',
  { name: 'a user', set: flags('--as', 'jane') },
  { name: 'a service account', set: flags('--as=system:serviceaccount:shop:web') },
  { name: 'a user and a group', set: flags('--as', 'jane', '--as-group', 'ops') },
  { name: 'two groups', set: flags('--as', 'jane', '--as-group', 'ops', '--as-group=dev') },
  { name: 'groups with a comma: one flag, one group', set: flags('--as', 'jane', '--as-group', 'ops,dev') },
  { name: 'a UID', set: flags('--as', 'jane', '--as-uid', '17') },
  { name: 'a group without a user', set: flags('--as-group', 'ops') },
  { name: 'a UID without a user', set: flags('--as-uid', '17') },
  { name: 'the user twice: the last one', set: flags('--as', 'jane', '--as', 'joe') },
  { name: 'an empty user', set: flags('--as=') },
  { name: 'a user in the kubeconfig', set: user({ as: 'jane' }) },
  {
    name: 'a user, groups, UID and extra fields in the kubeconfig',
    set: user({
      as: 'jane',
      'as-groups': ['ops', 'dev'],
      'as-uid': '17',
      'as-user-extra': { reason: ['drill', 'test'], 'example.net/Ticket': ['7'] },
    }),
  },
  { name: 'extra fields whose names no header can hold', set: user({ as: 'jane', 'as-user-extra': { 'a b%/ä': ['x'] } }) },
  { name: 'groups in the kubeconfig without a user', set: user({ 'as-groups': ['ops'] }) },
  { name: 'extra fields in the kubeconfig without a user', set: user({ 'as-user-extra': { reason: ['drill'] } }) },
  { name: 'another user than in the kubeconfig', set: user({ as: 'jane', 'as-groups': ['ops'] }, '--as', 'joe') },
  { name: 'other groups than in the kubeconfig', set: user({ as: 'jane', 'as-groups': ['ops'] }, '--as-group', 'dev') },
  { name: 'a UID of the kubeconfig and a user of the flag', set: user({ as: 'jane', 'as-uid': '17' }, '--as', 'joe') },
  {
    name: 'with a client certificate',
    set: async (s) =>
      s.one(
        { user: { 'client-certificate': 'id.crt', 'client-key': 'id.key' } },
        {
          flags: ['--as', 'jane'],
          before: async () => {
            await s.write('id.crt', s.pki.client.cert);
            await s.write('id.key', s.pki.client.key);
          },
        },
      ),
  },
  { name: 'with a password', set: (s) => s.one({ user: { username: 'al', password: 'pw' } }, { flags: ['--as', 'jane'] }) },
  {
    name: 'with an http server',
    set: async (s) => s.one({ api: await s.api('plain', { pair: null }) }, { flags: ['--as', 'jane', '--as-group', 'ops'] }),
  },
);
