import Demo from './commands/demo.ts';
import Explain from './commands/explain.ts';
import Snapshot from './commands/snapshot.ts';
import Trace from './commands/trace.ts';
import Verify from './commands/verify.ts';

/** The commands by name, for the generation of oclif.manifest.json; at run time each is loaded by itself. */
export const COMMANDS = { explain: Explain, verify: Verify, trace: Trace, snapshot: Snapshot, demo: Demo };
