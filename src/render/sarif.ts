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

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;

/** SARIF 2.1.0 (OASIS), as code scanning services read it. Findings without a manifest point at the object by its logical name. */
export function renderSarif(report: CheckReport, tool: ToolDescription): string {
  const index = new Map(tool.rules.map(({ code }, at) => [code, at]));
  const results = [
    ...report.findings.map((finding) => ({ finding, reason: null })),
    ...report.suppressed.map((finding) => ({ finding, reason: finding.suppression })),
  ];
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'kubectl-srcip',
            semanticVersion: tool.version,
            rules: tool.rules.map(({ code, id, title, severity }) => ({
              id: code,
              name: pascal(id),
              shortDescription: { text: `${capital(title)}.` },
              defaultConfiguration: { level: LEVELS[severity] },
              help: { text: `See docs/findings/${code}.md` },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { SRCROOT: { description: { text: 'The folder in which the program ran.' } } },
        results: results.map(({ finding, reason }) => ({
          ruleId: finding.code,
          ...(index.has(finding.code) ? { ruleIndex: index.get(finding.code) } : {}),
          level: LEVELS[finding.severity],
          message: { text: safeText(`${finding.message}. ${finding.why}. ${finding.remedy}`) },
          locations: [locationOf(finding)],
          partialFingerprints: { 'srcipFinding/v1': finding.fingerprint },
          ...(finding.isNew === null ? {} : { baselineState: finding.isNew ? 'new' : 'unchanged' }),
          ...(reason === null
            ? {}
            : {
                suppressions: [
                  {
                    kind: reason.from === 'annotation' ? 'inSource' : 'external',
                    status: 'accepted',
                    justification: safeText(reason.reason ?? ''),
                  },
                ],
              }),
          properties: { confidence: finding.confidence, id: finding.id },
        })),
      },
    ],
  };
  return `${safeJson(JSON.stringify(log, null, 2))}\n`;
}

function locationOf({ location, service, objects }: CheckFinding): object {
  const first = service === null ? objects[0] : { kind: 'Service', ...service };
  const name =
    first === undefined
      ? 'cluster'
      : [first.namespace, first.kind, first.name].filter((part) => part !== undefined && part !== '').join('/');
  const logicalLocations = [{ fullyQualifiedName: safeText(name), kind: 'object' }];
  if (location === null) return { logicalLocations };
  const { uri, isRelative } = uriOf(location.file);
  return {
    physicalLocation: {
      artifactLocation: { uri, ...(isRelative ? { uriBaseId: 'SRCROOT' } : {}) },
      region: { startLine: Math.max(1, location.line) },
    },
    logicalLocations,
  };
}

/** A path as a URI reference; blanks and the like are encoded, `../` stays. */
function uriOf(file: string): { readonly uri: string; readonly isRelative: boolean } {
  const path = file.replaceAll('\\', '/').replace(/^\.\//, '');
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? { uri: `file://${encoded}`, isRelative: false } : { uri: encoded, isRelative: true };
}

function pascal(id: string): string {
  return id.split('-').map(capital).join('');
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
