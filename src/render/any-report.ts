import type { ServiceReport } from '../analysis/report.ts';
import type { TraceReport } from '../analysis/trace-report.ts';
import type { VerifyReport } from '../analysis/verify-report.ts';

/** Every report that a command prints. */
export type AnyReport = ServiceReport | VerifyReport | TraceReport;
