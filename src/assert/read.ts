import { parseClient, parseTarget } from '../analysis/question.ts';
import { Failure } from '../net/failure.ts';
import { canonicalIp } from '../net/ip.ts';
import { didYouMean } from '../net/near.ts';
import type { Assertion, Expectable, Expectation, FlowAssertions, Share, SharePlace } from './assertions.ts';
import { EXPECTABLE } from './assertions.ts';
import type { Fields } from './shape.ts';
import { fieldsOf, kindOf, textIn, textsIn } from './shape.ts';
import { type Lines, loadWithLines } from './yaml-lines.ts';

const API_VERSION = 'srcip.io/v1alpha1';
const KIND = 'FlowAssertions';
const DOCUMENT = ['apiVersion', 'kind', 'service', 'flows'];
const FLOW = ['name', 'from', 'to', 'via', 'port', 'expect'];
const EXPECT = ['verdict', 'source', 'sourceAddress', 'minShare', 'maxShare'];
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const NODE_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const MOST_FLOWS = 10_000;

/** The expected flows in a file, one Service per document; a Failure with file and line for what cannot be meant. */
export function readAssertions(text: string, file: string): FlowAssertions[] {
  const { documents, lines } = loadWithLines(text, file);
  const found = documents
    .filter((document) => document !== null && document !== undefined)
    .map((document) => readDocument(document, file, lines));
  if (found.length === 0)
    throw new Failure(
      `${file} holds no document`,
      `it needs apiVersion: ${API_VERSION}, kind: ${KIND}; see kubectl srcip assert --init svc/NAME`,
    );
  return found;
}

function readDocument(document: unknown, file: string, lines: Lines): FlowAssertions {
  const fields = fieldsOf(document, DOCUMENT, { file, lines, path: '' });
  const given = (key: 'apiVersion' | 'kind', wanted: string): void => {
    if (fields.value(key) !== wanted)
      fields.refuse(
        key,
        `has to be ${wanted}, not ${kindOf(fields.value(key))}`,
        `the file begins with apiVersion: ${API_VERSION} and kind: ${KIND}`,
      );
  };
  given('apiVersion', API_VERSION);
  given('kind', KIND);
  const flows = fields.value('flows');
  if (!Array.isArray(flows) || flows.length === 0)
    fields.refuse('flows', 'has to be a list of expected flows', 'a flow has from, to and expect');
  const list = flows as readonly unknown[];
  if (list.length > MOST_FLOWS) fields.refuse('flows', `has more than ${MOST_FLOWS} entries`);
  return {
    file,
    line: fields.line,
    ...serviceIn(fields),
    flows: list.map((flow, index) =>
      readFlow(fieldsOf(flow, FLOW, { file, lines, path: `flows[${index}]` }, lines.of(list, String(index)))),
    ),
  };
}

/** `web`, `shop/web`, `svc/web`. */
function serviceIn(fields: Fields): { readonly namespace: string | null; readonly name: string } {
  const text = textIn(fields, 'service') ?? fields.refuse('service', 'is missing', 'service: NAMESPACE/NAME');
  const words = text.split('/');
  const [first = '', second] = words;
  if (words.length > 2 || !words.every((word) => NAME.test(word)))
    fields.refuse('service', `cannot be ${JSON.stringify(text)}`, 'service: NAMESPACE/NAME or NAME');
  return second === undefined || first === 'svc' || first === 'service'
    ? { namespace: null, name: second ?? first }
    : { namespace: first, name: second };
}

function readFlow(fields: Fields): Assertion {
  const [from, to, via, port] = [textsIn(fields, 'from'), textsIn(fields, 'to'), textsIn(fields, 'via'), textIn(fields, 'port')];
  if (from.length === 0) fields.refuse('from', 'is missing', 'from: external, node/NAME, pod/NAME, pod@NODE or a list of these');
  if (to.length === 0)
    fields.refuse('to', 'is missing', 'to: clusterIP, nodePort, externalIP, loadBalancer, node/NAME, IP:PORT or a list of these');
  const wrongVia = via.find((name) => !NODE_NAME.test(name));
  if (wrongVia !== undefined) fields.refuse('via', `cannot be ${JSON.stringify(wrongVia)}`, 'via: the name of a node');
  const fromIn = (namespace: string) => from.map((text) => inFile(fields, 'from', () => parseClient(text, namespace)));
  fromIn('default');
  const expect = fields.inside('expect', EXPECT);
  if (expect === null || expect.keys().length === 0)
    return fields.refuse('expect', expect === null ? 'is missing' : 'is empty', 'expect: {verdict: delivered, source: preserved}');
  return {
    line: fields.line,
    name: textIn(fields, 'name') ?? nameOf({ from, to, via, port }),
    from: fromIn,
    to: to.map((text) => inFile(fields, 'to', () => parseTarget(text))),
    via,
    port,
    expect: readExpect(expect),
  };
}

function nameOf({
  from,
  to,
  via,
  port,
}: {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly via: readonly string[];
  readonly port: string | null;
}): string {
  const through = via.length === 0 ? '' : ` via ${via.join(', ')}`;
  return `${from.join(', ')} → ${to.join(', ')}${port === null ? '' : ` port ${port}`}${through}`;
}

/** Says a flag's message of a field. */
function inFile<T>(fields: Fields, key: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Failure) return fields.refuse(key, error.message.replace(/^--(from|to) /, ''), error.hint);
    throw error;
  }
}

function readExpect(fields: Fields): Expectation {
  const source = textIn(fields, 'source');
  if (source !== null && source !== 'preserved' && source !== 'masqueraded')
    return fields.refuse(
      'source',
      `cannot be ${JSON.stringify(source)}`,
      didYouMean(source, ['preserved', 'masqueraded']) ?? 'use preserved or masqueraded',
    );
  const address = textIn(fields, 'sourceAddress');
  const canonical = address === null ? null : canonicalIp(address);
  if (address !== null && canonical === null)
    fields.refuse('sourceAddress', `cannot be ${JSON.stringify(address)}`, 'an IP address is needed');
  return {
    verdict: textsIn(fields, 'verdict').map((text) => verdictIn(fields, text)),
    source,
    sourceAddress: canonical,
    minShare: sharesIn(fields, 'minShare'),
    maxShare: sharesIn(fields, 'maxShare'),
  };
}

function verdictIn(fields: Fields, text: string): Expectable {
  return (
    EXPECTABLE.find((known) => known === text) ??
    fields.refuse('verdict', `cannot be ${JSON.stringify(text)}`, didYouMean(text, EXPECTABLE) ?? `use ${EXPECTABLE.join(', ')}`)
  );
}

/** `{node/worker-1: 0.4, pod/web-1: 0.2, 10.244.1.5:8080: 0.3}`. */
function sharesIn(fields: Fields, key: 'minShare' | 'maxShare'): readonly Share[] {
  const shares = fields.inside(key, null);
  if (shares === null) return [];
  return shares.keys().map((text) => {
    const share = shares.value(text);
    if (typeof share !== 'number' || !(share >= 0 && share <= 1))
      return shares.refuse(text, `has to be a number from 0 to 1, not ${kindOf(share)}`);
    const place = placeIn(text);
    return place === null
      ? shares.refuse(text, 'names no endpoint', 'use node/NAME, pod/NAME, pod/NAMESPACE/NAME, IP or IP:PORT')
      : { of: place, share, text };
  });
}

function placeIn(text: string): SharePlace | null {
  const address = canonicalIp(text);
  if (address !== null) return { kind: 'address', address, port: null };
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:/]+)):(?<port>\d{1,5})$/.exec(text);
  const host = canonicalIp(match?.groups?.['six'] ?? match?.groups?.['four'] ?? '');
  if (host !== null) return { kind: 'address', address: host, port: Number(match?.groups?.['port']) };
  const [kind, first = '', second] = text.split('/');
  if (kind === 'node' && second === undefined && NODE_NAME.test(first)) return { kind: 'node', name: first };
  if (kind !== 'pod' || !NODE_NAME.test(first)) return null;
  return second === undefined ? { kind: 'pod', namespace: null, name: first } : { kind: 'pod', namespace: first, name: second };
}
