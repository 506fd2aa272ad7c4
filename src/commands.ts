import Assert from './commands/assert.ts';
import Check from './commands/check.ts';
import Demo from './commands/demo.ts';
import Explain from './commands/explain.ts';
import Snapshot from './commands/snapshot.ts';
import Trace from './commands/trace.ts';
import Verify from './commands/verify.ts';
import Whatif from './commands/whatif.ts';

/** The commands by name, for the generation of oclif.manifest.json; at run time each is loaded by itself. */
export const COMMANDS = {
  explain: Explain,
  verify: Verify,
  trace: Trace,
  check: Check,
  whatif: Whatif,
  assert: Assert,
  snapshot: Snapshot,
  demo: Demo,
};
