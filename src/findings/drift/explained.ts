import type { ServiceScene } from '../scene.ts';
import { differencesOf, strangersOf } from './differences.ts';

/** Nodes of which a finding about their rules tells what they do to the Service's packets. */
export function explainedNodes({ cluster, key }: ServiceScene): ReadonlySet<string> {
  const differences = [...(differencesOf(cluster).get(key) ?? []), ...(differencesOf(cluster).get('') ?? [])];
  const told = [...differences, ...(strangersOf(cluster).get(key) ?? [])].filter(({ severity }) => severity !== 'info');
  return new Set(told.map(({ node }) => node));
}
