import type { LabelSelectorObject } from '../../cluster/objects.ts';

type Labels = Readonly<Record<string, string>>;

/** Whether labels match a map of required values. */
export function matchesLabels(wanted: Labels, labels: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** Whether labels match a LabelSelector; an empty one matches everything. */
export function matchesSelector(selector: LabelSelectorObject, labels: Labels): boolean {
  if (!matchesLabels(selector.matchLabels ?? {}, labels)) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}

/** Whether labels match `a=b,c!=d,e,!f`; sets in brackets are taken for matching, because a wrong "no" would accuse. */
export function matchesSelectorText(selector: string, labels: Labels): boolean {
  if (/[()]/.test(selector)) return true;
  return selector.split(',').every((part) => {
    const [, not, key = '', operator, value] = /^\s*(!?)\s*([^=!\s]+)\s*(?:(!?==?)\s*(\S*))?\s*$/.exec(part) ?? [];
    if (key === '') return true;
    if (operator === undefined) return (labels[key] !== undefined) === (not !== '!');
    return (labels[key] === value) === !operator.startsWith('!');
  });
}
