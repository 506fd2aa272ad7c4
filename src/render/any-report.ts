import type { ServiceReport } from '../analysis/report.ts';
import type { TraceReport } from '../analysis/trace-report.ts';
import type { VerifyReport } from '../analysis/verify-report.ts';
import type { AssertReport } from '../assert/report.ts';
import type { CheckReport } from '../findings/check-report.ts';
import type { WhatifAllReport } from '../whatif/all/report.ts';
import type { WhatifReport } from '../whatif/report.ts';
import type { RolloutReport } from '../whatif/rollout/report.ts';

/** Every report that a command prints. */
export type AnyReport =
  | ServiceReport
  | VerifyReport
  | TraceReport
  | CheckReport
  | WhatifReport
  | WhatifAllReport
  | RolloutReport
  | AssertReport;
