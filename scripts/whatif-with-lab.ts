// Holds `whatif` against changes that were really made: run-ts.mjs scripts/whatif-with-lab.ts FOLDER [--show N]
// FOLDER is what whatif-with-lab.py wrote. Prints how many probes agree, by change, and what disagrees.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gradeChange, loadChange } from '../test/whatif/recorded.ts';

const [folder = '', ...flags] = process.argv.slice(2);
const most = Number(flags[1] ?? 10);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

interface Tally {
  readonly grades: Map<string, number>;
  clusters: number;
  introduced: number;
}

const tallies = new Map<string, Tally>();
const wrong: string[] = [];
for (const name of readdirSync(folder).sort()) {
  const kind = name.replace(/-\d+$/, '');
  const tally = tallies.get(kind) ?? { grades: new Map<string, number>(), clusters: 0, introduced: 0 };
  tallies.set(kind, tally);
  tally.clusters++;
  for (const { grade, about } of gradeChange(loadChange(join(folder, name)))) {
    tally.grades.set(grade, (tally.grades.get(grade) ?? 0) + 1);
    if (about.endsWith('unchanged)') === false) tally.introduced++;
    if (grade === 'disagree') wrong.push(about);
  }
}
for (const [kind, { grades, clusters, introduced }] of tallies) {
  const counts = ['agree', 'no address', 'open', 'undetermined', 'disagree'].map((grade) => `${grades.get(grade) ?? 0} ${grade}`);
  const probes = [...grades.values()].reduce((sum, count) => sum + count, 0);
  print(`${kind}: ${clusters} clusters, ${probes} probes (${introduced} that the change concerns): ${counts.join(', ')}`);
}
for (const about of wrong.slice(0, most)) print(about);
process.exitCode = wrong.length > 0 ? 1 : 0;
