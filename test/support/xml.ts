/** An element with its attributes, the elements in it, and the text that stands directly in it. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

// https://www.w3.org/TR/xml/#charsets
const NO_CHARACTER = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const NAME = '[A-Za-z_:][A-Za-z0-9_:.-]*';
const TOKEN = new RegExp(
  `<!--[\\s\\S]*?-->|<\\?[\\s\\S]*?\\?>|</(?<close>${NAME})\\s*>|<(?<open>${NAME})(?<attributes>[^<>]*?)(?<empty>/?)>|[^<]+`,
  'y',
);
const ATTRIBUTE = new RegExp(`\\s+(${NAME})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`, 'y');

/** A reader of the part of XML 1.0 that reports use: no CDATA, no document type. It throws at everything that is not well-formed. */
export function readXml(source: string): XmlElement {
  if (NO_CHARACTER.test(source)) throw new Error('a character that XML 1.0 does not have');
  const root = open('', new Map());
  const stack = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    const top = stack.at(-1);
    if (match === null || top === undefined) throw new Error(`not well-formed: ${source.slice(at, at + 40)}`);
    const [token] = match;
    const groups = match.groups ?? {};
    if (groups['open'] !== undefined) {
      const element = open(groups['open'], attributesOf(groups['attributes'] ?? ''));
      top.children.push(element);
      if (groups['empty'] !== '/') stack.push(element);
    } else if (groups['close'] !== undefined) {
      if (stack.pop()?.name !== groups['close']) throw new Error(`</${groups['close']}> closes another element`);
    } else if (!token.startsWith('<')) {
      if (token.includes(']]>')) throw new Error(']]> in text');
      top.text += resolved(token);
    }
  }
  const [document, ...others] = root.children;
  if (stack.length !== 1 || document === undefined || others.length > 0 || root.text.trim() !== '')
    throw new Error('not exactly one element around everything');
  return document;
}

function open(name: string, attributes: ReadonlyMap<string, string>) {
  return { name, attributes, children: [] as XmlElement[], text: '' };
}

function attributesOf(source: string): Map<string, string> {
  const found = new Map<string, string>();
  ATTRIBUTE.lastIndex = 0;
  let end = 0;
  for (let match = ATTRIBUTE.exec(source); match !== null; match = ATTRIBUTE.exec(source)) {
    const [, name = '', double, single = ''] = match;
    if (found.has(name)) throw new Error(`attribute ${name} twice`);
    found.set(name, resolved(double ?? single));
    end = ATTRIBUTE.lastIndex;
  }
  if (source.slice(end).trim() !== '') throw new Error(`not well-formed attributes: ${source}`);
  return found;
}

function resolved(text: string): string {
  return text.replace(/&([^;]*;?)/g, (whole, entity: string) => {
    const char = ENTITIES[entity.slice(0, -1)];
    if (char === undefined || !entity.endsWith(';')) throw new Error(`entity ${whole}`);
    return char;
  });
}
