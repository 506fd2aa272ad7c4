import { closeSync, openSync, readSync } from 'node:fs';

const HEADER_BYTES = 4096;

/** What an executable is for, by its own header: `linux amd64`; null for anything else. */
export function formatOf(path: string): string | null {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, 'r');
  readSync(file, header, 0, HEADER_BYTES, 0);
  closeSync(file);
  return elf(header) ?? machO(header) ?? portable(header);
}

// ELF: e_machine at 18; 62 is x86-64, 183 is AArch64.
function elf(header: Buffer): string | null {
  if (header.readUInt32BE(0) !== 0x7f454c46) return null;
  return named('linux', header.readUInt16LE(18), { 62: 'amd64', 183: 'arm64' });
}

// Mach-O, 64 bit, little endian: cputype at 4.
function machO(header: Buffer): string | null {
  if (header.readUInt32LE(0) !== 0xfeedfacf) return null;
  return named('darwin', header.readUInt32LE(4), { 16777223: 'amd64', 16777228: 'arm64' });
}

// PE: where its header begins is at 60; the machine follows the four letters there.
function portable(header: Buffer): string | null {
  if (header.toString('latin1', 0, 2) !== 'MZ') return null;
  const at = header.readUInt32LE(60);
  return at + 6 > HEADER_BYTES ? null : named('windows', header.readUInt16LE(at + 4), { 34404: 'amd64', 43620: 'arm64' });
}

function named(os: string, machine: number, names: Readonly<Record<number, string>>): string | null {
  const arch = names[machine];
  return arch === undefined ? null : `${os} ${arch}`;
}
