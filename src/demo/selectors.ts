import { type Json, record, valueAt } from './json.ts';
import type { ResourceType } from './resource-types.ts';
import { badRequest } from './status.ts';

/** Whether an object is wanted. */
export type Selector = (object: Json) => boolean;

const NAME = '[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?';
const KEY = `(?<key>([A-Za-z0-9.-]+/)?${NAME})`;
const SET = new RegExp(`^${KEY}\\s+(?<operator>in|notin)\\s*\\((?<values>[^()]*)\\)$`);
const EQUALITY = new RegExp(`^${KEY}\\s*(?<operator>==|=|!=)\\s*(?<value>(${NAME})?)$`);
const EXISTENCE = new RegExp(`^(?<not>!)?\\s*${KEY}$`);

/** Reads `app=web,tier in (a,b),!canary`; a text that is no selector is a bad request. */
export function labelSelector(source: string): Selector {
  const requirements = splitOutsideParentheses(source).map(labelRequirement);
  return (object) => {
    const labels = record(valueAt(object, 'metadata.labels'));
    return requirements.every((requirement) => requirement(labels));
  };
}

function labelRequirement(source: string): Selector {
  const set = SET.exec(source)?.groups;
  if (set !== undefined) {
    const values = new Set((set['values'] ?? '').split(',').map((value) => value.trim()));
    return one(set, (value) => typeof value === 'string' && values.has(value), set['operator'] === 'notin');
  }
  const equality = EQUALITY.exec(source)?.groups;
  if (equality !== undefined) return one(equality, (value) => value === equality['value'], equality['operator'] === '!=');
  const existence = EXISTENCE.exec(source)?.groups;
  if (existence !== undefined) return one(existence, (value) => value !== undefined, existence['not'] !== undefined);
  throw badRequest(`unable to parse requirement: found '${source}', expected: a label selector`);
}

function one(groups: Readonly<Record<string, string | undefined>>, matches: (value: unknown) => boolean, negated: boolean): Selector {
  const key = groups['key'] ?? '';
  return (labels) => matches(Object.hasOwn(labels, key) ? labels[key] : undefined) !== negated;
}

function splitOutsideParentheses(source: string): string[] {
  return source
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

const EVERYWHERE = ['metadata.name', 'metadata.namespace'];

/** Fields by which the API server can select, besides name and namespace; anything else it refuses. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  nodes: ['spec.unschedulable'],
  services: ['spec.clusterIP', 'spec.type'],
  namespaces: ['status.phase'],
  secrets: ['type'],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
};

/** Reads `spec.nodeName=worker-1,status.phase!=Failed`; an unknown field is a bad request, as on a real server. */
export function fieldSelector(source: string, type: ResourceType): Selector {
  const requirements = splitOutsideParentheses(source).map((part) => fieldRequirement(part, type));
  return (object) => requirements.every((requirement) => requirement(object));
}

function fieldRequirement(source: string, type: ResourceType): Selector {
  const parsed = /^(?<path>[^=!]+?)(?<operator>==|=|!=)(?<value>.*)$/.exec(source)?.groups;
  const path = parsed?.['path'] ?? '';
  if (parsed === undefined) throw badRequest(`invalid selector: '${source}'; can't understand '${source}'`);
  if (!EVERYWHERE.includes(path) && !(type.custom ? [] : FIELDS[type.plural])?.includes(path)) {
    throw badRequest(`field label not supported: ${path}`);
  }
  const negated = parsed['operator'] === '!=';
  return (object) => (fieldText(object, path) === parsed['value']) !== negated;
}

/** Booleans that are left out are false. */
const BOOLEANS: ReadonlySet<string> = new Set(['spec.unschedulable', 'spec.hostNetwork']);

function fieldText(object: Json, path: string): string {
  return String(valueAt(object, path) ?? (BOOLEANS.has(path) ? 'false' : ''));
}
