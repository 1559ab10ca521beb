import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import type { MemCgroup } from '../mm/mem_cgroup.js';
import type { OomControl } from '../mm/oom_control.js';
import type { Task } from '../sched/task.js';

/**
 * What out_of_memory() asks before its process scan. The process scan itself, with everything that
 * follows, is the kernel's and the fallback of every policy.
 */
export interface OomPolicy {
  readonly name: string;
  readonly doc: string;
  /** Chooses a memcg (oc.chosen_memcg); true if it did, or found a victim in flight. */
  mem_cgroup_select_oom_victim(k: Kernel, oc: OomControl): boolean;
  /** The score of a memcg, for people: −1 a victim in flight, 0 not eligible, null not looked at. */
  memcg_score?(k: Kernel, memcg: MemCgroup, oc: OomControl): number | null;
  /** Kills in the chosen memcg; false to fall back to the process scan. */
  oom_kill_memcg_victim(k: Kernel, t: Task, oc: OomControl): Flow<boolean>;
  /** out_of_memory() sleeps a jiffy also when the memcg step only found a victim in flight. */
  readonly delay_inflight: boolean;
  /** A memcg in which nobody could be killed leads to the process scan, rather than to nothing. */
  readonly falls_back: boolean;
  /** Memory that became free during the selection is used instead of a kill (v13). */
  readonly alloc_pages_before_oomkill: boolean;
  /** It brings memory.oom_group along, for kernels that have none yet. */
  readonly brings_oom_group?: boolean;
  /** What out_of_memory() returns. */
  out_of_memory_result(oc: OomControl): boolean;
}
