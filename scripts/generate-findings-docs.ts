import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, cwd } from 'node:process';
import { CODES, type FindingId } from '../src/findings/codes.ts';
import { codeOf, RULES } from '../src/findings/registry.ts';
import type { Rule } from '../src/findings/types.ts';

// Heads of docs/findings/SIPnnn.md from the rules' metadata, and the table of all findings. What stands below a head is written by hand and kept.

const FOLDER = 'docs/findings';
const END = '<!-- What stands above is generated (scripts/generate-findings-docs.ts). -->';
const WHAT: Readonly<Record<Rule['about'], string>> = { service: 'a Service', node: 'nodes', cluster: 'the cluster' };

/** Ids that have a code and no rule yet, each with the reason. */
const NOT_COVERED: Readonly<Partial<Record<FindingId, string>>> = {
  'cni-masquerades-external': 'POSTROUTING rules of others are shown by `verify` (rewrites-source) and by `explain --rules`',
  'rp-filter-drops': 'sysctls and counters of nodes are not read',
  'conntrack-invalid-drop': 'counters of nodes are not read',
  'return-path-bypasses-node': 'routes of load balancers outside the cluster are not known',
  'clusterip-advertised-snat': 'needs to know that somebody outside uses the clusterIP',
  'local-dev-nat': 'what a virtual machine or Docker does outside the cluster is not seen',
  'source-ranges-block-health-check': 'security groups of clouds are not read',
};

/** What some findings do not look at, and why. */
const PARTLY_COVERED: Readonly<Partial<Record<FindingId, string>>> = {
  'hc-port-blocked':
    "host policies of Calico (GlobalNetworkPolicy with HostEndpoint) and Cilium (CiliumClusterwideNetworkPolicy with nodeSelector) are not looked at: these kinds are not read, and Cilium's are enforced in eBPF, where no rule shows them",
  'hairpin-local-dropped':
    'clients that only a Secret names are not seen: Secrets are not read; of ConfigMaps, `-n` looks at those of that namespace, `-A` at all',
};

interface Doc {
  readonly path: string;
  readonly text: string;
}

/** Every generated file as it should be, given what is written in the folder. */
export function findingsDocs(root: string): Doc[] {
  const docs = RULES.map((rule) => ruleDoc(rule, root));
  return [...docs, { path: `${FOLDER}/README.md`, text: overview() }];
}

/** Files of the folder that belong to no rule. */
export function strayDocs(root: string): string[] {
  const known = new Set([...RULES.map((rule) => `${codeOf(rule)}.md`), 'README.md']);
  return readdirSync(join(root, FOLDER)).filter((name) => !known.has(name));
}

function ruleDoc(rule: Rule, root: string): Doc {
  const path = `${FOLDER}/${codeOf(rule)}.md`;
  const full = join(root, path);
  const body = existsSync(full) ? bodyOf(readFileSync(full, 'utf8')) : '';
  return { path, text: `${headOf(rule)}\n${END}\n${body === '' ? '' : `\n${body}\n`}` };
}

/** What was written by hand. */
export function bodyOf(text: string): string {
  const at = text.indexOf(END);
  return (at < 0 ? text : text.slice(at + END.length)).trim();
}

function headOf(rule: Rule): string {
  const needs = rule.needs.length === 0 ? 'nothing beside Services and Nodes' : rule.needs.join(', ');
  const rules = rule.needsRules === undefined ? '' : "; the nodes' rules (`--rules`)";
  const causes = (rule.foldsUnder ?? []).map((id) => `[${CODES[id]}](${CODES[id]}.md) ${id}`);
  return [
    `# ${codeOf(rule)} ${rule.id}`,
    '',
    `${rule.title.slice(0, 1).toUpperCase()}${rule.title.slice(1)}.`,
    '',
    `- Severity: ${rule.severity}, unless the facts make it more or less.`,
    `- About: ${WHAT[rule.about]}.`,
    `- Needs: ${needs}${rules}. What was not read is reported as not checked.`,
    ...(rule.anyDataplane === true
      ? ['- Holds on any data plane.']
      : ['- On a data plane that is not modelled it is a hint, and never an error.']),
    ...(causes.length === 0 ? [] : [`- Folded under its causes: ${causes.join(', ')}.`]),
    `- To accept it: annotate the Service with \`srcip.io/ignore: "${codeOf(rule)}: reason"\`, or list it in a \`--suppressions\` file.`,
    '',
  ].join('\n');
}

function overview(): string {
  const open = (Object.keys(CODES) as FindingId[]).filter((id) => !RULES.some((rule) => rule.id === id));
  return [
    '# Findings',
    '',
    'What `kubectl srcip check` looks for. Codes are given once and never reused: 1xx traffic that is dropped, rejected, unanswered or badly spread; 2xx the',
    'address that pods see; 3xx rules of nodes that are not as they should be; 4xx prediction against trace or probe; 9xx what cannot be told.',
    '',
    '| code | id | severity | |',
    '| --- | --- | --- | --- |',
    ...RULES.map(
      (rule) => `| [${codeOf(rule)}](${codeOf(rule)}.md) | ${rule.id} | ${rule.severity} | ${rule.title.replaceAll('|', '\\|')} |`,
    ),
    '',
    '## Not covered',
    '',
    'These have a code and are not looked for.',
    '',
    '| code | id | why |',
    '| --- | --- | --- |',
    ...open
      .sort((a, b) => (CODES[a] < CODES[b] ? -1 : 1))
      .map((id) => `| ${CODES[id]} | ${id} | ${NOT_COVERED[id] ?? 'needs evidence that is not collected'} |`),
    '',
    'These are looked for, but not everywhere.',
    '',
    '| code | id | what is left out |',
    '| --- | --- | --- |',
    ...(Object.entries(PARTLY_COVERED) as [FindingId, string][])
      .sort(([a], [b]) => (CODES[a] < CODES[b] ? -1 : 1))
      .map(([id, what]) => `| [${CODES[id]}](${CODES[id]}.md) | ${id} | ${what} |`),
    '',
  ].join('\n');
}

if (argv.includes('--write')) {
  mkdirSync(join(cwd(), FOLDER), { recursive: true });
  for (const { path, text } of findingsDocs(cwd())) writeFileSync(join(cwd(), path), text);
}
