import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AssertReport, AssertResult } from '../../src/assert/report.ts';
import type { CheckFinding, CheckReport, SuppressedFinding } from '../../src/findings/check-report.ts';
import { renderAssert } from '../../src/render/assert-formats.ts';
import { renderCheck } from '../../src/render/check-formats.ts';
import { safeText } from '../../src/render/safe.ts';
import { hasXmllint, junitFaults, xmllintFaults } from '../support/junit.ts';
import { type SarifLog, sarifFaults } from '../support/sarif.ts';
import { commandsIn } from '../support/workflow-commands.ts';

type Format = 'sarif' | 'junit' | 'github';

const OPTIONS = { columns: 100, color: false, unicode: true, verbose: false } as const;
const RULES = [
  { code: 'SIP101', id: 'no-usable-endpoints', title: 'no endpoint can take traffic', severity: 'error' },
  { code: 'SIP103', id: 'local-node-without-endpoint', title: 'outside traffic is dropped', severity: 'warning' },
] as const;

function finding(differs: Partial<CheckFinding> = {}): CheckFinding {
  return {
    ...{ code: 'SIP101', id: 'no-usable-endpoints', severity: 'error', confidence: 'derived', message: 'm', why: 'w', remedy: 'r' },
    ...{ objects: [], docs: 'docs/findings/SIP101.md', service: { namespace: 'ns1', name: 'web' }, folded: [] },
    ...{ location: { file: 'web.yaml', line: 3 }, isNew: null, fingerprint: 'f00' },
    ...differs,
  } as CheckFinding;
}

function suppressed(differs: Partial<CheckFinding> = {}, from = 'annotation'): SuppressedFinding {
  return { ...finding(differs), suppression: { code: 'SIP101', service: 'ns1/web', reason: 'known', from } };
}

function checkReport(differs: Partial<CheckReport> = {}): CheckReport {
  return {
    ...{ apiVersion: 'srcip.io/v1alpha1', kind: 'CheckReport', origin: 'test', service: null, dataplane: [], findings: [], suppressed: [] },
    ...{ unusedSuppressions: [], notChecked: [], gaps: [], services: [{ namespace: 'ns1', name: 'web' }] },
    answer: { mood: 'good', text: 'ns1/web: nothing found.' },
    ...differs,
  } as CheckReport;
}

function ofCheck(report: CheckReport, format: Format, failOn: 'error' | 'never' = 'error'): Promise<string> {
  return renderCheck(report, { ...OPTIONS, format, failOn, tool: async () => ({ version: '1.2.3', rules: RULES }) });
}

function result(differs: Partial<AssertResult> = {}): AssertResult {
  const problem = { from: null, via: null, to: null, verdict: null, text: 'expected delivered, found dropped', why: ['because'] };
  return {
    ...{ service: { namespace: 'ns1', name: 'web' }, name: 'n', file: 'flows.yaml', line: 5, status: 'fails', flows: 1 },
    problems: differs.status === 'holds' ? [] : [problem],
    ...differs,
  } as AssertResult;
}

function assertReport(results: readonly AssertResult[]): AssertReport {
  const counts = { holds: 0, fails: 0, undetermined: 0, unanswerable: 0 };
  for (const { status } of results) counts[status] += 1;
  return {
    ...{ apiVersion: 'srcip.io/v1alpha1', kind: 'AssertReport', origin: 'test', service: null, results, counts, gaps: [] },
    answer: { mood: 'bad', text: '1 of 1 expected flows does not hold.' },
  };
}

function ofAssert(report: AssertReport, format: Format, allowUndetermined = false): Promise<string> {
  return renderAssert(report, format, OPTIONS, { version: '1.2.3', allowUndetermined });
}

function log(text: string): SarifLog {
  return JSON.parse(text) as SarifLog;
}

function faultsOf(format: Format, text: string): string[] {
  if (format === 'sarif') return sarifFaults(JSON.parse(text));
  if (format === 'github') return [];
  return [...junitFaults(text), ...(hasXmllint && xmllintFaults(text) !== '' ? [xmllintFaults(text)] : [])];
}

const BOTH = [finding(), finding({ code: 'SIP103', id: 'local-node-without-endpoint', severity: 'warning', fingerprint: 'f01' })];
const CLUSTER_WIDE = finding({ service: null, location: null, objects: [{ kind: 'Node', name: 'node 1' }], fingerprint: 'f02' });

describe('check: valid whatever was found', () => {
  const reports: readonly (readonly [string, CheckReport])[] = [
    ['nothing', checkReport()],
    ['many', checkReport({ findings: [...BOTH, ...BOTH, CLUSTER_WIDE, CLUSTER_WIDE] })],
    ['only suppressed ones', checkReport({ suppressed: [suppressed(), suppressed({}, 'ok.yaml')] })],
    ['some suppressed', checkReport({ findings: BOTH, suppressed: [suppressed()] })],
    [
      'a baseline',
      checkReport({ findings: [finding({ isNew: true }), finding({ isNew: false })], suppressed: [suppressed({ isNew: false })] }),
    ],
    ['a code that the tool does not list', checkReport({ findings: [finding({ code: 'SIP999' })] })],
    ['things not checked', checkReport({ notChecked: [{ code: 'SIP301', id: 'drift', why: 'no rules', services: null }] })],
  ];
  test.for(reports.flatMap(([name, report]) => (['sarif', 'junit'] as const).map((format) => [format, name, report] as const)))(
    '%s: %s',
    async ([format, , report]) => expect(faultsOf(format, await ofCheck(report, format))).toEqual([]),
  );
});

describe('assert: valid whatever holds', () => {
  const statuses = ['holds', 'fails', 'undetermined', 'unanswerable'] as const;
  const reports: readonly (readonly [string, AssertReport])[] = [
    ['no flow', assertReport([])],
    ['all hold', assertReport([result({ status: 'holds' }), result({ status: 'holds', name: 'other' })])],
    ['one of each', assertReport(statuses.map((status) => result({ status, name: status })))],
    ['two of one name', assertReport([result(), result({ line: 9 })])],
    ['two Services', assertReport([result(), result({ service: { namespace: 'ns2', name: 'web' } })])],
    ['an absolute path', assertReport([result({ file: '/srv/a b/flows.yaml' })])],
  ];
  test.for(
    reports.flatMap(([name, report]) =>
      (['sarif', 'junit'] as const).flatMap((format) => [false, true].map((allow) => [format, name, allow, report] as const)),
    ),
  )('%s: %s (undetermined allowed: %s)', async ([format, , allow, report]) =>
    expect(faultsOf(format, await ofAssert(report, format, allow))).toEqual([]),
  );
});

describe('sarif: where a finding is', () => {
  test.for([
    ['manifests/web.yaml', 'manifests/web.yaml', true],
    ['./manifests/web.yaml', 'manifests/web.yaml', true],
    ['../other/web.yaml', '../other/web.yaml', true],
    ['für Kunden/web #1 100%.yaml', 'f%C3%BCr%20Kunden/web%20%231%20100%25.yaml', true],
    ['a:b/web?.yaml', 'a%3Ab/web%3F.yaml', true],
    ['evil\n\u001b[31m.yaml', 'evil%0A%1B%5B31m.yaml', true],
    ['lone\ud800.yaml', 'lone%EF%BF%BD.yaml', true],
    ['manifests\\win\\web.yaml', 'manifests/win/web.yaml', true],
    ['stdin', 'stdin', true],
    ['/srv/a b/web.yaml', 'file:///srv/a%20b/web.yaml', false],
    ['C:\\Users\\ä\\web.yaml', 'file:///C:/Users/%C3%A4/web.yaml', false],
    ['\\\\host\\share\\web.yaml', 'file://host/share/web.yaml', false],
  ] as const)('%j is %s', async ([file, uri, isRelative]) => {
    const own = [
      await ofCheck(checkReport({ findings: [finding({ location: { file, line: 7 } })] }), 'sarif'),
      await ofAssert(assertReport([result({ file, line: 7 })]), 'sarif'),
    ];
    for (const text of own) {
      expect(sarifFaults(JSON.parse(text))).toEqual([]);
      expect(log(text).runs[0]?.results[0]?.locations[0]?.physicalLocation).toEqual({
        artifactLocation: { uri, ...(isRelative ? { uriBaseId: 'SRCROOT' } : {}) },
        region: { startLine: 7 },
      });
    }
  });

  test('without a manifest: a place that is no file, apart from the source tree', async () => {
    const text = await ofCheck(checkReport({ findings: [finding({ location: null }), CLUSTER_WIDE] }), 'sarif');
    expect(sarifFaults(JSON.parse(text))).toEqual([]);
    const places = log(text).runs[0]?.results.map(({ locations }) => locations[0]?.physicalLocation?.artifactLocation);
    expect(places).toEqual([
      { uri: 'cluster/ns1/Service/web', uriBaseId: 'CLUSTER' },
      { uri: 'cluster/Node/node%201', uriBaseId: 'CLUSTER' },
    ]);
  });
});

describe('sarif: what is not to be acted on', () => {
  test('suppressed ones say by what and why, the others that they are not', async () => {
    const report = checkReport({ findings: [finding()], suppressed: [suppressed(), suppressed({}, 'ok.yaml')] });
    expect(log(await ofCheck(report, 'sarif')).runs[0]?.results.map(({ suppressions }) => suppressions)).toEqual([
      [],
      [{ kind: 'inSource', status: 'accepted', justification: 'known' }],
      [{ kind: 'external', status: 'accepted', justification: 'known' }],
    ]);
  });

  test('with a baseline, every result is new or unchanged', async () => {
    const report = checkReport({
      findings: [finding({ isNew: true }), finding({ isNew: false })],
      suppressed: [suppressed({ isNew: false })],
    });
    const states = (text: string) => log(text).runs[0]?.results.map(({ baselineState }) => baselineState);
    expect(states(await ofCheck(report, 'sarif'))).toEqual(['new', 'unchanged', 'unchanged']);
    expect(states(await ofCheck(checkReport({ findings: BOTH }), 'sarif'))).toEqual([undefined, undefined]);
  });

  test('an expected flow keeps its fingerprint when lines are added above it, and two flows have two', async () => {
    const results = [result(), result({ name: 'other' })];
    const prints = async (each: readonly AssertResult[]) =>
      log(await ofAssert(assertReport(each), 'sarif')).runs[0]?.results.map((one) => one.partialFingerprints?.['srcipFlow/v1']);
    const before = await prints(results);
    expect(await prints(results.map((one) => ({ ...one, line: one.line + 4 })))).toEqual(before);
    expect(new Set(before).size).toBe(2);
  });
});

const HOSTILE = 'a]]>b</failure>&amp;"\'\u0000\u001b[31m\ufffe\u{e0041}\ud800%0A%25\r\n::error::x\u202e##[stop-commands]t,k=v:1';

describe('hostile names', () => {
  const check = checkReport({
    services: [{ namespace: HOSTILE, name: HOSTILE }],
    answer: { mood: 'bad', text: HOSTILE },
    findings: [
      finding({ message: HOSTILE, why: HOSTILE, remedy: HOSTILE, service: { namespace: HOSTILE, name: HOSTILE } }),
      finding({ location: null, service: null, objects: [{ kind: 'Node', name: HOSTILE }] }),
      finding({ location: { file: HOSTILE, line: 2 } }),
    ],
    suppressed: [{ ...suppressed(), suppression: { code: 'SIP101', service: HOSTILE, reason: HOSTILE, from: HOSTILE } }],
    notChecked: [{ code: 'SIP301', id: 'drift', why: HOSTILE, services: null }],
  });
  const problem = { from: null, via: null, to: null, verdict: null, text: HOSTILE, why: [HOSTILE] };
  const asserted: AssertReport = {
    ...assertReport([result({ name: HOSTILE, service: { namespace: HOSTILE, name: HOSTILE }, file: HOSTILE, problems: [problem] })]),
    answer: { mood: 'bad', text: HOSTILE },
  };

  test.for(['sarif', 'junit', 'github'] as const)('%s is as valid as without them, and shows nothing that acts', async (format) => {
    for (const text of [await ofCheck(check, format), await ofAssert(asserted, format)]) {
      expect(faultsOf(format, text)).toEqual([]);
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u{e0001}-\u{e007f}]/u);
    }
  });

  test('github: as many commands as findings, each with the text that it was given', async () => {
    const commands = commandsIn(await ofCheck(check, 'github'));
    expect(commands.map(({ name }) => name)).toEqual(['error', 'error', 'error']);
    expect(commands[0]?.data).toBe([HOSTILE, HOSTILE, HOSTILE].map(safeText).join('\n'));
    expect(commands[2]?.properties).toEqual({ file: safeText(HOSTILE), line: '2', title: 'SIP101 no-usable-endpoints' });
    expect(commandsIn(await ofAssert(asserted, 'github'))).toEqual([
      {
        name: 'error',
        properties: { file: safeText(HOSTILE), line: '5', title: 'expected flow fails' },
        data: safeText(`${HOSTILE}/${HOSTILE}: ${HOSTILE}: ${HOSTILE}`),
      },
    ]);
  });

  test.for(['::error::x', '  ::error::x', 'x ##[error]y', '##[add-mask]e'])(
    'github: the sentence at the end is no command: %j',
    async (text) => {
      expect(commandsIn(text)).toHaveLength(1);
      const answer = { mood: 'bad', text } as const;
      expect(commandsIn(await ofCheck(checkReport({ answer }), 'github'))).toEqual([]);
      expect(commandsIn(await ofAssert({ ...assertReport([]), answer }, 'github'))).toEqual([]);
    },
  );
});

describe('any words at all', () => {
  const words = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: fc.constantFrom('%', '0', 'A', 'D', '2', '5', 'C', ':', ',', '\n', '\r', '=', ']', '>', '&', '<', '#', '[') }),
  );

  test('sarif and junit stay valid, github gives back what it was given', async () => {
    await fc.assert(
      fc.asyncProperty(words, words, words, async (message, name, file) => {
        const location = file === '' ? null : { file, line: 1 };
        const report = checkReport({ findings: [finding({ message, service: { namespace: 'ns1', name }, location })] });
        expect(sarifFaults(JSON.parse(await ofCheck(report, 'sarif')))).toEqual([]);
        expect(junitFaults(await ofCheck(report, 'junit'))).toEqual([]);
        const [command, ...others] = commandsIn(await ofCheck(report, 'github'));
        expect(others).toEqual([]);
        expect(command?.data.startsWith(safeText(message))).toBe(true);
        expect(command?.properties['file'] ?? '').toBe(safeText(file));
      }),
      { numRuns: 150 },
    );
  });
});

describe('github', () => {
  test.for([
    ['100% of it', '100%25 of it'],
    ['%0A stays what it is', '%250A stays what it is'],
    ['a:b, c', 'a:b, c'],
  ] as const)('data: %j is written as %j', async ([message, written]) => {
    const [line] = (await ofCheck(checkReport({ findings: [finding({ message })] }), 'github')).split('\n');
    expect(line).toBe(`::error file=web.yaml,line=3,title=SIP101 no-usable-endpoints::${written}%0Aw%0Ar`);
  });

  test.for([
    ['a,b:c%.yaml', 'a%2Cb%3Ac%25.yaml'],
    ['100%2C.yaml', '100%252C.yaml'],
    ['a=b.yaml', 'a=b.yaml'],
    ['für Kunden/web.yaml', 'für Kunden/web.yaml'],
    ['::x', '%3A%3Ax'],
  ] as const)('property: %j is written as %j', async ([file, written]) => {
    const location = { file, line: 3 };
    expect(await ofCheck(checkReport({ findings: [finding({ location })] }), 'github')).toContain(`::error file=${written},line=3,`);
    expect(await ofAssert(assertReport([result({ file })]), 'github')).toContain(`::error file=${written},line=5,`);
  });

  test('severities are levels; what the baseline knows is no annotation', async () => {
    const findings = (['error', 'warning', 'info'] as const).map((severity) => finding({ severity, isNew: true }));
    const text = await ofCheck(checkReport({ findings: [...findings, finding({ isNew: false })] }), 'github');
    expect(commandsIn(text).map(({ name }) => name)).toEqual(['error', 'warning', 'notice']);
  });
});

describe('junit', () => {
  test('what fails is what --fail-on says', async () => {
    const report = checkReport({ findings: [...BOTH, finding({ isNew: false })] });
    expect((await ofCheck(report, 'junit')).match(/<failure /g)).toHaveLength(1);
    expect(await ofCheck(report, 'junit', 'never')).not.toContain('<failure ');
  });

  test('the place of every expected flow', async () => {
    const text = await ofAssert(assertReport([result({ status: 'holds', line: 4 }), result({ name: 'b' })]), 'junit');
    expect(text).toContain('<system-out>flows.yaml:4</system-out>');
    expect(text).toMatch(/<failure [^>]*>[^<]*\nflows\.yaml:5<\/failure>/);
  });
});

describe('reports that are none are refused', () => {
  const around = (inner: string): string => `<testsuites>${inner}</testsuites>`;
  const suite = (inner: string, counts = 'tests="1" failures="0" errors="0" skipped="0"'): string =>
    around(`<testsuite name="s" ${counts}>${inner}</testsuite>`);
  /** False: only the reader here, which knows more than the schema, refuses it. */
  const cases = [
    ['an unknown attribute', suite('<testcase name="n" classname="c" line="5"/>'), 'has no line', true],
    ['an attribute that is missing', suite('<testcase classname="c"/>'), 'needs name', true],
    ['an unknown element', suite('<testcase name="n"><note/></testcase>'), '<note> in <testcase>', true],
    ['text between cases', suite('text<testcase name="n"/>'), 'text in <testsuite>', true],
    ['a character that XML lacks', suite('<testcase name="\ufffe"/>'), 'a character', true],
    ['an element left open', suite('<testcase name="n">'), 'closes another element', true],
    ['an unknown entity', suite('<testcase name="&nbsp;"/>'), 'entity', true],
    ['a bare ampersand', suite('<testcase name="a & b"/>'), 'entity', true],
    ['an attribute twice', suite('<testcase name="a" name="b"/>'), 'twice', true],
    ['text after the end', `${suite('<testcase name="n"/>')}x`, 'not exactly one', true],
    ['a wrong count', suite('<testcase name="n"><failure/></testcase>'), 'failures should be 1', false],
    [
      'two cases of one name',
      suite('<testcase name="n"/><testcase name="n"/>', 'tests="2" failures="0" errors="0" skipped="0"'),
      'two cases',
      false,
    ],
  ] as const;

  test.for(cases)('%s', ([, report, fault]) => expect(junitFaults(report).join('\n')).toContain(fault));

  test.skipIf(!hasXmllint).for(cases)('libxml2 agrees (skipped: no xmllint on the PATH): %s', ([, report, , byTheSchema]) => {
    expect(xmllintFaults(report) !== '').toBe(byTheSchema);
  });
});
