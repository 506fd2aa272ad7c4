import { kubectlOn, shellWord } from '../analysis/command.ts';
import { nameList, plural } from '../analysis/tally.ts';
import type { ServiceScene } from './scene.ts';

export { kubectlOn, nameList, plural, shellWord };

/** `kubectl patch svc NAME -n NS --type merge -p '{"spec":…}'`; the patch is this program's own text, never the cluster's. */
export function patchSpec({ service }: ServiceScene, spec: Readonly<Record<string, unknown>>): string {
  return `${kubectlOn(service, 'patch')} --type merge -p '${JSON.stringify({ spec })}'`;
}

/** `kubectl annotate svc NAME -n NS KEY=VALUE…`; `KEY-` takes one away. */
export function annotate({ service }: ServiceScene, ...words: readonly string[]): string {
  return `${kubectlOn(service, 'annotate')} --overwrite ${words.map((word) => (/^[A-Za-z0-9./=_-]+$/.test(word) ? word : shellWord(word))).join(' ')}`;
}

/** `kubectl -n NS get pods -l a=b,c=d` for the pods of a Service. */
export function getPods({ service, object }: ServiceScene): string {
  const selector = Object.entries(object?.spec?.selector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  return `kubectl get pods -n ${shellWord(service.namespace)} -l ${/^[A-Za-z0-9./=,_-]+$/.test(selector) ? selector : shellWord(selector)}`;
}

/** ` on port http` where only some of a Service's ports are meant, else nothing. */
export function onPorts(labels: readonly string[], all: number): string {
  if (labels.length === 0 || labels.length === all) return '';
  return ` on ${labels.length === 1 ? 'port' : 'ports'} ${nameList(labels)}`;
}

/** `is` or `are`, `has` or `have`, by a count. */
export function verb(count: number, one: string, many: string): string {
  return count === 1 ? one : many;
}
