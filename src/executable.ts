import { start } from './start.ts';

// The main module of the single executable.
void start(process.argv.slice(2));
