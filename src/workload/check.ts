import type { Located } from './issues.js';
import type { Workload } from './types.js';
/** */
export function checkWorkload(_workload: Workload): Located[] {
  return [];
}
