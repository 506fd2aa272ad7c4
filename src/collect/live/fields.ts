import { dirname, isAbsolute, join } from 'node:path';
import { Failure } from '../../net/failure.ts';
import { clean, isRecord, type Json, quoted } from './text.ts';

/** Typed access to one mapping of a file; a value of the wrong type is an error that names its place, as in kubectl. */
export class Fields {
  readonly raw: Json;
  readonly file: string;
  readonly #place: string;

  constructor(raw: unknown, file: string, place: string) {
    this.raw = isRecord(raw) ? raw : {};
    this.file = file;
    this.#place = place;
    if (raw !== null && raw !== undefined && !isRecord(raw)) throw broken(file, `${place.slice(0, -1)} must be a mapping`);
  }

  text(key: string): string | null {
    const value = this.raw[key];
    if (value === undefined || value === null || value === '') return null;
    if (typeof value !== 'string') throw this.#wrong(key, 'a string (put it in quotes)');
    return value;
  }

  path(key: string): string | null {
    const value = this.text(key);
    return value === null || isAbsolute(value) ? value : join(dirname(this.file), value);
  }

  /** Base64, checked as kubectl does when it loads the file; its own decoder passes over line breaks alone. */
  data(key: string): string | null {
    const value = this.text(key);
    const plain = value?.replace(/[\r\n]/g, '') ?? '';
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(plain) || plain.length % 4 !== 0) throw this.#wrong(key, 'base64');
    return value;
  }

  flag(key: string): boolean {
    const value = this.raw[key] ?? false;
    if (typeof value !== 'boolean') throw this.#wrong(key, 'true or false');
    return value;
  }

  texts(key: string): readonly string[] {
    return this.#array(key).map((value) => {
      if (typeof value !== 'string') throw this.#wrong(key, 'a list of strings');
      return value;
    });
  }

  child(key: string, place?: string): Fields {
    return new Fields(this.raw[key], this.file, place ?? `${this.#place}${key}.`);
  }

  children(key: string): Fields[] {
    return this.#array(key).map((item, i) => new Fields(item, this.file, `${this.#place}${key}[${i}].`));
  }

  #array(key: string): readonly unknown[] {
    const value = this.raw[key] ?? [];
    if (!Array.isArray(value)) throw this.#wrong(key, 'a list');
    return value;
  }

  #wrong(key: string, expected: string): Failure {
    return broken(this.file, `${this.#place}${clean(key)} must be ${expected}`);
  }
}

/** The complaint about a file that cannot be understood. */
export function broken(file: string, why: string): Failure {
  return new Failure(
    `error loading config file ${quoted(file)}: ${why}`,
    'name another file with --kubeconfig or KUBECONFIG, or mend this one',
  );
}
