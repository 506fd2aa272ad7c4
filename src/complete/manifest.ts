import { resourceText } from '../resources.ts';

/** A flag as oclif.manifest.json has it, as far as completion reads it. */
export interface FlagEntry {
  readonly name: string;
  readonly type: 'boolean' | 'option';
  readonly char?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly options?: readonly string[];
  readonly multiple?: boolean;
  readonly hidden?: boolean;
  readonly exclusive?: readonly string[];
}

export interface CommandEntry {
  readonly summary?: string;
  readonly hidden?: boolean;
  readonly flags: Readonly<Record<string, FlagEntry>>;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** The commands and their flags, without their code. */
export interface Manifest {
  readonly commands: Readonly<Record<string, CommandEntry>>;
}

export function readManifest(): Manifest {
  return JSON.parse(resourceText('oclif.manifest.json') ?? '{"commands":{}}') as Manifest;
}
