import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

/** What the tests look at in a log; whether it really is one is `sarifFaults`' business. */
export interface SarifLog {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly SarifRule[] } };
    readonly originalUriBaseIds?: Readonly<Record<string, { readonly uri?: string }>>;
    readonly results: readonly SarifResult[];
  }[];
}

interface SarifRule {
  readonly id: string;
  readonly name?: string;
  readonly shortDescription?: { readonly text: string };
  readonly fullDescription?: { readonly text: string };
  readonly help?: { readonly text: string };
}

export interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex?: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly {
    readonly physicalLocation?: {
      readonly artifactLocation?: { readonly uri: string; readonly uriBaseId?: string };
      readonly region?: { readonly startLine: number };
    };
  }[];
  readonly partialFingerprints?: Readonly<Record<string, string>>;
  readonly suppressions?: readonly { readonly kind: string; readonly justification?: string }[];
  readonly baselineState?: string;
}

// RFC 3986: unreserved, reserved and percent-encoded characters; no blanks, backslashes, control or non-ASCII characters.
const URI_REFERENCE = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;

/** A colon in the first segment of a relative reference would be read as the end of a scheme. */
function isUriReference(text: string): boolean {
  return URI_REFERENCE.test(text) && (SCHEME.test(text) || !/^[^/?#]*:/.test(text));
}

const validate = new Ajv({
  strict: false,
  allErrors: true,
  // One of the schema's patterns has a bracket that Unicode mode refuses.
  unicodeRegExp: false,
  formats: {
    uri: (text: string) => isUriReference(text) && SCHEME.test(text),
    'uri-reference': isUriReference,
    'date-time': (text: string) => !Number.isNaN(Date.parse(text)),
  },
}).compile(JSON.parse(readFileSync('test/fixtures/sarif/sarif-schema-2.1.0.json', 'utf8')));

/** What is wrong with a log: by the schema, by the rules that the standard has in its text only, and by what GitHub code scanning demands. */
export function sarifFaults(log: unknown): string[] {
  if (!validate(log)) return (validate.errors ?? []).map(({ instancePath, message }) => `schema: ${instancePath} ${message}`);
  return (log as SarifLog).runs.flatMap((run) => [...textFaults(run), ...gitHubFaults(run)]);
}

type Run = SarifLog['runs'][number];

/** SARIF 2.1.0 3.27.23: all results have suppressions or none (a baseline, too, is one of the whole run); an index is that of the rule; a base is declared. */
function textFaults({ tool, originalUriBaseIds = {}, results }: Run): string[] {
  const { rules } = tool.driver;
  return [
    ...(isAllOrNone(results, 'suppressions') ? [] : ['suppressions of some results only']),
    ...(isAllOrNone(results, 'baselineState') ? [] : ['baselineState of some results only']),
    ...results.flatMap(({ ruleId, ruleIndex }) =>
      ruleIndex === undefined || rules[ruleIndex]?.id === ruleId ? [] : [`${ruleId} is not rule ${ruleIndex}`],
    ),
    ...results
      .flatMap(({ locations }) => locations.map(({ physicalLocation }) => physicalLocation?.artifactLocation?.uriBaseId))
      .flatMap((base) => (base === undefined || base in originalUriBaseIds ? [] : [`base ${base} is not declared`])),
    ...(new Set(rules.map(({ id }) => id)).size === rules.length ? [] : ['two rules of one id']),
  ];
}

function isAllOrNone(results: readonly SarifResult[], key: 'suppressions' | 'baselineState'): boolean {
  return new Set(results.map((result) => result[key] !== undefined)).size <= 1;
}

/**
 * docs.github.com, "SARIF support for code scanning": one result without the URI of a file, and the whole upload is refused
 * ("expected a physical location"); every rule needs its texts; fingerprints keep an alert the same one.
 */
function gitHubFaults({ tool, results }: Run): string[] {
  return [
    ...tool.driver.rules.flatMap(({ id, shortDescription, fullDescription, help }) =>
      [shortDescription, fullDescription, help].every((one) => one !== undefined && one.text !== '') ? [] : [`${id} has not all its texts`],
    ),
    ...results.flatMap(({ ruleId, locations, partialFingerprints, message }) => [
      ...(locations[0]?.physicalLocation?.artifactLocation?.uri ? [] : [`${ruleId} without the URI of a file`]),
      ...(locations[0]?.physicalLocation?.region?.startLine ? [] : [`${ruleId} without a line`]),
      ...(Object.keys(partialFingerprints ?? {}).length > 0 ? [] : [`${ruleId} without a fingerprint`]),
      ...(message.text === '' ? [`${ruleId} without a message`] : []),
    ]),
    ...(results.length <= 25_000 ? [] : [`${results.length} results`]),
  ];
}
