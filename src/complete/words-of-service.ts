import type { Typed } from './words.ts';

const TYPES: ReadonlySet<string> = new Set(['svc', 'service', 'services']);

export function isServiceType(word: string): boolean {
  return TYPES.has(word.toLowerCase());
}

/** The Services that were named before the cursor. */
export function servicesIn({ args }: Pick<Typed, 'args'>): string[] {
  return args.filter((word, index) => index > 0 || !isServiceType(word)).map((word) => word.slice(word.indexOf('/') + 1));
}
