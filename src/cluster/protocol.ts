import type { Protocol } from './model.ts';

/** The API's default is TCP. */
export function protocolOf(text: string | null | undefined): Protocol {
  return text === 'UDP' || text === 'SCTP' ? text : 'TCP';
}
