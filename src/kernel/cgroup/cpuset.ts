import type { Kernel } from '../kernel.js';
import { type Task, tsk_is_oom_victim } from '../sched/task.js';

/**
 * Whether the current task may have memory of a node (kernel/cgroup/cpuset.c: cpuset_node_allowed). OOM
 * victims may have any; without a hard wall (__GFP_HARDWALL: user memory) the cpuset does not bind.
 */
export function cpuset_node_allowed(k: Kernel, node: number, hardwall: boolean): boolean {
  const t = k.sched.current;
  if (t === null || t.mems_allowed === null || t.mems_allowed.includes(node)) return true;
  return !hardwall || tsk_is_oom_victim(t);
}

/**
 * The nodes that a task's mempolicy binds it to; null: all. One that has no node in common with the
 * task's cpuset is void (mm/mempolicy.c: policy_nodemask).
 */
export function policy_nodemask({ nodemask, mems_allowed }: Task): readonly number[] | null {
  if (nodemask === null || mems_allowed === null) return nodemask;
  return nodemask.some((node) => mems_allowed.includes(node)) ? nodemask : null;
}
