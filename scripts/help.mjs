// Makes the help texts ready that src/ready-help.ts names: what the built program itself writes at 80 columns.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
const { commands } = JSON.parse(readFileSync('oclif.manifest.json', 'utf8'));
const env = { PATH: process.env.PATH, OCLIF_COLUMNS: '80' };

mkdirSync('dist/help', { recursive: true });
await Promise.all(
  [null, ...Object.keys(commands)].map(async (command) => {
    const { stdout, stderr } = await run(process.execPath, ['bin/run.js', ...(command === null ? [] : [command]), '--help'], { env });
    if (stdout === '' || stderr !== '') throw new Error(`no help for ${command ?? 'the program'}: ${stderr}`);
    writeFileSync(`dist/help/${command ?? 'index'}.txt`, stdout);
  }),
);
