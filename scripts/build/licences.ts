import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** The folders of the packages, below `root`, whose code is in a bundle. */
export function bundledPackages({ outputs }: Metafile): string[] {
  const inputs = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const folders = inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

/** Texts for packages that declare a licence and come without its text: `NAME.txt`. */
const ADDED = 'scripts/build/licences';

/** The licences of these packages in one text. Throws for a package that comes without one. */
export function licencesOf(root: string, folders: readonly string[]): string {
  const packages = folders.map((folder) => readPackage(root, folder));
  const byName = packages.sort((a, b) => (a.title < b.title ? -1 : 1));
  const list = byName.map(({ title, licence }) => `  ${title} (${licence})`);
  return [`kubectl-srcip contains code of these packages:\n\n${list.join('\n')}\n`, ...byName.map(chapter)].join('\n');
}

interface PackageLicence {
  readonly title: string;
  readonly licence: string;
  readonly where: string;
  readonly texts: readonly string[];
}

function chapter({ title, where, texts }: PackageLicence): string {
  return `${'='.repeat(80)}\n${title}\n${where}\n\n${texts.join('\n\n')}\n`;
}

function readPackage(root: string, folder: string): PackageLicence {
  const { name, version, license, licenses, homepage, repository } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  // The second form is that of old packages.
  const licence = license ?? licenses?.[0]?.type;
  const added = join(root, ADDED, `${name.replace('/', '-')}.txt`);
  const files = [...licenceFiles(join(root, folder)), ...(existsSync(added) ? [added] : [])];
  const texts = files.map((path) => readFileSync(path, 'utf8').replaceAll('\r\n', '\n').trim());
  if (typeof licence !== 'string' || texts.length === 0) throw new Error(`${name}@${version} (${folder}) has no licence text`);
  return { title: `${name} ${version}`, licence, where: String(homepage ?? repository?.url ?? repository ?? ''), texts };
}

function licenceFiles(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)([.-]|$)/i.test(name));
  return names.sort().map((name) => join(folder, name));
}
