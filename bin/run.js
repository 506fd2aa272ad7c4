#!/usr/bin/env node
// The engine check of oclif loads semver for what package.json already says.
process.env.OCLIF_DISABLE_ENGINE_WARNING = '1';
const { fail, main } = await import('../dist/main.js');
const argv = process.argv.slice(2);
process.on('uncaughtException', (error) => {
  fail(error, argv);
  process.exit();
});
await main(argv).catch((error) => fail(error, argv));
