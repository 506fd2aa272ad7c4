import { readFileSync } from 'node:fs';
import { Failure } from '../net/failure.ts';
import { resourceNames, resourceText } from '../resources.ts';
import { isRecord, type Json, text } from './json.ts';

const FOLDER = 'demo';

/** The recorded clusters that come with the package, by name. */
export function demoClusterNames(): string[] {
  const names = resourceNames(FOLDER).filter((file) => file.endsWith('.json'));
  if (names.length === 0) throw new Failure('the demo clusters are missing from the package', 'install kubectl-srcip again');
  return names.map((file) => file.slice(0, -'.json'.length));
}

/** The objects of a recorded cluster that comes with the package. */
export function loadDemoCluster(name = 'cluster'): Json[] {
  const names = demoClusterNames();
  if (!names.includes(name)) throw new Failure(`no demo cluster ${JSON.stringify(name)}`, `there are: ${names.join(', ')}`);
  const path = `${FOLDER}/${name}.json`;
  return objectsIn(path, () => resourceText(path) ?? '');
}

/** The objects of a JSON file that holds a List or a single object. */
export function loadObjects(path: string): Json[] {
  return objectsIn(path, () => readFileSync(path, 'utf8'));
}

function objectsIn(path: string, read: () => string): Json[] {
  const parsed = parse(path, read);
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

function parse(path: string, read: () => string): unknown {
  try {
    return JSON.parse(read());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`cannot read cluster file ${path}: ${printable(why)}`, 'give a readable JSON file');
  }
}

/** A parser quotes what it could not read; control characters of a file must not reach a terminal. */
function printable(message: string): string {
  return message.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
