import type { FindingCode } from '../findings/codes.ts';
import { CODES, findingNamed } from '../findings/codes.ts';
import { Failure } from '../net/failure.ts';
import { didYouMean } from '../net/near.ts';
import { serviceName } from './service-argument.ts';

/** `svc/a svc/b`, `svc a b`, `a b`: the names, each once. */
export function serviceNames(words: readonly string[]): string[] {
  const [first = '', ...rest] = words;
  const isType = rest.length > 0 && /^(?:svc|services?)$/i.test(first);
  return [...new Set((isType ? rest : words).map((word) => serviceName([word])))];
}

/** `SIP103,SIP2xx,local-single-node` as codes; `SIP2` and `SIP2xx` mean all that begin so. */
export function codesFrom(texts: readonly string[], flag: string): Set<FindingCode> {
  const codes = new Set<FindingCode>();
  for (const word of texts.flatMap((text) => text.split(',')).map((text) => text.trim())) {
    if (word === '') continue;
    const family = /^sip(\d{1,2})x*$/i.exec(word)?.[1];
    const id = findingNamed(word);
    const found =
      id !== null ? [CODES[id]] : family === undefined ? [] : Object.values(CODES).filter((code) => code.startsWith(`SIP${family}`));
    if (found.length === 0)
      throw new Failure(
        `--${flag} ${JSON.stringify(word)} is no finding`,
        didYouMean(word, [...Object.keys(CODES), ...Object.values(CODES)]) ??
          'codes are SIP101 to SIP999, ids such as local-single-node; see docs/findings',
      );
    for (const code of found) codes.add(code);
  }
  return codes;
}
