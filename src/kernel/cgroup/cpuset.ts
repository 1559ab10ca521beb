import type { Kernel } from '../kernel.js';
import { tsk_is_oom_victim } from '../sched/task.js';

/**
 * Whether the current task may have memory of a node (kernel/cgroup/cpuset.c: cpuset_node_allowed). OOM
 * victims may have any; without a hard wall (__GFP_HARDWALL: user memory) the cpuset does not bind.
 */
export function cpuset_node_allowed(k: Kernel, node: number, hardwall: boolean): boolean {
  const t = k.sched.current;
  if (t === null || t.mems_allowed === null || t.mems_allowed.includes(node)) return true;
  return !hardwall || tsk_is_oom_victim(t);
}
