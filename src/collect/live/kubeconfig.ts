import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { Failure } from '../../net/failure.ts';
import { type ClusterEntry, type ContextEntry, type KubeconfigFile, readEntries, type UserEntry } from './kubeconfig-entries.ts';
import { codeOf, fileTrouble, messageOf, quoted } from './text.ts';

/** Environment variables, as in `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** All files of the kubeconfig as one, by kubectl's rules. */
export interface Kubeconfig {
  readonly currentContext: string;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
  /** Every place that was looked at, found or not. */
  readonly lookedAt: readonly string[];
}

/**
 * Loads `--kubeconfig`, else the files of KUBECONFIG, else `~/.kube/config`. Of several files the first `current-context` and the first
 * definition of a name win; missing and empty files are skipped, except for a file named by the flag, which must exist.
 */
export async function loadKubeconfig(flag: string | undefined, variables: Variables): Promise<Kubeconfig> {
  const explicit = flag !== undefined && flag !== '';
  const lookedAt = explicit ? [resolve(flag)] : placesOf(variables);
  const files = await Promise.all(lookedAt.map((path) => loadFile(path, explicit)));
  return { ...merge(files.filter((file) => file !== null)), lookedAt };
}

function placesOf(variables: Variables): string[] {
  const listed = variables['KUBECONFIG'] ?? '';
  if (listed !== '') return [...new Set(listed.split(delimiter).filter((path) => path !== ''))].map((path) => resolve(path));
  const home = variables['HOME'] || variables['USERPROFILE'] || homedir();
  return [join(home, '.kube', 'config')];
}

async function loadFile(path: string, mustExist: boolean): Promise<KubeconfigFile | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !mustExist) return null;
    throw new Failure(
      `cannot read the kubeconfig ${quoted(path)}: ${fileTrouble(error)}`,
      'name another file with --kubeconfig or KUBECONFIG',
    );
  }
  if (text.trim() === '') return null;
  return readEntries(await parseYaml(text, path), path);
}

async function parseYaml(text: string, path: string): Promise<unknown> {
  const { load } = await import('js-yaml');
  try {
    return load(text);
  } catch (error) {
    // The message goes on with an excerpt of the file, which may hold secrets.
    const [firstLine = ''] = messageOfYaml(error).split('\n');
    throw new Failure(`error loading config file ${quoted(path)}: ${firstLine}`, 'mend the YAML of this file');
  }
}

function messageOfYaml(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('reason' in error)) return messageOf(error);
  const mark = 'mark' in error && typeof error.mark === 'object' && error.mark !== null && 'line' in error.mark ? error.mark.line : null;
  return `yaml: ${typeof mark === 'number' ? `line ${mark + 1}: ` : ''}${String(error.reason)}`;
}

function merge(files: readonly KubeconfigFile[]): KubeconfigFile {
  return {
    currentContext: files.map((file) => file.currentContext).find((name) => name !== '') ?? '',
    contexts: firstOfEach(files.map((file) => file.contexts)),
    clusters: firstOfEach(files.map((file) => file.clusters)),
    users: firstOfEach(files.map((file) => file.users)),
  };
}

function firstOfEach<T>(maps: readonly ReadonlyMap<string, T>[]): Map<string, T> {
  return new Map([...maps].reverse().flatMap((map) => [...map]));
}
