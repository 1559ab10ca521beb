import type { CgroupSnapshot, MachineSnapshot } from '../kernel/snapshot.js';
import type { ObservedSystem } from '../run/observed_system.js';

/** Everything that one frame of the dashboard shows. Frozen: nothing in it changes later. */
export interface DashboardView {
  readonly workload: string;
  readonly kernel: string;
  readonly policy: string;
  readonly seed: string;
  readonly token: string;
  readonly timeNs: number;
  readonly untilNs: number;
  readonly events: number;
  /** running, or why it ended. */
  readonly state: string;
  readonly machine: MachineSnapshot;
  readonly cgroups: readonly CgroupSnapshot[];
  /** The last kernel log lines, oldest first, with their time stamps. */
  readonly log: readonly string[];
}

/** What the dashboard knows that the system doesn't. */
export interface ViewContext {
  readonly seed: string;
  readonly token: string;
  readonly log: readonly string[];
}

export function viewOf(system: ObservedSystem, { seed, token, log }: ViewContext): DashboardView {
  return {
    workload: system.workload.name,
    kernel: system.kernelName,
    policy: system.policyName,
    seed,
    token,
    timeNs: system.nowNs,
    untilNs: system.workload.untilNs,
    events: system.events,
    state: system.endedBy ?? 'running',
    machine: system.machine(),
    cgroups: system.cgroups(),
    log: [...log],
  };
}
