import { redactKey, redactLabels } from './labels.ts';
import type { NameKind } from './names.ts';
import { redactName } from './object-name.ts';
import type { Pen } from './pen.ts';
import { maps, type Redact, texts } from './shape.ts';
import { isAddress, redactText } from './text.ts';
import { redactValue } from './values.ts';
import { isKnownDomain, isPortName } from './words.ts';

/** Values that stand in several kinds of objects. */

export const word = texts(redactValue);
export const addressText = texts((text, pen) => (text === 'None' || text === '' || isAddress(text) ? redactText(text, pen) : 'redacted'));
export const labels = maps(redactLabels);
export const labelKey = texts(redactKey);
export const portName = texts(redactPortName);
export const zoneName = texts((text, pen) => pen.names.of('zone', text));
export const hostName = texts(redactHost);
/** Ports may be given by number or by name. */
export const portOrName: Redact = (value, pen) => (typeof value === 'string' ? redactPortName(value, pen) : value);
export const className = texts((text, pen) => (isKnownDomain(text) ? text : pen.names.of('class', text)));

export function nameOf(kind: NameKind): Redact {
  return texts((text, pen) => redactName(kind, text, pen));
}

export const nodeName = nameOf('node');

export function redactPortName(name: string, pen: Pen): string {
  return isPortName(name) ? name : pen.names.of('port', name);
}

/** DNS names; of those of AWS load balancers the form stays, which tells their kind. */
function redactHost(host: string, pen: Pen): string {
  const found = pen.names.of('host', host);
  const aws = /(?<form>\.elb\.[a-z0-9-]+|\.[a-z0-9-]+\.elb)\.amazonaws\.com(?<china>\.cn)?$/.exec(host)?.groups;
  if (aws === undefined) return found === host ? host : `${found}.example`;
  const form = aws['form']?.startsWith('.elb.') ? '.elb.region-1' : '.region-1.elb';
  return `${found}${form}.amazonaws.com${aws['china'] ?? ''}`;
}

const KINDS: Readonly<Record<string, NameKind>> = {
  Service: 'service',
  Node: 'node',
  Pod: 'pod',
  EndpointSlice: 'slice',
  Namespace: 'namespace',
};

/** A reference to another object: its name is of that object's kind. */
export const reference: Redact = (value, pen) => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, namespace, name } = value as Readonly<Record<string, unknown>>;
  const known = typeof kind === 'string' ? (KINDS[kind] ?? 'name') : 'name';
  return {
    ...(typeof kind === 'string' ? { kind: redactValue(kind, pen) } : {}),
    ...(typeof namespace === 'string' ? { namespace: redactName('namespace', namespace, pen) } : {}),
    ...(typeof name === 'string' ? { name: redactName(known, name, pen) } : {}),
  };
};
