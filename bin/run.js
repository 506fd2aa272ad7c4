#!/usr/bin/env node
// The engine check of oclif loads semver for what package.json already says.
process.env.OCLIF_DISABLE_ENGINE_WARNING = '1';
const { main } = await import('../dist/main.js');
await main(process.argv.slice(2));
