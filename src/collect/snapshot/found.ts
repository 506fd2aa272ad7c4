import { configHosts } from '../../cluster/config-hosts.ts';
import type { KubeObject } from '../../cluster/objects.ts';
import { slim } from '../../cluster/slim.ts';
import { isListKind, itemKind, type Wants } from './kinds.ts';

/** What reading a text brings to light. */
export type Found =
  | { readonly what: 'object'; readonly object: KubeObject; readonly resourceVersion: string }
  /** Objects of a kind, or ConfigMaps of a name, that is of no use here. */
  | { readonly what: 'passed'; readonly kind: string; readonly count: number }
  | Broken;

/** A document that could not be read; `kinds` are those whose objects may be missing now. */
export interface Broken {
  readonly what: 'broken';
  readonly line: number;
  readonly why: string;
  readonly kinds: readonly string[];
}

/** Why the rest of a text with very many broken parts is left unread. */
export const GIVEN_UP = 'too much before this is broken, the rest is not read';

/** kind and apiVersion that a typed list lends to its items. */
export interface ListKind {
  readonly apiVersion: string;
  readonly kind: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Objects nested deeper than this are hostile; real ones need about ten levels. */
const DEPTH_LIMIT = 64;

/** The Kubernetes objects in a parsed value: one object, a list of any form, or an array of either. Anything else yields nothing. */
export function* expand(value: unknown, wants: Wants, list?: ListKind): Generator<Found> {
  if (Array.isArray(value)) {
    for (const element of value) if (!Array.isArray(element)) yield* expand(element, wants, list);
    return;
  }
  if (!isRecord(value)) return;
  const items = listItems(value, list);
  if (items === null) yield* expandObject(value, wants, list);
  else for (const item of items) if (isRecord(item)) yield* expandObject(item, wants, listKindOf(value));
}

/** What a list lends to its items; undefined for a plain `List`. */
export function listKindOf(header: Json): ListKind | undefined {
  const { kind, apiVersion } = header;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string' || !isListKind(kind)) return undefined;
  const item = itemKind(kind);
  return item === null ? undefined : { apiVersion, kind: item };
}

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listItems(value: Json, list: ListKind | undefined): readonly unknown[] | null {
  const { kind, items } = value;
  if (typeof kind === 'string' ? !isListKind(kind) : list !== undefined) return null;
  if (Array.isArray(items)) return items;
  return kind === 'List' || items === null ? [] : null;
}

function* expandObject(value: Json, wants: Wants, list: ListKind | undefined): Generator<Found> {
  const kind = value['kind'] ?? list?.kind;
  const apiVersion = value['apiVersion'] ?? list?.apiVersion;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return;
  const object = (wants(kind) ? slim(value, list) : null) ?? (wants('ConfigHosts') ? configHosts(value, list) : null);
  if (object === null || isTooDeep(object, DEPTH_LIMIT)) yield { what: 'passed', kind, count: 1 };
  else yield { what: 'object', object, resourceVersion: resourceVersionOf(value) };
}

/** slim() drops the version, which is needed only to choose between two copies. */
function resourceVersionOf(value: Json): string {
  const metadata = value['metadata'];
  const version = isRecord(metadata) ? metadata['resourceVersion'] : undefined;
  return typeof version === 'string' || typeof version === 'number' ? String(version) : '';
}

function isTooDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((child) => isTooDeep(child, levels - 1));
}
