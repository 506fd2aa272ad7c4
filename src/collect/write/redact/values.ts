import { CORE_SCHEMA, load } from 'js-yaml';
import type { Pen } from './pen.ts';
import { isAddress, redactText } from './text.ts';
import { isApiVersion, isFileKey, isKnownDomain, isKnownName, isSetting } from './words.ts';

const REDACTED = 'redacted';

/** A value that may be anything: kept when it says nothing about whose cluster it is, replaced otherwise. */
export function redactValue(text: string, pen: Pen): string {
  if (isPlain(text)) return text;
  const parts = text.split(',').map((part) => part.trim());
  if (parts.every((part) => part === '' || isAddress(part))) return parts.map((part) => redactText(part, pen)).join(',');
  if (parts.every(isPlain)) return text;
  return REDACTED;
}

/** Numbers, durations, switches, versions of APIs. */
function isPlain(text: string): boolean {
  return /^(?:-?\d{1,15}(?:\.\d+)?(?:ns|us|ms|s|m|h|d|%|Ki|Mi|Gi)?|0x[0-9a-f]{1,16}|)$/.test(text) || isSetting(text) || isApiVersion(text);
}

/** One word of a command line: flags stay, their values are judged like others. */
export function redactWord(word: string, pen: Pen): string {
  // `sh -c "kube-proxy --flag=value …"`
  if (/\s/.test(word))
    return word
      .split(/\s+/)
      .map((part) => redactWord(part, pen))
      .join(' ');
  const flag = /^(?<name>--?[a-z][a-z0-9-]*)(?:=(?<value>.*))?$/s.exec(word)?.groups;
  if (flag === undefined) return /^(?:\/[a-z]+)*\/kube-proxy$/.test(word) ? word : redactValue(word, pen);
  const { name = '', value } = flag;
  return value === undefined ? name : `${name}=${redactFlagValue(name, value, pen)}`;
}

/** Which device is meant decides how pods are told; which file does not. */
function redactFlagValue(name: string, value: string, pen: Pen): string {
  if (isDeviceKey(name.replace(/^-+/, ''))) return redactText(value, pen);
  // Only that there is one counts.
  return name === '--config' ? '/redacted' : redactValue(value, pen);
}

function isDeviceKey(key: string): boolean {
  return /^(?:bridgeInterface|interfaceNamePrefix|bridge|pod-bridge-interface|pod-interface-name-prefix)$/.test(key);
}

/** A value from a ConfigMap or an annotation: a document of its own, or a plain value. A document becomes JSON, which is YAML as well. */
export function redactDocument(text: string, pen: Pen): string {
  // In one line without brackets YAML takes `fd00::` for a mapping.
  const parsed = /^\s*[[{]|\n\s*\S/.test(text) ? parse(text) : text;
  return typeof parsed === 'object' && parsed !== null ? JSON.stringify(redactTree(parsed, pen)) : redactValue(text.trim(), pen);
}

function parse(text: string): unknown {
  try {
    return load(text, { schema: CORE_SCHEMA, json: true });
  } catch {
    return null;
  }
}

/** A tree of which the keys are fields of some API, and the strings are anything. */
export function redactTree(value: unknown, pen: Pen, key = ''): unknown {
  if (typeof value === 'string') {
    if (isDeviceKey(key)) return redactText(value, pen);
    return value.startsWith('-') || key === 'command' || key === 'args' ? redactWord(value, pen) : redactValue(value, pen);
  }
  if (Array.isArray(value)) return value.map((element) => redactTree(element, pen, key));
  if (typeof value !== 'object' || value === null) return value;
  const isNamed = /labels$|annotations$|selector$/i.test(key);
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [
      isNamed ? pen.names.of('key', name) : redactField(name, pen),
      isNamed && typeof child === 'string' ? pen.names.of('value', child) : redactTree(child, pen, name),
    ]),
  );
}

/** Fields of APIs are identifiers; whatever else stands there was thought up by somebody. */
function redactField(name: string, pen: Pen): string {
  return /^[A-Za-z][A-Za-z0-9]{0,63}$/.test(name) || isFileKey(name) || isKnownDomain(name) ? name : pen.names.of('key', name);
}

/** `registry/path/kube-proxy:v1.33.4-vendor@sha256:…` → `kube-proxy:v1.33.4`: what runs, not where it was pulled from. */
export function redactImage(image: string): string {
  const bare = image.split('@')[0] ?? '';
  const base = bare.slice(bare.lastIndexOf('/') + 1);
  const [name = '', tag = ''] = base.split(':');
  if (!isKnownName(name)) return REDACTED;
  const version = redactVersion(tag);
  return version === '' ? name : `${name}:${version}`;
}

/** A version without what a vendor or a builder added. */
export function redactVersion(version: string): string {
  return /^v?\d{1,3}(?:\.\d{1,4}){1,2}/.exec(version)?.[0] ?? '';
}
