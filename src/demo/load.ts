import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../net/failure.ts';
import { isRecord, type Json, text } from './json.ts';

/** The recorded clusters that come with the package, by name. */
export function demoClusterNames(): string[] {
  return readdirSync(demoFolder())
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

/** The objects of a recorded cluster that comes with the package. */
export function loadDemoCluster(name = 'cluster'): Json[] {
  const names = demoClusterNames();
  if (!names.includes(name)) throw new Failure(`no demo cluster ${JSON.stringify(name)}`, `there are: ${names.join(', ')}`);
  return loadObjects(join(demoFolder(), `${name}.json`));
}

/** The objects of a JSON file that holds a List or a single object. */
export function loadObjects(path: string): Json[] {
  const parsed = parseFile(path);
  if (!isRecord(parsed) || typeof parsed['kind'] !== 'string') {
    throw new Failure(`${path} holds no Kubernetes object`, 'give a file as printed by: kubectl get svc,nodes,endpointslices -A -o json');
  }
  return Array.isArray(parsed['items']) ? itemsOf(parsed, parsed['items']) : [parsed];
}

/** Items of a `ServiceList` carry no kind: the list says it for them. */
function itemsOf(list: Json, items: readonly unknown[]): Json[] {
  const kind = text(list['kind']).replace(/List$/, '');
  const inherited = kind === '' ? {} : { apiVersion: list['apiVersion'], kind };
  return items.filter(isRecord).map((item) => ({ ...inherited, ...item }));
}

function parseFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`cannot read cluster file ${path}: ${printable(why)}`, 'give a readable JSON file');
  }
}

/** A parser quotes what it could not read; control characters of a file must not reach a terminal. */
function printable(message: string): string {
  return message.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

/** The nearest `demo/` above this file: it is beside `src/` and beside `dist/`, wherever a bundler put this code. */
function demoFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'demo', 'cluster.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Failure('the demo clusters are missing from the package', 'install kubectl-srcip again');
    folder = parent;
  }
  return join(folder, 'demo');
}
