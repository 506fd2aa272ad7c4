import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What goes into an executable beside node: its main module and its assets by name. */
export interface Program {
  readonly main: string;
  readonly assets: Readonly<Record<string, string>>;
}

/** What the built package has, for executables. */
export function programOf(root: string): Program {
  const folders = ['demo', 'dist/help', 'dist/chunks'];
  const files = [
    'package.json',
    'oclif.manifest.json',
    'dist/main.js',
    'dist/complete/main.js',
    ...folders.flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)),
  ];
  return {
    main: join(root, 'dist/executable.js'),
    assets: Object.fromEntries(files.sort().map((name) => [name, join(root, name)])),
  };
}

/** Writes an executable: a platform's node with the program inside. `builder` is a node of the same version that runs here. */
export function makeExecutable(program: Program, { builder, node, output }: { builder: string; node: string; output: string }): void {
  const config = `${output}.sea.json`;
  mkdirSync(join(output, '..'), { recursive: true });
  writeFileSync(
    config,
    JSON.stringify({
      main: program.main,
      mainFormat: 'commonjs',
      executable: node,
      output,
      disableExperimentalSEAWarning: true,
      useSnapshot: false,
      // Compiled code is for one platform only, and the main module is short.
      useCodeCache: false,
      // NODE_OPTIONS is meant for other programs.
      execArgvExtension: 'none',
      assets: program.assets,
    }),
  );
  execFileSync(builder, ['--build-sea', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  chmodSync(output, 0o755);
  rmSync(config);
}
