import type { PassedOver } from '../collect/snapshot/gather.ts';

/** What of a snapshot was not used, for `-v`. */
export function describePassedOver({ files, objects, kinds, names }: PassedOver): string {
  const counted = Object.entries(kinds)
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
  const list = names.map((name) => `  ${name}\n`).join('');
  return `passed over: ${files} files that hold no Kubernetes objects, ${objects} objects of other kinds${counted === '' ? '' : ` (${counted})`}\n${list}`;
}
