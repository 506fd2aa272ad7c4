import { rows, type Try } from '../support/row.ts';
import type { Stage } from '../support/stage.ts';

interface Words {
  readonly current?: string;
  readonly server?: string;
  readonly token?: string;
}

/** Writes a kubeconfig that knows one context of everything. */
async function file(stage: Stage, name: string, { current = 'ctx', server = name, token = `${name}-token` }: Words = {}): Promise<string> {
  const api = await stage.api(server);
  return stage.write(name, {
    apiVersion: 'v1',
    kind: 'Config',
    ...(current === '' ? {} : { 'current-context': current }),
    contexts: [
      { name: 'ctx', context: { cluster: 'clu', user: 'usr', namespace: 'shop' } },
      { name: `ctx-${name}`, context: { cluster: `clu-${name}`, user: `usr-${name}`, namespace: 'shop' } },
    ],
    clusters: [
      { name: 'clu', cluster: stage.cluster(api) },
      { name: `clu-${name}`, cluster: stage.cluster(api) },
    ],
    users: [
      { name: 'usr', user: { token } },
      { name: `usr-${name}`, user: { token } },
    ],
  });
}

async function twoFiles(stage: Stage): Promise<[string, string]> {
  return Promise.all([file(stage, 'first'), file(stage, 'second')]);
}

const env = (value: string, more: Try = {}): Try => ({ ...more, env: { KUBECONFIG: value } });

export const FILES = rows(
  'Kubeconfig files',
  {
    name: 'two files, each with a current context and the same names: the first wins',
    set: async (s) => env((await twoFiles(s)).join(':')),
  },
  {
    name: 'two files, a context of the second',
    set: async (s) => env((await twoFiles(s)).join(':'), { flags: ['--context', 'ctx-second'] }),
  },
  {
    name: 'two files, the current context in the second alone, its name in both',
    set: async (s) => env([await file(s, 'first', { current: '' }), await file(s, 'second', { current: 'ctx-second' })].join(':')),
  },
  {
    name: 'a context in one file, its cluster in another, its user in a third',
    set: async (s) => {
      const api = await s.api();
      const parts = [
        { 'current-context': 'c', contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'shop' } }] },
        { clusters: [{ name: 'k', cluster: s.cluster(api) }] },
        { users: [{ name: 'u', user: { token: 'alice-token' } }] },
      ];
      const paths = await Promise.all(parts.map((part, i) => s.write(`part${i}`, { apiVersion: 'v1', kind: 'Config', ...part })));
      return env(paths.join(':'));
    },
  },
  { name: 'a missing file first', set: async (s) => env(`${s.path('missing')}:${await file(s, 'first')}`) },
  { name: 'a missing file last', set: async (s) => env(`${await file(s, 'first')}:${s.path('missing')}`) },
  { name: 'an empty file first', set: async (s) => env(`${await s.write('empty', '')}:${await file(s, 'first')}`) },
  {
    name: 'a file of blanks and a comment',
    set: async (s) => env(`${await s.write('blank', '\n# nothing\n\n')}:${await file(s, 'first')}`),
  },
  { name: 'empty entries', set: async (s) => env(`::${await file(s, 'first')}::`) },
  {
    name: 'the same file twice',
    set: async (s) => {
      const path = await file(s, 'first');
      return env(`${path}:${path}`);
    },
  },
  { name: 'a broken file among good ones', set: async (s) => env(`${await s.write('broken', 'a: [\n')}:${await file(s, 'first')}`) },
  {
    name: 'a file that is no kubeconfig',
    set: async (s) => env(await s.write('pod', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } })),
  },
  { name: 'a list in place of a kubeconfig', set: async (s) => env(await s.write('list', '- a\n- b\n')) },
  { name: 'a folder in place of a file', set: (s) => env(s.folder.path) },
  {
    name: 'a relative path',
    set: async (s) => {
      await file(s, 'first');
      return env('first');
    },
  },
  {
    name: '--kubeconfig',
    set: async (s) => {
      const [first, second] = await twoFiles(s);
      return env(first, { flags: ['--kubeconfig', second] });
    },
  },
  {
    name: '--kubeconfig, relative',
    set: async (s) => {
      await file(s, 'first');
      return { flags: ['--kubeconfig=first'] };
    },
  },
  { name: '--kubeconfig of a missing file', set: async (s) => env(await file(s, 'first'), { flags: ['--kubeconfig', s.path('missing')] }) },
  {
    name: '--kubeconfig of an empty file',
    set: async (s) => env(await file(s, 'first'), { flags: ['--kubeconfig', await s.write('empty', '')] }),
    differs: 'without any cluster kubectl asks http://localhost:8080, whatever listens there; srcip says that there is no kubeconfig',
  },
  { name: '--kubeconfig names one file, never a list', set: async (s) => ({ flags: ['--kubeconfig', (await twoFiles(s)).join(':')] }) },
  { name: 'an empty --kubeconfig', set: async (s) => env(await file(s, 'first'), { flags: ['--kubeconfig='] }) },
  {
    name: 'HOME/.kube/config',
    set: async (s) => {
      await file(s, 'home/.kube/config', { server: 'main', token: 'home-token' });
      return {};
    },
  },
  {
    name: 'HOME/.kube/config, and KUBECONFIG empty',
    set: async (s) => {
      await file(s, 'home/.kube/config', { server: 'main', token: 'home-token' });
      return env('');
    },
  },
  {
    name: 'HOME/.kube/config is not read beside KUBECONFIG',
    set: async (s) => {
      await file(s, 'home/.kube/config', { server: 'main' });
      return env(await file(s, 'first'));
    },
  },
  {
    name: 'no kubeconfig at all',
    set: () => ({}),
    differs: 'without any cluster kubectl asks http://localhost:8080, whatever listens there; srcip says that there is no kubeconfig',
  },
  {
    name: 'no current context, one context',
    set: async (s) => env(await file(s, 'first', { current: '' })),
    differs: 'without a current context kubectl asks http://localhost:8080, whatever listens there; srcip says that no context is chosen',
  },
  { name: 'a current context that does not exist', set: async (s) => env(await file(s, 'first', { current: 'nowhere' })) },
  { name: 'a kubeconfig in JSON', set: async (s) => env(await file(s, 'first.json')) },
  {
    name: 'keys that kubectl does not know',
    set: async (s) => s.one({ cluster: { 'x-new-key': 1 }, user: { token: 'alice-token', 'x-other': [] } }),
  },
  {
    name: 'a number where text belongs',
    set: async (s) => s.one({ user: { token: 12345 } }),
  },
  {
    name: 'the same name twice in one file',
    set: async (s) => {
      const [main, other] = [await s.api('main'), await s.api('other')];
      return s.from({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'shop' } }],
        clusters: [
          { name: 'k', cluster: s.cluster(main) },
          { name: 'k', cluster: s.cluster(other) },
        ],
        users: [{ name: 'u', user: { token: 'alice-token' } }],
      });
    },
  },
);
