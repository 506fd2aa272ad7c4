import type { CheckFinding, CheckReport } from '../findings/check-report.ts';
import { safeJson, safeText } from './safe.ts';

/** What a tool says about itself and its rules. */
export interface ToolDescription {
  readonly version: string;
  readonly rules: readonly {
    readonly code: string;
    readonly id: string;
    readonly title: string;
    readonly severity: CheckFinding['severity'];
  }[];
}

/** A rule as a log lists it; GitHub code scanning wants every text of it. */
interface SarifRule {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly help: string;
  readonly level: Level;
}

interface SarifResult {
  readonly ruleId: string;
  readonly level: Level;
  readonly message: string;
  readonly location: object;
  /** Keeps an alert the same one from run to run. */
  readonly fingerprint: Readonly<Record<string, string>>;
  readonly more?: object;
}

type Level = 'error' | 'warning' | 'note';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;
const BASES = {
  SRCROOT: { description: { text: 'The folder in which the program ran.' } },
  CLUSTER: { description: { text: 'The cluster: what is relative to it is an object there and no file.' } },
} as const;

/** SARIF 2.1.0 (OASIS), as code scanning services read it. Findings without a manifest point at the object in the cluster. */
export function renderSarif(report: CheckReport, tool: ToolDescription): string {
  const rules = tool.rules.map(({ code, id, title, severity }) => ({
    id: code,
    name: pascal(id),
    text: `${capital(title)}.`,
    help: `See docs/findings/${code}.md`,
    level: LEVELS[severity],
  }));
  const results = [
    ...report.findings.map((finding) => resultOf(finding, [])),
    ...report.suppressed.map((finding) => resultOf(finding, [suppressionOf(finding.suppression)])),
  ];
  return sarifText({ version: tool.version, rules, results });
}

// SARIF 2.1.0 3.27.23: where one result has suppressions, every result has, if only an empty list.
function resultOf(finding: CheckFinding, suppressions: readonly object[]): SarifResult {
  const { code, id, severity, confidence, message, why, remedy, fingerprint, isNew } = finding;
  return {
    ruleId: code,
    level: LEVELS[severity],
    message: `${message}. ${why}. ${remedy}`,
    location: locationOf(finding),
    fingerprint: { 'srcipFinding/v1': fingerprint },
    more: {
      ...(isNew === null ? {} : { baselineState: isNew ? 'new' : 'unchanged' }),
      suppressions,
      properties: { confidence, id },
    },
  };
}

function suppressionOf({ from, reason }: CheckReport['suppressed'][number]['suppression']): object {
  return { kind: from === 'annotation' ? 'inSource' : 'external', status: 'accepted', justification: safeText(reason ?? '') };
}

function locationOf({ location, service, objects }: CheckFinding): object {
  const first = service === null ? objects[0] : { kind: 'Service', ...service };
  const parts = first === undefined ? [] : [first.namespace, first.kind, first.name].filter((part) => part !== undefined && part !== '');
  const logicalLocations = [{ fullyQualifiedName: safeText(parts.length === 0 ? 'cluster' : parts.join('/')), kind: 'object' }];
  if (location !== null) return { ...fileLocation(location), logicalLocations };
  // GitHub code scanning refuses a whole log for one result without a physical location.
  const uri = ['cluster', ...parts.map((part) => safeText(part ?? ''))].map(encodeURIComponent).join('/');
  return { physicalLocation: { artifactLocation: { uri, uriBaseId: 'CLUSTER' }, region: { startLine: 1 } }, logicalLocations };
}

/** The text of a log with one run. */
export function sarifText(run: {
  readonly version: string;
  readonly rules: readonly SarifRule[];
  readonly results: readonly SarifResult[];
}): string {
  const index = new Map(run.rules.map(({ id }, at) => [id, at]));
  const rules = run.rules.map(({ id, name, text, help, level }) => ({
    id,
    name,
    shortDescription: { text },
    fullDescription: { text },
    help: { text: help },
    defaultConfiguration: { level },
  }));
  const results = run.results.map(({ ruleId, level, message, location, fingerprint, more }) => ({
    ruleId,
    ...(index.has(ruleId) ? { ruleIndex: index.get(ruleId) } : {}),
    level,
    message: { text: plain(message) },
    locations: [location],
    partialFingerprints: fingerprint,
    ...more,
  }));
  const driver = { name: 'kubectl-srcip', semanticVersion: run.version, rules };
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', originalUriBaseIds: BASES, results }],
  };
  return `${safeJson(JSON.stringify(log, null, 2))}\n`;
}

/** A message without links: SARIF 2.1.0 3.11.6 makes one of `[text](target)`. */
function plain(text: string): string {
  return safeText(text).replaceAll('](', '] (');
}

/** A line of a file. */
export function fileLocation({ file, line }: { readonly file: string; readonly line: number }): object {
  return { physicalLocation: { artifactLocation: artifactOf(file), region: { startLine: Math.max(1, line) } } };
}

/** A path as a URI reference; blanks and the like are encoded, `../` stays. Backslashes divide folders, as on Windows. */
function artifactOf(file: string): { readonly uri: string; readonly uriBaseId?: string } {
  const path = file
    .replaceAll(/\p{Cs}/gu, '\ufffd')
    .replaceAll('\\', '/')
    .replace(/^(?:\.\/+)+/, '');
  const [, drive = '', rest = path] = /^([A-Za-z]:)(\/.*)$/s.exec(path) ?? [];
  const encoded = rest.split('/').map(encodeURIComponent).join('/');
  if (drive !== '') return { uri: `file:///${drive}${encoded}` };
  if (path.startsWith('//')) return { uri: `file:${encoded}` };
  return path.startsWith('/') ? { uri: `file://${encoded}` } : { uri: encoded, uriBaseId: 'SRCROOT' };
}

function pascal(id: string): string {
  return id.split('-').map(capital).join('');
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
