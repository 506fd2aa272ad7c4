import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Branch, Client, Flow, ServiceReport, Target } from '../../src/analysis/report.ts';
import { widthOf } from '../../src/render/text.ts';
import { themeFor, toneOf } from '../../src/render/theme.ts';
import { renderReport } from './render.ts';
import { ending, OPTIONS, report, verdictOf } from './support.ts';

const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const RULE = '-A KUBE-SERVICES ';

const piece = fc.constantFrom(
  'a',
  'web-',
  'node',
  '1',
  '.',
  ' ',
  '|',
  '`',
  '節',
  '🚀',
  'é',
  '\x1b[31m',
  '\x9b',
  '\n',
  '\u202e',
  '\u200b',
  '\ud83d',
  'x'.repeat(70),
);
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
const nodeName = fc.oneof(fc.constantFrom('node1', 'node2', 'node3', 'node4', 'node5', 'node6', 'node7', 'node8', 'node9', 'node10'), text);
const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '172.18.0.11', 'fd00::1', 'fd00:1234:5678:9abc:def0:1234:5678:9abc');

const client: fc.Arbitrary<Client> = fc.oneof(
  fc.record({
    kind: fc.constant('external' as const),
    name: fc.option(text),
    namespace: fc.constant(null),
    node: fc.constant(null),
    address: fc.option(address),
  }),
  fc.record({
    kind: fc.constant('node' as const),
    name: nodeName,
    namespace: fc.constant(null),
    node: nodeName,
    address: fc.option(address),
  }),
  fc.record({
    kind: fc.constant('pod' as const),
    name: fc.option(text),
    namespace: fc.option(text),
    node: fc.option(nodeName),
    address: fc.option(address),
    hostNetwork: fc.boolean(),
  }),
);

const target: fc.Arbitrary<Target> = fc.record({
  kind: fc.constantFrom('clusterIP' as const, 'nodePort' as const, 'externalIP' as const, 'loadBalancerIP' as const, 'other' as const),
  node: fc.option(nodeName),
  address,
  port: fc.integer({ min: 1, max: 65535 }),
  protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const),
  servicePort: fc.option(text),
});

const reached: fc.Arbitrary<Branch> = fc.record({
  outcome: fc.constantFrom('delivered' as const, 'no-reply' as const),
  then: fc.constant(null),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  endpoint: fc.record({ address, port: fc.constant(8080), node: fc.option(nodeName), pod: fc.option(text), namespace: fc.option(text) }),
  source: fc.record({
    kind: fc.constantFrom('preserved' as const, 'masqueraded' as const),
    address: fc.option(address),
    interface: fc.option(text),
    by: fc.constantFrom('kube-proxy' as const, 'cni' as const, null),
  }),
});

const lost = fc.constantFrom(
  ending('rejected'),
  ending('dropped'),
  ending('unhandled'),
  ending('unhandled', 'leaves-cluster'),
  ending('unhandled', 'host-listener'),
);

const flow: fc.Arbitrary<Flow> = fc
  .record({
    from: client,
    via: fc.option(nodeName),
    to: target,
    branches: fc.array(fc.oneof(reached, lost), { maxLength: 4 }),
    because: fc.array(fc.record({ code: fc.constantFrom('a', 'b'), text, rule: fc.option(text.map((tail) => RULE + tail)) }), {
      maxLength: 2,
    }),
  })
  .map((flow) => ({ ...flow, verdict: verdictOf(flow.branches) }));

const anyReport: fc.Arbitrary<ServiceReport> = fc
  .record({
    name: text,
    answer: fc.record({ mood: fc.constantFrom('good' as const, 'mixed' as const, 'bad' as const, 'unknown' as const), text }),
    flows: fc.array(flow, { maxLength: 25 }),
    origin: text,
    notes: fc.array(fc.record({ id: text, severity: fc.constantFrom('warning' as const, 'info' as const), text, remedy: text }), {
      maxLength: 2,
    }),
    gaps: fc.array(fc.record({ what: text, why: text }), { maxLength: 3 }),
  })
  .map(({ name, ...change }) => report({ nodes: ['node1', 'node2'], pods: [], policy: 'Local', name }, change));

const columns = fc.integer({ min: 60, max: 250 });

function lines(told: ServiceReport, format: 'table' | 'wide', width: number): string[] {
  const output = renderReport(told, format, { ...OPTIONS, columns: width });
  expect(output.endsWith('\n')).toBe(true);
  return output.slice(0, -1).split('\n');
}

test.for(['table', 'wide'] as const)('%s: no line is wider than the terminal, but for rules', (format) => {
  fc.assert(
    fc.property(anyReport, columns, (told, width) => {
      const tooWide = lines(told, format, width).filter((line) => widthOf(line) > width && !line.trimStart().startsWith(RULE));
      expect(tooWide).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test.for(['table', 'wide', 'markdown', 'name', 'json', 'yaml'] as const)('%s: nothing that acts on a terminal comes out', (format) => {
  fc.assert(
    fc.property(anyReport, columns, fc.boolean(), (told, width, unicode) => {
      const output = renderReport(told, format, { ...OPTIONS, columns: width, unicode });
      expect(output.replaceAll('\n', '')).not.toMatch(UNSAFE);
    }),
    { numRuns: 25 },
  );
});

test.for(['table', 'wide', 'markdown'] as const)('%s: every verdict is told', (format) => {
  const theme = themeFor({ color: false, unicode: true });
  fc.assert(
    fc.property(anyReport, columns, (told, width) => {
      const output = renderReport(told, format, { ...OPTIONS, columns: width });
      const told_ = told.flows.flatMap((each) =>
        each.branches.length === 0 ? [each.verdict] : each.branches.map(({ outcome }) => outcome),
      );
      const symbols = told.flows.map((each) => theme.symbol(toneOf(each.verdict)));
      const endings = told_.map((verdict) => theme.symbol(toneOf(verdict)));
      const missing = symbols.filter((symbol, i) => !output.includes(symbol) && !output.includes(endings[i] ?? symbol));
      expect(missing).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
