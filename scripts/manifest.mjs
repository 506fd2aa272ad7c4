// Writes oclif.manifest.json from the built commands, as `oclif manifest` does; help and flag checks are answered from it alone.
import { readFileSync, writeFileSync } from 'node:fs';
import { Plugin } from '@oclif/core/config';

const root = process.cwd();
const pjson = JSON.parse(readFileSync('package.json', 'utf8'));
const plugin = new Plugin({ root, pjson, isRoot: true, ignoreManifest: true, errorOnManifestCreate: true, respectNoCacheDefault: true });
await plugin.load();
const commands = Object.fromEntries(Object.entries(plugin.manifest.commands).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('oclif.manifest.json', `${JSON.stringify({ commands, version: pjson.version }, null, 2)}\n`);
