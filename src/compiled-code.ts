import { lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Script } from 'node:vm';
import { crc32 } from 'node:zlib';
import { privateFolder } from './private-folder.ts';

/** Compiled code of parts of the program, kept from earlier runs. */
export interface CompiledCode {
  /** Null: there is none. */
  of(part: string): Buffer | null;
  /** Keeps the code of these parts for later runs: with what an earlier run kept, and never loudly. */
  keep(scripts: ReadonlyMap<string, Script>): void;
}

const NONE: CompiledCode = { of: () => null, keep: () => undefined };

/** Longer than this without use, and a file belongs to a version that is gone. */
const UNUSED_MS = 30 * 24 * 3600 * 1000;

/**
 * The code that earlier runs of the same build, the same Node and the same command compiled (V8's cachedData; measured: a fifth to a quarter of a
 * short run). `build` names the build's content: V8 itself only compares lengths of texts. NODE_DISABLE_COMPILE_CACHE turns it off, as in Node.
 */
export function compiledCode({ build, command }: { readonly build: string; readonly command: string }): CompiledCode {
  if (process.env['NODE_DISABLE_COMPILE_CACHE'] !== undefined || !/^[a-z]{1,20}$/.test(command)) return NONE;
  const folder = privateFolder(process.env);
  if (folder === null) return NONE;
  const path = join(folder, `${build}-${process.version}-${process.arch}-${command}.code`);
  const kept = readKept(path);
  return {
    of: (part) => kept.get(part) ?? null,
    keep: (scripts) => {
      try {
        writeKept(path, new Map([...kept, ...[...scripts].map(([part, script]) => [part, script.createCachedData()] as const)]));
        forgetUnused(folder);
      } catch {
        // The next run is as slow as this one.
      }
    },
  };
}

// A file is: a checksum of all that follows, the length of the head, the head (JSON: the name and the length of each part), and the parts, each
// begun at a multiple of eight. V8 trusts what it is given, and a damaged file would end the process.

type Kept = ReadonlyMap<string, Buffer>;

const CHECKSUM = 4;
const PREFIX = 8;

function readKept(path: string): Kept {
  try {
    const whole = readFileSync(path);
    if (crc32(whole.subarray(CHECKSUM)) !== whole.readUInt32LE(0)) return new Map();
    const end = PREFIX + whole.readUInt32LE(CHECKSUM);
    const head = JSON.parse(whole.toString('latin1', PREFIX, end)) as readonly (readonly [string, number])[];
    let at = aligned(end);
    return new Map(
      head.map(([part, length]) => {
        const data = whole.subarray(at, at + length);
        at = aligned(at + length);
        return [part, data];
      }),
    );
  } catch {
    return new Map();
  }
}

function writeKept(path: string, kept: Kept): void {
  const head = Buffer.from(JSON.stringify([...kept].map(([part, data]) => [part, data.length])), 'latin1');
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32LE(head.length, CHECKSUM);
  const whole = Buffer.concat([padded(Buffer.concat([prefix, head])), ...[...kept.values()].map(padded)]);
  whole.writeUInt32LE(crc32(whole.subarray(CHECKSUM)), 0);
  // Another run may be reading, or writing, too: a file is whole or not there.
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, whole, { mode: 0o600, flag: 'wx' });
  renameSync(fresh, path);
}

function aligned(at: number): number {
  return Math.ceil(at / 8) * 8;
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data], aligned(data.length));
}

function forgetUnused(folder: string): void {
  const before = Date.now() - UNUSED_MS;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (/\.code(?:\.\d+)?$/.test(name) && lstatSync(path).atimeMs < before) rmSync(path);
  }
}
