import type { Fingerprint } from '../engine/fingerprint.js';
import type { CgroupSnapshot, MachineSnapshot, TaskSnapshot } from '../kernel/snapshot.js';
import type { Tracepoints } from '../kernel/trace.js';
import type { Workload } from '../workload/types.js';

/** A booted kernel with its workload, as far as a run needs to know it. */
export interface System {
  readonly workload: Workload;
  readonly kernelName: string;
  readonly policyName: string;
  /** Subscribe before the first advance(). */
  readonly trace: Tracepoints;
  readonly fingerprint: Fingerprint;
  /** Simulated time, ns since boot. */
  readonly nowNs: number;
  /** Events dispatched so far. */
  readonly events: number;
  /** Plays to untilNs or maxEvents more events and says which stopped it; `ended`: the run is over. */
  advance(untilNs: number, maxEvents?: number): 'budget' | 'until' | 'ended';
  /** Why the run ended: until, quiet, panic or idle; null while it goes on. */
  readonly endedBy: string | null;
  readonly panic: string | null;
  machine(): MachineSnapshot;
  cgroups(): CgroupSnapshot[];
  tasks(): TaskSnapshot[];
  readonly allocFailures: number;
}
