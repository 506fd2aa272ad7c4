import type { FindingsOf } from '../analysis/explain.ts';
import { findingsFor } from './check.ts';
import { sceneOf } from './scene.ts';

/** The findings of one Service for `explain`, over the cluster that it has understood already. */
export const findingsOf: FindingsOf = (parts, service) => findingsFor(sceneOf(parts), service);
