import type { Evidence, Gap, NodeFile } from '../../cluster/evidence.ts';
import type { Kind, KubeObject } from '../../cluster/objects.ts';
import { isKnownKind } from '../../cluster/slim.ts';
import type { Found } from './found.ts';
import { printable } from './text.ts';

/** What was in a snapshot and is of no use here. */
export interface PassedOver {
  /** Files without anything of use. */
  readonly files: number;
  readonly objects: number;
  /** Objects passed over, by kind. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Names of the first of those files. */
  readonly names: readonly string[];
}

const NAMES_LIMIT = 100;
const KINDS_LIMIT = 500;
const GAPS_LIMIT = 50;

/** Groups that serve the same objects under two names. */
const SAME_GROUP: Readonly<Record<string, string>> = { extensions: 'apps', 'projectcalico.org': 'crd.projectcalico.org' };

interface Kept {
  readonly object: KubeObject;
  readonly resourceVersion: string;
}

/** Collects what is found in a snapshot, one copy of each object. */
export class Gathering {
  readonly #objects = new Map<string, Kept>();
  readonly #nodeFiles: NodeFile[] = [];
  readonly #gaps: Gap[] = [];
  readonly #incomplete = new Set<string>();
  readonly #none = new Set<Kind>();
  readonly #kinds = new Map<string, number>();
  readonly #names: string[] = [];
  #hiddenGaps = 0;
  #passedFiles = 0;
  #nodeTexts = 0;

  /** Takes what a file holds; says whether any of it is of use. */
  take(file: string, found: Found): boolean {
    switch (found.what) {
      case 'object':
        this.#keep(found);
        return true;
      case 'passed':
        this.#count(found.kind, found.count);
        return false;
      case 'broken':
        this.gap(`${printable(file)} line ${found.line}`, found.why, found.kinds);
        return true;
    }
  }

  /** A node's text; the same text twice is kept once. */
  nodeFile(file: NodeFile, keep: boolean): void {
    this.#nodeTexts++;
    const same = (other: NodeFile): boolean => other.node === file.node && other.format === file.format && other.text === file.text;
    if (keep && !this.#nodeFiles.some(same)) this.#nodeFiles.push(file);
  }

  passFile(name: string): void {
    this.#passedFiles++;
    if (this.#names.length < NAMES_LIMIT) this.#names.push(printable(name));
  }

  /** Something that could not be read; `'all'`: nothing says which kinds it held. */
  gap(what: string, why: string, kinds: readonly string[] | 'all'): void {
    if (this.#gaps.length < GAPS_LIMIT) this.#gaps.push({ what, why });
    else this.#hiddenGaps++;
    if (kinds === 'all') this.#incomplete.add('*');
    else for (const kind of kinds) this.#incomplete.add(kind);
  }

  /** A kind of which the cluster has nothing, as whoever wrote the snapshot says. */
  none(kind: string): void {
    if (isKnownKind(kind)) this.#none.add(kind);
  }

  get holdsSomething(): boolean {
    return this.#objects.size > 0 || this.#nodeTexts > 0;
  }

  get firstGap(): Gap | undefined {
    return this.#gaps[0];
  }

  evidence(origin: string): Evidence {
    // In the order of an API server, whatever the files are called: the same cluster gives the same report.
    const objects = [...this.#objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kept]) => kept.object);
    const complete = new Set([...this.#none, ...objects.map((object): Kind => object.kind)].filter((kind) => !this.#misses(kind)));
    const more = `${this.#hiddenGaps} more`;
    const gaps = this.#hiddenGaps === 0 ? this.#gaps : [...this.#gaps, { what: more, why: 'not listed one by one' }];
    return { origin, objects, complete, gaps, nodeFiles: this.#nodeFiles };
  }

  passedOver(): PassedOver {
    const objects = [...this.#kinds.values()].reduce((sum, count) => sum + count, 0);
    return { files: this.#passedFiles, objects, kinds: Object.fromEntries(this.#kinds), names: this.#names };
  }

  #misses(kind: string): boolean {
    return this.#incomplete.has('*') || this.#incomplete.has(kind);
  }

  #keep(found: Kept): void {
    const key = keyOf(found.object);
    const before = this.#objects.get(key);
    if (before === undefined || isBetter(found, before))
      this.#objects.set(key, { object: found.object, resourceVersion: found.resourceVersion });
  }

  #count(kind: string, count: number): void {
    const name = printable(kind, 63);
    const key = this.#kinds.has(name) || this.#kinds.size < KINDS_LIMIT || isKnownKind(name) ? name : 'other';
    this.#kinds.set(key, (this.#kinds.get(key) ?? 0) + count);
  }
}

function keyOf(object: KubeObject): string {
  const group = object.apiVersion.includes('/') ? object.apiVersion.slice(0, object.apiVersion.indexOf('/')) : '';
  return JSON.stringify([SAME_GROUP[group] ?? group, object.kind, object.metadata.namespace ?? 'default', object.metadata.name]);
}

/** EndpointSlices of v1 say more than those of v1beta1; else the newer copy wins, and the first when that cannot be told. */
function isBetter(candidate: Kept, before: Kept): boolean {
  const [beta, betaBefore] = [candidate, before].map((kept) => kept.object.apiVersion === 'discovery.k8s.io/v1beta1');
  if (beta !== betaBefore) return betaBefore === true;
  const isNumber = (text: string): boolean => /^\d{1,20}$/.test(text);
  if (!isNumber(candidate.resourceVersion) || !isNumber(before.resourceVersion)) return false;
  return BigInt(candidate.resourceVersion) > BigInt(before.resourceVersion);
}
