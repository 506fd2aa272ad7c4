import { rows, type Try } from '../support/row.ts';
import type { Stage } from '../support/stage.ts';
import { twoClusters } from './contexts.ts';

const words =
  (...said: readonly string[]) =>
  async (stage: Stage): Promise<Try> =>
    stage.from(await twoClusters(stage), { words: said });
const each =
  (kubectl: readonly string[], srcip: readonly string[]) =>
  async (stage: Stage): Promise<Try> =>
    stage.from(await twoClusters(stage), { kubectl, srcip });

const NAME = ['-o', 'name'];
const ONE = 'kubectl takes many objects at once; srcip answers for one Service at a time, and says so';

export const WORDS = rows(
  'Words and exit codes',
  { name: 'svc/NAME', set: words('svc/web', ...NAME) },
  { name: 'service/NAME', set: words('service/web', ...NAME) },
  { name: 'services/NAME', set: words('services/web', ...NAME) },
  { name: 'Service/NAME: the case does not matter', set: words('Service/web', ...NAME) },
  { name: 'services.v1./NAME', set: words('services.v1./web', ...NAME) },
  { name: 'svc NAME', set: words('svc', 'web', ...NAME) },
  { name: 'services NAME', set: words('services', 'web', ...NAME) },
  { name: 'NAME alone', set: each(['get', 'svc', 'web', ...NAME], ['explain', 'web', ...NAME]) },
  { name: 'svc/a svc/b', set: words('svc/web', 'svc/api', ...NAME), differs: ONE },
  { name: 'svc a b', set: words('svc', 'web', 'api', ...NAME), differs: ONE },
  { name: 'svc/a b', set: words('svc/web', 'api', ...NAME) },
  { name: 'another type', set: words('deployment/web', ...NAME), differs: 'srcip knows Services only' },
  {
    name: 'a type that does not exist',
    set: words('nonsense/web', ...NAME),
    differs: 'srcip knows Services only, and need not ask the server which types there are',
  },
  {
    name: 'no name after the slash',
    set: words('svc/', ...NAME),
  },
  { name: 'a type and no name', set: words('svc', ...NAME), differs: 'kubectl lists all Services; srcip explains one, and asks which' },
  { name: 'nothing at all', set: words(...NAME) },
  { name: 'a Service that does not exist', set: words('svc/nope', ...NAME) },
  { name: 'flags before the name', set: words('-n', 'shop', '--context=there', ...NAME, 'svc/web') },
  { name: 'flags on both sides', set: words('--context', 'there', 'svc', '-n', 'shop', 'web', ...NAME) },
  {
    name: 'flags before the command',
    differs: "the command comes first, as kubectl itself wants the plugin's name before all flags",
    set: each(
      ['-n', 'shop', '--context', 'there', 'get', 'svc/web', ...NAME],
      ['-n', 'shop', '--context', 'there', 'explain', 'svc/web', ...NAME],
    ),
  },
  { name: '-- and the name', set: words('-n', 'shop', ...NAME, '--', 'svc/web') },
  { name: '-- and a flag: no flag', set: words('svc/web', ...NAME, '--', '-n') },
  { name: '-o json', set: words('svc/web', '-o', 'json') },
  { name: '-ojson', set: words('svc/web', '-ojson') },
  { name: '-o=json', set: words('svc/web', '-o=json') },
  { name: '--output json', set: words('svc/web', '--output', 'json') },
  { name: '--output=json', set: words('svc/web', '--output=json') },
  { name: '-o yaml', set: words('svc/web', '-o', 'yaml') },
  { name: '-oyaml', set: words('svc/web', '-oyaml') },
  { name: '-o wide', set: words('svc/web', '-owide') },
  { name: '-o twice: the last one', set: words('svc/web', '-o', 'json', '-o', 'name') },
  {
    name: 'an output format that does not exist',
    set: words('svc/web', '-o', 'nonsense'),
    differs: 'kubectl asks the server which types there are before it looks at the format',
  },
  { name: '-o without a value', set: words('svc/web', '-o') },
  { name: 'an unknown flag', set: words('svc/web', '--nope') },
  { name: 'an unknown short flag', set: words('svc/web', '-x') },
  { name: 'a flag without its value', set: words('svc/web', '--context') },
  {
    name: 'a flag in place of a value',
    set: words('svc/web', '--token', '-n', 'shop', ...NAME),
    differs: 'kubectl takes "-n" for the token; srcip takes a word that begins with a dash for a flag, and says that --token has no value',
  },
  { name: 'an unknown command', set: each(['nonsense'], ['nonsense']) },
  { name: '--help', set: words('--help') },
  { name: '-h', set: words('-h') },
);
