import type { PackedFile } from './read.ts';

/** What a package may weigh, in bytes: the figures of 0.1.0 and 15 %. */
export const LARGEST_PACKED = 1_230_000;
export const LARGEST_UNPACKED = 5_850_000;

const MAY_HOLD: readonly RegExp[] = [
  /^bin\/(run|complete)\.js$/,
  /^(bin|dist)\/package\.json$/,
  /^dist\/(start|executable|main|commands|complete\/main)\.js$/,
  /^dist\/chunks\/[\w-]+-[A-Z0-9]{8}\.js$/,
  /^dist\/help\/[a-z]+\.txt$/,
  /^dist\/THIRD_PARTY_LICENSES\.txt$/,
  /^schemas\/[a-z-]+\.schema\.json$/,
  /^demo\/[a-z-]+\.json$/,
  /^docs\/([a-z]+\/)?[\w-]+\.(md|svg)$/,
  /^examples\/([a-z]+\/)*([\w-]+\.(yaml|sh|md)|pre-commit)$/,
  /^(oclif\.manifest\.json|package\.json|LICENSE|(README|CHANGELOG|SECURITY)\.md)$/,
];

const MUST_HOLD: readonly string[] = [
  'bin/run.js',
  'bin/complete.js',
  'bin/package.json',
  'dist/package.json',
  'dist/start.js',
  'dist/main.js',
  'dist/complete/main.js',
  'dist/help/index.txt',
  'dist/help/explain.txt',
  'dist/THIRD_PARTY_LICENSES.txt',
  'demo/cluster.json',
  'schemas/service-report.schema.json',
  'examples/rbac/clusterrole.yaml',
  'oclif.manifest.json',
  'LICENSE',
  'README.md',
];

/** What is wrong with a package; nothing, when the list is empty. `strangers` are paths of the machine that must not be in it. */
export function faultsOf(files: readonly PackedFile[], { packed, strangers }: { packed: number; strangers: readonly string[] }): string[] {
  const names = new Set(files.map(({ name }) => name));
  const unpacked = files.reduce((sum, { content }) => sum + content.length, 0);
  return [
    ...files
      .filter(({ name }) => !MAY_HOLD.some((pattern) => pattern.test(name)))
      .map(({ name }) => `${name} does not belong into the package`),
    ...MUST_HOLD.filter((name) => !names.has(name)).map((name) => `${name} is missing`),
    ...files.flatMap((file) => faultsOfFile(file, strangers)),
    ...(packed > LARGEST_PACKED ? [`${packed} bytes packed, more than ${LARGEST_PACKED}`] : []),
    ...(unpacked > LARGEST_UNPACKED ? [`${unpacked} bytes unpacked, more than ${LARGEST_UNPACKED}`] : []),
    ...dependencyFaults(files),
  ];
}

function faultsOfFile({ name, content, mode }: PackedFile, strangers: readonly string[]): string[] {
  const text = content.toString('utf8');
  const wanted = /^(bin\/.+\.js|examples\/.+(\.sh|\/pre-commit))$/.test(name) ? 0o755 : 0o644;
  return [
    ...strangers.filter((path) => text.includes(path)).map((path) => `${name} names the folder ${path}`),
    ...(/sourceMappingURL=/.test(text) && name.startsWith('dist/') ? [`${name} has a source map`] : []),
    ...(mode === wanted ? [] : [`${name} has the mode ${mode.toString(8)} instead of ${wanted.toString(8)}`]),
  ];
}

function dependencyFaults(files: readonly PackedFile[]): string[] {
  const manifest = JSON.parse(files.find(({ name }) => name === 'package.json')?.content.toString('utf8') ?? '{}');
  const fields = ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies', 'bundledDependencies'];
  return fields.filter((field) => manifest[field] !== undefined).map((field) => `package.json has ${field}`);
}
