import type { Checkpoint } from '../record/checkpoints_csv.js';
import type { Workload } from '../workload/types.js';
import type { ObservedSystem } from './observed_system.js';

/** Events of a slice, between which observers look: long enough to cost nothing. */
export const SLICE_EVENTS = 8192;

/** A checkpoint looks at every task: where there are many, it must come less often to cost nothing. */
const EVENTS_PER_TASK = 8;

/** Events between two checkpoints of a run: whole slices, so that no event is looked at for them. */
export function checkpointEvents({ processes }: Workload): number {
  const tasks = processes.reduce((sum, { count }) => sum + count, 0);
  let events = SLICE_EVENTS;
  while (events < tasks * EVENTS_PER_TASK) events *= 2;
  return events;
}

/** Where a system stands now. */
export function checkpointOf(system: ObservedSystem): Checkpoint {
  const { nowNs: timeNs, events, fingerprint } = system;
  return { timeNs, events, lanes: fingerprint.lanes(), state: system.digest() };
}
