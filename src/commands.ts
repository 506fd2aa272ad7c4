import Demo from './commands/demo.ts';
import Explain from './commands/explain.ts';

/** The commands by name, for the generation of oclif.manifest.json; at run time each is loaded by itself. */
export const COMMANDS = { explain: Explain, demo: Demo };
