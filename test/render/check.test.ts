import { describe, expect, test } from 'vitest';
import type { CheckFinding, CheckReport } from '../../src/findings/check-report.ts';
import { type CheckFormat, renderCheck } from '../../src/render/check-formats.ts';
import { sarifFaults } from '../support/sarif.ts';

const FINDING: CheckFinding = {
  code: 'SIP103',
  id: 'local-node-without-endpoint',
  severity: 'warning',
  confidence: 'derived',
  message: '1 of 2 nodes drops <&">',
  why: 'because,: 100%',
  remedy: 'do this: kubectl patch svc web -n ns1',
  objects: [{ kind: 'Service', name: 'web', namespace: 'ns1' }],
  docs: 'docs/findings/SIP103.md',
  service: { namespace: 'ns1', name: 'web' },
  folded: [{ code: 'SIP902', id: 'self-test-misleads', severity: 'info', message: 'm' }],
  location: { file: 'a dir/web.yaml', line: 7 },
  isNew: true,
  fingerprint: 'f00',
};

const HOSTILE = 'evil\u001b[31m\n::error::x\u202e';

const REPORT: CheckReport = {
  apiVersion: 'srcip.io/v1alpha1',
  kind: 'CheckReport',
  origin: 'test',
  service: null,
  services: [
    { namespace: 'ns1', name: 'web' },
    { namespace: 'ns1', name: 'quiet' },
  ],
  answer: { mood: 'mixed', text: '2 Services checked: 1 warning.' },
  dataplane: [],
  findings: [
    FINDING,
    {
      ...FINDING,
      code: 'SIP158',
      id: 'kube-proxy-missing-on-node',
      severity: 'error',
      message: HOSTILE,
      service: null,
      objects: [{ kind: 'Node', name: HOSTILE }],
      location: null,
      isNew: true,
      folded: [],
    },
  ],
  suppressed: [{ ...FINDING, severity: 'error', suppression: { code: 'SIP103', service: 'ns1/web', reason: 'known', from: 'annotation' } }],
  unusedSuppressions: [{ code: 'SIP201', service: null, reason: null, from: 'file' }],
  notChecked: [{ code: 'SIP133', id: 'cert-manager-selfcheck-stuck', why: 'Challenge objects were not all read', services: null }],
  gaps: [{ what: 'a', why: 'b' }],
};

function render(format: CheckFormat, report = REPORT): Promise<string> {
  const tool = async () => ({
    version: '1.2.3',
    rules: [{ code: 'SIP103', id: FINDING.id, title: 'outside traffic is dropped', severity: 'warning' as const }],
  });
  return renderCheck(report, { format, failOn: 'warning', tool, columns: 100, color: false, unicode: true, verbose: false });
}

/** Control characters other than line feeds, and direction overrides. */
const ACTS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

test.each(['table', 'wide', 'json', 'yaml', 'markdown', 'name', 'sarif', 'junit', 'github'] as const)(
  '%s: nothing acts on a terminal',
  async (format) => {
    const text = await render(format);
    expect(text).not.toMatch(ACTS);
    expect(text.endsWith('\n')).toBe(true);
  },
);

function at(uri: string): object {
  return { message: { text: 'm' }, locations: [{ physicalLocation: { artifactLocation: { uri } } }] };
}

describe('sarif', () => {
  test('is valid 2.1.0, and points at the line', async () => {
    const log = JSON.parse(await render('sarif'));
    expect(sarifFaults(log)).toEqual([]);
    const [first, second, third] = log.runs[0].results;
    expect(first).toMatchObject({
      ruleId: 'SIP103',
      ruleIndex: 0,
      level: 'warning',
      locations: [{ physicalLocation: { artifactLocation: { uri: 'a%20dir/web.yaml', uriBaseId: 'SRCROOT' }, region: { startLine: 7 } } }],
      partialFingerprints: { 'srcipFinding/v1': 'f00' },
    });
    expect(second).toMatchObject({ level: 'error', baselineState: 'new' });
    // No file, but code scanning services refuse results without a place.
    expect(second.locations[0].physicalLocation.artifactLocation).toMatchObject({ uriBaseId: 'CLUSTER' });
    expect(third.suppressions).toEqual([{ kind: 'inSource', status: 'accepted', justification: 'known' }]);
  });

  test.each([
    ['no text', { results: [{ message: {} }] }, 'schema: /runs/0/results/0/message'],
    ['an unknown key', { outcomes: [] }, 'schema: /runs/0 must NOT have additional properties'],
    ['a URI with a blank', { results: [at('a b.yaml')] }, 'must match format "uri-reference"'],
    ['a URI with a scheme that is none', { results: [at('1:b.yaml')] }, 'must match format "uri-reference"'],
    ['an unknown level', { results: [{ ...at('a.yaml'), level: 'fatal' }] }, 'schema: /runs/0/results/0/level'],
    ['no file', { results: [{ message: { text: 'm' }, locations: [{ logicalLocations: [] }] }] }, 'without the URI of a file'],
    ['suppressions of one only', { results: [at('a.yaml'), { ...at('a.yaml'), suppressions: [] }] }, 'suppressions of some results only'],
    ['another rule', { results: [{ ...at('a.yaml'), ruleId: 'B', ruleIndex: 0 }] }, 'B is not rule 0'],
  ])('a log that is none is refused: %s', (_, differs, fault) => {
    const rule = { id: 'A', shortDescription: { text: 's' } };
    const faults = sarifFaults({ version: '2.1.0', runs: [{ tool: { driver: { name: 'x', rules: [rule] } }, results: [], ...differs }] });
    expect(faults.join('\n')).toContain(fault);
  });
});

describe('junit', () => {
  test('failures by level, suppressed and unchecked ones skipped, quiet Services pass', async () => {
    const text = await render('junit');
    expect(text).toContain('<testsuite name="ns1/web" tests="1" failures="1" errors="0" skipped="0">');
    expect(text).toContain('<testcase name="no findings" classname="ns1/quiet"/>');
    expect(text).toContain('drops &lt;&amp;&quot;&gt;');
    expect(text.match(/<skipped /g)).toHaveLength(2);
    const balance = [...text.matchAll(/<(\/?)([a-z-]+)[^>]*?(\/?)>/g)].reduce(
      (depth, [, close, , empty]) => depth + (close === '/' ? -1 : empty === '/' ? 0 : 1),
      0,
    );
    expect(balance).toBe(0);
  });
});

test('github: commands with escaped properties, and no command smuggled in', async () => {
  const lines = (await render('github')).split('\n');
  expect(lines[0]).toBe(
    '::warning file=a dir/web.yaml,line=7,title=SIP103 local-node-without-endpoint::1 of 2 nodes drops <&">%0Abecause,: 100%25%0Ado this: kubectl patch svc web -n ns1',
  );
  expect(lines.filter((line) => line.startsWith('::'))).toHaveLength(2);
});

test('table: a command stands by itself, consequences are named', async () => {
  const text = await render('table');
  expect(text).toContain('\n      kubectl patch svc web -n ns1\n');
  expect(text).toContain('and what follows from it: SIP902 self-test-misleads');
  expect(text).toContain('SIP201 of every Service (file): does not hold, because it has no reason');
  expect(text).toContain('not checked:');
});

test('name: Services with findings', async () => {
  expect(await render('name')).toBe('service/web\n');
});
