// Holds what findings say of packets against recorded kernel outcomes: run-ts.mjs scripts/findings-with-lab.ts FOLDER… [--show N] [--plain]
// A FOLDER holds recorded cases. Unless --plain, each is asked again with objects that no service proxy looks at, which gives more findings something to say.
// Cases that node rules decide are asked with those; what neither objects nor rules decide is counted apart. Prints per finding how often it was made, what it claimed, how many probes that is about, and what contradicts it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { codeOf, RULES } from '../src/findings/registry.ts';
import { caseFolders, loadCase, type RecordedCase } from '../test/support/cases.ts';
import { type HeldCase, holdCase } from '../test/support/claims.ts';
import { DECORATIONS, decorated } from '../test/support/decorate.ts';

interface Line {
  found: number;
  claims: number;
  agree: number;
  contradict: number;
  open: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { show: { type: 'string', default: '5' }, plain: { type: 'boolean', default: false } },
});
const most = Number(values.show);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

const lines = new Map<string, Line>(RULES.map((rule) => [codeOf(rule), { found: 0, claims: 0, agree: 0, contradict: 0, open: 0 }]));
const wrong = new Map<string, string[]>();
const unexplained: string[] = [];
const hidden: string[] = [];
let explained = 0;
let cases = 0;
for (const folder of positionals.flatMap((root) => caseFolders(root))) {
  cases++;
  const plain = loadCase(folder);
  const recorded = plain.decidable === 'rules' ? loadCase(folder, { nodeFiles: true }) : plain;
  const more = values.plain ? [] : Object.entries(DECORATIONS).map(([name, change]) => decorated(recorded, change, name));
  const isHidden = hasHiddenRules(folder, recorded);
  if (isHidden) hidden.push(recorded.name);
  for (const one of [recorded, ...more]) count(one, holdCase(one), isHidden);
}

/** Rules of others were loaded with iptables-legacy, whose dump was not recorded, and nft does not list them: nothing that was read shows them. */
function hasHiddenRules(folder: string, { evidence }: RecordedCase): boolean {
  const scenario = JSON.parse(readFileSync(join(folder, 'scenario.json'), 'utf8')) as {
    readonly iptablesBackend?: string;
    readonly rules?: unknown;
  };
  const dumps = evidence.nodeFiles.filter(({ format }) => format === 'iptables-save' || format === 'ip6tables-save');
  return scenario.iptablesBackend === 'legacy' && scenario.rules !== undefined && dumps.every(({ text }) => text === '');
}

function count(recorded: RecordedCase, result: HeldCase, isHidden: boolean): void {
  for (const [code, line] of lines) {
    line.found += result.findings.get(code) ?? 0;
    line.claims += result.claims.get(code) ?? 0;
  }
  for (const { code, agrees, about, isDoubted } of result.held) {
    const line = lines.get(code);
    // `neither`: sysctls, bridge settings or counters decide, which no object and no rule shows.
    const isOpen = !agrees && (recorded.decidable === 'neither' || isDoubted || isHidden);
    if (line !== undefined) line[agrees ? 'agree' : isOpen ? 'open' : 'contradict']++;
    if (!agrees && !isOpen) wrong.set(code, [...(wrong.get(code) ?? []), about]);
  }
  if (recorded.decidable !== 'api' || recorded.name.includes('(')) return;
  unexplained.push(...result.unexplained);
  explained += result.explained;
}

const cell = (text: string | number): string => String(text).padStart(11);
print(`${'finding'.padEnd(48)}${['made', 'claims', 'compared', 'agree', 'contradict', 'open'].map(cell).join('')}`);
for (const rule of RULES) {
  const { found, claims, agree, contradict, open } = lines.get(codeOf(rule)) ?? { found: 0, claims: 0, agree: 0, contradict: 0, open: 0 };
  const counts = rule.isClaiming ? [found, claims, agree + contradict, agree, contradict, open] : [found, '-', '-', '-', '-', '-'];
  if (rule.isClaiming || found > 0) print(`${`${codeOf(rule)} ${rule.id}`.padEnd(48)}${counts.map(cell).join('')}`);
}
for (const [code, list] of wrong) {
  print(`\n${code}: ${list.length} contradictions`);
  for (const about of list.slice(0, most)) print(`  ${about}`);
}
print(
  `\n${cases} cases; outside clients dropped or refused by a Service's rule: ${explained} probes explained by a finding, ${unexplained.length} not`,
);
for (const about of unexplained.slice(0, most)) print(`  ${about}`);
if (hidden.length > 0) print(`open because no recorded dump shows their rules (iptables-legacy): ${hidden.join(', ')}`);
process.exitCode = wrong.size > 0 || cases === 0 ? 1 : 0;
