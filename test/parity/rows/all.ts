import type { Row } from '../support/row.ts';
import { CONTEXTS } from './contexts.ts';
import { CREDENTIALS } from './credentials.ts';
import { EXEC } from './exec.ts';
import { FILES } from './files.ts';
import { IMPERSONATION } from './impersonation.ts';
import { IN_CLUSTER } from './in-cluster.ts';
import { PROXIES } from './proxies.ts';
import { SERVERS } from './servers.ts';
import { TIMEOUTS } from './timeouts.ts';
import { TLS } from './tls.ts';
import { TROUBLE } from './trouble.ts';
import { WORDS } from './words.ts';

/** Every situation, in the order of the table. */
export const ROWS: readonly Row[] = [
  ...CONTEXTS,
  ...FILES,
  ...CREDENTIALS,
  ...IMPERSONATION,
  ...EXEC,
  ...TLS,
  ...SERVERS,
  ...PROXIES,
  ...TIMEOUTS,
  ...TROUBLE,
  ...IN_CLUSTER,
  ...WORDS,
];
