import type { Kernel } from '../kernel.js';
import type { Task } from '../sched/task.js';
import { GFP_HIGHUSER_MOVABLE, type Gfp } from './gfp.js';
import type { MemCgroup } from './mem_cgroup.js';

/** A selection found a victim that is still dying; nobody else is chosen (include/linux/oom.h). */
export const INFLIGHT_VICTIM = 'inflight';

export type OomConstraint =
  | 'CONSTRAINT_NONE'
  | 'CONSTRAINT_CPUSET'
  | 'CONSTRAINT_MEMORY_POLICY'
  | 'CONSTRAINT_MEMCG';

/** Who calls out_of_memory(), for what. */
export interface OomRequest {
  /** The memcg at its limit; null: a global OOM. */
  memcg: MemCgroup | null;
  gfp: Gfp;
  /** −1: sysrq-f. */
  order: number;
  nodemask: readonly number[] | null;
  node: number;
  /** `what-if`: nobody really asks; memory is taken to be short whatever the watermarks say. */
  trigger: 'alloc' | 'pagefault' | 'memcg' | 'sysrq' | 'what-if';
}

/** State of one call of out_of_memory() (struct oom_control). */
export interface OomControl extends OomRequest {
  constraint: OomConstraint;
  totalpages: number;
  chosen_task: Task | typeof INFLIGHT_VICTIM | null;
  chosen_memcg: MemCgroup | typeof INFLIGHT_VICTIM | null;
  chosen_points: number;
  /** Tasks and memcgs looked at so far: what the selection costs. */
  visited: number;
}

/** The whole machine out of memory, asked by nobody. */
export function global_oom(k: Kernel): OomControl {
  return {
    memcg: null,
    gfp: GFP_HIGHUSER_MOVABLE,
    order: 0,
    nodemask: null,
    node: 0,
    trigger: 'what-if',
    constraint: 'CONSTRAINT_NONE',
    totalpages: k.totalram_pages + k.swap.total,
    chosen_task: null,
    chosen_memcg: null,
    chosen_points: 0,
    visited: 0,
  };
}

export const is_sysrq_oom = (oc: OomControl): boolean => oc.order === -1;
export const is_memcg_oom = (oc: OomControl): boolean => oc.memcg !== null;
