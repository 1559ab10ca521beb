/** Whom an OOM may kill at all, whatever its badness (mm/oom_kill.c: oom_unkillable_task). */
import type { Kernel } from '../kernel.js';
import type { Task } from '../sched/task.js';
import { type MemCgroup, mem_cgroup_is_descendant } from './mem_cgroup.js';
import { is_memcg_oom, type OomControl } from './oom_control.js';

/** Init and kernel threads are never killed. */
function never_killed(k: Kernel, t: Task): boolean {
  return t.signal === k.init.signal || t.kthread;
}

/** Init, kernel threads, tasks of another memcg or other nodes are not killed. */
export function oom_unkillable_task(
  k: Kernel,
  t: Task,
  memcg: MemCgroup | null,
  nodemask: readonly number[] | null,
): boolean {
  if (never_killed(k, t)) return true;
  if (memcg !== null) {
    const of_task = t.mm?.owner?.cgroup.memcg ?? t.cgroup.memcg;
    if (!mem_cgroup_is_descendant(of_task, memcg)) return true;
  }
  return !has_intersects_mems_allowed(k, t, nodemask);
}

/**
 * Whether this OOM leaves the task alone, in its scan or, given a memcg, in its table of tasks. From 5.3
 * everybody in a memcg at its limit may help it, whatever nodes they may use and who owns their mm.
 */
export function oom_passes_over(
  k: Kernel,
  t: Task,
  oc: OomControl,
  memcg: MemCgroup | null,
): boolean {
  if (is_memcg_oom(oc) && k.profile.memcg_oom_members) return never_killed(k, t);
  return oom_unkillable_task(k, t, memcg, oc.nodemask);
}

/** Some thread may use a node that the allocation may use (NUMA only). */
function has_intersects_mems_allowed(
  k: Kernel,
  t: Task,
  nodemask: readonly number[] | null,
): boolean {
  if (k.nodes.length === 1) return true;
  const meets = (a: readonly number[] | null, b: readonly number[] | null): boolean =>
    a === null || b === null || a.some((node) => b.includes(node));
  return t.signal.threads.some((thread) =>
    nodemask !== null
      ? meets(thread.nodemask, nodemask)
      : meets(thread.mems_allowed, k.sched.current?.mems_allowed ?? null),
  );
}

/** Who asks is bound to some nodes, so that not every task would be of use (NUMA only). */
export function minds_nodes(k: Kernel, oc: OomControl): boolean {
  if (k.nodes.length === 1) return false;
  return oc.nodemask !== null || (k.sched.current?.mems_allowed ?? null) !== null;
}
