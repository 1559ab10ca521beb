import type { TraceFields } from '../kernel/trace.js';
import type { Refused } from '../userspace/refused.js';

/** One victim, from the moment it got its SIGKILL. */
export interface KillResult {
  readonly timeNs: number;
  readonly pid: number;
  readonly comm: string;
  readonly cgroup: string;
  /** The userspace killer that did it; null: the kernel. */
  readonly killer: string | null;
  /** What the policy, or the userspace killer, compared. */
  readonly points: number;
  readonly oomScoreAdj: number;
  readonly constraint: string;
  /** The cgroup that was out of memory; '' when it was the machine. */
  readonly memcg: string;
  readonly triggerPid: number;
  readonly triggerComm: string;
  readonly reason: string;
  /** Killed as a member of a group, not chosen itself. */
  readonly group: boolean;
}

/** Something that a policy file did wrong; the kernel then went on as if it had declined. */
export interface PolicyProblem {
  /** When it happened first. */
  readonly timeNs: number;
  readonly policy: string;
  /** Where the handler is attached: the path of a cgroup, or `default`. */
  readonly handler: string;
  readonly problem: string;
  readonly times: number;
}

/** How a run ended: the object that `oomsim run --json` prints. */
export interface RunResult {
  readonly token: string;
  /** `<16 hex digits>/<ingredients>` */
  readonly fingerprint: string;
  readonly name: string;
  readonly kernel: string;
  readonly policy: string;
  readonly seed: string;
  readonly run: number;
  /** until, quiet, panic, idle or interrupted. */
  readonly endedBy: string;
  readonly simulatedNs: number;
  readonly events: number;
  readonly kills: readonly KillResult[];
  /** What a policy file did wrong. */
  readonly policyProblems: readonly PolicyProblem[];
  /** What the kernel refused to do for the workload: the first of it. */
  readonly refused: readonly Refused[];
  /** Page allocations that failed. */
  readonly allocFailures: number;
  /** What the kernel panicked of, or null. */
  readonly panic: string | null;
  /** The run folder, or null when none was written. */
  readonly outDir: string | null;
  /** What was written into it beside its manifest. */
  readonly files: readonly string[];
}

export function killResult(
  timeNs: number,
  kill: TraceFields['oomsim:oom_kill'],
  killer: string | null = null,
): KillResult {
  return {
    timeNs,
    pid: kill.pid,
    comm: kill.comm,
    cgroup: kill.cgroup,
    killer,
    points: kill.points,
    oomScoreAdj: kill.oom_score_adj,
    constraint: kill.constraint,
    memcg: kill.memcg,
    triggerPid: kill.trigger_pid,
    triggerComm: kill.trigger_comm,
    reason: kill.reason,
    group: kill.group,
  };
}
