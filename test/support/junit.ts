import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readXml, type XmlElement } from './xml.ts';

const XSD = 'test/fixtures/junit/junit-10.xsd';

/** Whether the reference implementation can be asked as well. */
export const hasXmllint: boolean = spawnSync('xmllint', ['--version']).status === 0;

/** What is wrong with a report: by the schema, by its own counts, and by what readers make of cases of one name (GitLab keeps the first). */
export function junitFaults(source: string): string[] {
  let report: XmlElement;
  try {
    report = readXml(source);
  } catch (error) {
    return [(error as Error).message];
  }
  if (report.name !== 'testsuites') return [`<${report.name}> around everything`];
  const cases = elements(report, 'testcase').map(({ attributes }) => `${attributes.get('classname')} / ${attributes.get('name')}`);
  return [
    ...schemaFaults(report),
    ...elements(report, 'testsuite').flatMap(countFaults),
    ...cases.filter((name, index) => cases.indexOf(name) !== index).map((name) => `two cases of one name: ${name}`),
  ];
}

/** The same schema by libxml2; the empty string: valid. */
export function xmllintFaults(source: string): string {
  const { status, stderr } = spawnSync('xmllint', ['--nonet', '--noout', '--schema', XSD, '-'], { input: source, encoding: 'utf8' });
  return status === 0 ? '' : stderr;
}

/** All elements of a name, however deep. */
export function elements(root: XmlElement, name: string): XmlElement[] {
  return root.children.flatMap((child) => [...(child.name === name ? [child] : []), ...elements(child, name)]);
}

function countFaults(suite: XmlElement): string[] {
  const cases = suite.children.filter(({ name }) => name === 'testcase');
  const having = (name: string): number => cases.filter(({ children }) => children.some((child) => child.name === name)).length;
  const counted = { tests: cases.length, failures: having('failure'), errors: having('error'), skipped: having('skipped') };
  return Object.entries(counted)
    .filter(([key, count]) => suite.attributes.get(key) !== String(count))
    .map(([key, count]) => `${suite.attributes.get('name')}: ${key} should be ${count}`);
}

// ---- The schema: what this one uses of XML Schema is names, what may stand in them, and text or none ---------------------------

interface Declared {
  readonly attributes: ReadonlyMap<string, { readonly required: boolean }>;
  readonly children: ReadonlySet<string>;
  readonly hasText: boolean;
}

const DECLARED: ReadonlyMap<string, Declared> = declarations(readXml(readFileSync(XSD, 'utf8')));

function declarations(schema: XmlElement): Map<string, Declared> {
  const top = schema.children.filter(({ name }) => name === 'xs:element');
  return new Map(
    top.map((element) => {
      const [type] = element.children;
      const attributes = (type === undefined ? [] : elements(type, 'xs:attribute')).map(
        (one) => [one.attributes.get('name') ?? '', { required: one.attributes.get('use') === 'required' }] as const,
      );
      const refs = type === undefined ? [] : elements(type, 'xs:element').map((one) => one.attributes.get('ref') ?? '');
      const hasText = type === undefined || type.attributes.get('mixed') === 'true';
      return [element.attributes.get('name') ?? '', { attributes: new Map(attributes), children: new Set(refs), hasText }];
    }),
  );
}

function schemaFaults(element: XmlElement): string[] {
  const declared = DECLARED.get(element.name);
  if (declared === undefined) return [`<${element.name}> is not declared`];
  return [
    ...[...element.attributes.keys()].filter((key) => !declared.attributes.has(key)).map((key) => `<${element.name}> has no ${key}`),
    ...[...declared.attributes]
      .filter(([key, { required }]) => required && !element.attributes.has(key))
      .map(([key]) => `<${element.name}> needs ${key}`),
    ...(declared.hasText || element.text.trim() === '' ? [] : [`text in <${element.name}>`]),
    ...element.children.flatMap((child) =>
      declared.children.has(child.name) ? schemaFaults(child) : [`<${child.name}> in <${element.name}>`],
    ),
  ];
}
