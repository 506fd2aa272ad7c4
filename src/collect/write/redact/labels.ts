import type { NameKind } from './names.ts';
import { redactName } from './object-name.ts';
import type { Pen } from './pen.ts';
import { redactDocument, redactValue, redactWord } from './values.ts';
import { isKnownDomain, isLabelValue } from './words.ts';

type Texts = Readonly<Record<string, string>>;

/** Labels whose values name something. */
const NAMING: Readonly<Record<string, NameKind>> = {
  'kubernetes.io/service-name': 'service',
  'kubernetes.io/metadata.name': 'namespace',
  'kubernetes.io/hostname': 'node',
  'topology.kubernetes.io/zone': 'zone',
  'failure-domain.beta.kubernetes.io/zone': 'zone',
  'topology.kubernetes.io/region': 'region',
  'failure-domain.beta.kubernetes.io/region': 'region',
};
const BARE_KEYS =
  /^(?:app|k8s-app|component|tier|type|name|version|role|release|controller-revision-hash|pod-template-hash|pod-template-generation)$/;
const ROLE = 'node-role.kubernetes.io/';
/** They repeat whole objects, or are of no use to anybody but their controller. */
const DROPPED = /^(?:kubectl\.kubernetes\.io|control-plane\.alpha\.kubernetes\.io|field\.cattle\.io|deployment\.kubernetes\.io)\//;

export function redactLabels(labels: Texts, pen: Pen): Texts {
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [redactKey(key, pen), redactLabel(key, value, pen)]));
}

/** The key of a label or a taint. */
export function redactKey(key: string, pen: Pen): string {
  if (key === '*' || BARE_KEYS.test(key)) return key;
  if (key.startsWith(ROLE)) {
    const role = key.slice(ROLE.length);
    return isLabelValue(role) ? key : ROLE + pen.names.of('key', role);
  }
  return isKnownDomain(key) ? key : pen.names.of('key', key);
}

function redactLabel(key: string, value: string, pen: Pen): string {
  const kind = NAMING[key];
  if (kind !== undefined) return redactName(kind, value, pen);
  return value === '' || isLabelValue(value) || /^[01]$/.test(value) ? value : pen.names.of('value', value);
}

/** Annotations of known projects; what others wrote there tells nothing about traffic. */
export function redactAnnotations(annotations: Texts, pen: Pen): Texts {
  const kept = Object.entries(annotations).filter(([key]) => isKnownDomain(key) && !DROPPED.test(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, redactAnnotation(key, value, pen)]));
}

/** Few annotations are documents whose fields are known. */
function redactAnnotation(key: string, value: string, pen: Pen): string {
  if (/node-args$/.test(key)) return redactArguments(value, pen);
  return key.startsWith('flannel.alpha.coreos.com/') ? redactDocument(value, pen) : redactValue(value.trim(), pen);
}

/** The command line of k3s and RKE2, as a list in JSON. */
function redactArguments(value: string, pen: Pen): string {
  try {
    const words: unknown = JSON.parse(value);
    if (!Array.isArray(words)) return '[]';
    return JSON.stringify(words.filter((word) => typeof word === 'string').map((word) => redactWord(word, pen)));
  } catch {
    return '[]';
  }
}
