// Holds what the program says about broken nodes against what the kernel did: run-ts.mjs scripts/break-nodes-check.ts FOLDER [NAME ...]
// FOLDER is what break-nodes.py wrote. With --render CASE NODE MINOR it prints the rules that kube-proxy 1.MINOR would write instead.
import { dumpFor } from '../test/expected/sample.ts';
import { dumpsOf } from '../test/expected/support.ts';
import { BREAKAGES } from '../test/support/breakages.ts';
import {
  type BrokenCase,
  baseNames,
  brokenNames,
  type Found,
  findingsOf,
  loadBase,
  loadBroken,
  outcomesInWords,
  verifyAll,
} from '../test/support/broken.ts';
import { gradeCase, gradeTraced, type RecordedCase } from '../test/support/cases.ts';

const [first = '', ...rest] = process.argv.slice(2);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

function foundLine(each: Found): string {
  return `    ${each.severity} ${each.what}: ${each.effect}`;
}

/** Predictions rest on the API alone. */
function predictedOnly(recorded: RecordedCase): RecordedCase {
  return { ...recorded, evidence: { ...recorded.evidence, nodeFiles: [] } };
}

function show(broken: BrokenCase): boolean {
  const verified = verifyAll(broken.recorded.evidence);
  const here = verified.filter(({ node }) => node === broken.node).flatMap(findingsOf);
  const others = verified
    .filter(({ node }) => node !== broken.node)
    .flatMap(findingsOf)
    .filter(({ severity }) => severity !== 'info');
  const mayBeOpen = BREAKAGES[broken.name]?.undecided !== undefined;
  const traced = gradeTraced(broken.recorded).filter(({ grade }) => grade !== 'agree' && !(mayBeOpen && grade === 'undetermined'));
  const unlike = gradeCase(predictedOnly(broken.recorded)).filter(({ grade }) => grade !== 'agree').length;
  const worst = here.some(({ severity }) => severity === 'error')
    ? 'error'
    : here.some(({ severity }) => severity === 'warning')
      ? 'warning'
      : 'none';
  const honest = (unlike === 0 || worst !== 'none') && (worst !== 'error' || unlike > 0);
  const good = traced.length === 0 && others.length === 0 && honest && (here.length > 0 || BREAKAGES[broken.name]?.effect === null);
  print(
    `${good ? 'ok' : 'NOT OK'} ${broken.name} (${broken.base} ${broken.node}): ${worst}, ${unlike} probes unlike the prediction, ${broken.changed.length} changed`,
  );
  for (const each of here) print(foundLine(each));
  for (const each of others) print(`    ON ANOTHER NODE ${foundLine(each)}`);
  for (const line of outcomesInWords(broken.changed)) print(`      ${line}`);
  for (const { grade, about } of traced) print(`  TRACED ${grade}: ${about}`);
  return good;
}

function showBase(name: string): boolean {
  const intact = loadBase(first, name);
  const found = verifyAll(intact.evidence)
    .flatMap(findingsOf)
    .filter(({ severity }) => severity !== 'info');
  const grades = [...gradeCase(predictedOnly(intact)), ...gradeTraced(intact)].filter(({ grade }) => grade !== 'agree');
  print(`${grades.length + found.length === 0 ? 'ok' : 'NOT OK'} intact ${name}: ${intact.records.length} probes`);
  for (const { grade, about } of grades) print(`  ${grade}: ${about}`);
  for (const each of found) print(foundLine(each));
  return grades.length + found.length === 0;
}

function isChain(line: string): boolean {
  return line.startsWith(':');
}

function render([folder = '', node = '', minor = '']: readonly string[]): void {
  for (const { cluster, proxier } of dumpsOf(folder)) {
    if (proxier.node.name !== node || proxier.family !== 4) continue;
    const where = { ...proxier, config: { ...proxier.config, minor: Number(minor) } };
    for (const [table, lines] of Object.entries(dumpFor(cluster.services, where)))
      print([`*${table}`, ...lines.filter(isChain), ...lines.filter((line) => !isChain(line)), 'COMMIT'].join('\n'));
  }
}

if (first === '--render') render(rest);
else {
  const good = [
    ...(rest.length === 0 ? baseNames(first).map(showBase) : []),
    ...brokenNames(first)
      .filter((name) => rest.length === 0 || rest.includes(name))
      .map((name) => show(loadBroken(first, name))),
  ];
  print(`${good.filter(Boolean).length} of ${good.length} as they should be`);
  process.exitCode = good.every(Boolean) ? 0 : 1;
}
