import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command, Interfaces } from '@oclif/core';
import { Config, Plugin } from '@oclif/core/config';
import { run } from '@oclif/core/run';

const COMMANDS: Readonly<Record<string, () => Promise<{ default: Command.Class }>>> = {
  explain: () => import('./commands/explain.ts'),
  demo: () => import('./commands/demo.ts'),
};

/**
 * The program as a plugin that is already in memory: nothing is searched for, and a command's code is loaded when it runs.
 * Help and flag checks need no more than oclif.manifest.json.
 */
class OwnPlugin extends Plugin {
  override async load(): Promise<void> {
    this.type = 'core';
    this.isRoot = true;
    this.root = this.options.root;
    this.pjson = packageJson;
    this.moduleType = 'module';
    this.name = this.pjson.name;
    this.alias = this.name;
    this.version = this.pjson.version;
    this.valid = true;
    this.hooks = {};
    this.manifest = readJson<Interfaces.Manifest>('oclif.manifest.json');
    this.hasManifest = true;
    this.commandIDs = Object.keys(COMMANDS);
    this.commands = this.commandIDs.flatMap((id) => {
      const cached = this.manifest.commands[id];
      return cached === undefined ? [] : [{ ...cached, load: () => this.loadCommand(id) }];
    });
  }

  private async loadCommand(id: string): Promise<Command.Class> {
    const module = await COMMANDS[id]?.();
    if (module === undefined) throw new Error(`no command ${id}`);
    const command = module.default;
    command.id = id;
    command.plugin = this;
    return command;
  }
}

const root = fileURLToPath(new URL('../', import.meta.url));
const packageJson = readJson<Interfaces.PJSON>('package.json');

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(`${root}${name}`, 'utf8')) as T;
}

/** Runs the command line; errors that no command handled end in exit code 2. */
export async function main(argv: readonly string[]): Promise<void> {
  const plugin = new OwnPlugin({ root, name: packageJson.name, pjson: packageJson, isRoot: true });
  await plugin.load();
  const config = await Config.load({ root, pjson: packageJson, plugins: new Map([[plugin.name, plugin]]) });
  await run([...argv], config);
}
