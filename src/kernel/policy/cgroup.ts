/**
 * The seed: the cgroup-aware OOM killer of SEED_PATCH.txt (v13 3/7 as reworked on 2017-12-06,
 * mm/memcontrol.c). The biggest leaf memcg is chosen, then its biggest task.
 */
import { css_cgroup, css_tasks } from '../cgroup/cgroup.js';
import type { Kernel } from '../kernel.js';
import { type MemCgroup, memcg_has_children } from '../mm/mem_cgroup.js';
import { LRU_ACTIVE_ANON, LRU_INACTIVE_ANON, LRU_UNEVICTABLE } from '../mm/mm_types.js';
import { INFLIGHT_VICTIM, type OomControl } from '../mm/oom_control.js';
import { select_by } from '../mm/oom_index.js';
import { oom_badness, oom_kill_memcg_victim, selection_inflight } from '../mm/oom_kill.js';
import { OOM_SCORE_ADJ_MIN } from '../sched/task.js';
import type { OomPolicy } from './policy.js';

/** Anonymous, unevictable, unreclaimable slab, stacks, sockets and swap: local counters, pages. */
export function memcg_oom_badness(memcg: MemCgroup, nodemask: readonly number[] | null): number {
  let points = 0;
  for (const lruvec of memcg.lruvecs) {
    if (nodemask !== null && !nodemask.includes(lruvec.node)) continue;
    points += lruvec.size[LRU_ACTIVE_ANON]! + lruvec.size[LRU_INACTIVE_ANON]!;
    points += lruvec.size[LRU_UNEVICTABLE]!;
  }
  return points + memcg.kmem.slab + memcg.kmem.kernel_stack + memcg.kmem.sock + memcg.swap_pages;
}

/** The root memcg has no such counters: its tasks' badness, put together, stands in for its score. */
export function root_score(
  k: Kernel,
  root: MemCgroup,
  oc: OomControl,
  together: (score: number, points: number) => number,
): number {
  let score = 0;
  if (!k.profile.task_cg_lists) return score;
  for (const task of css_tasks(root)) {
    oc.visited++;
    if (selection_inflight(task)) return -1;
    if (task.mm === null || task.mm.owner !== task) continue;
    const points = oom_badness(k, task, root, oc.nodemask, oc.totalpages);
    score = together(score, Math.max(0, points));
  }
  return score;
}

/** False: every task has oom_score_adj −1000. Null: a victim in this memcg is still dying. */
export function memcg_oom_eligible(memcg: MemCgroup, oc: OomControl): boolean | null {
  const home = css_cgroup(memcg);
  if (home !== null && home.nr_victims === 0) {
    oc.visited += home.nr_tasks;
    return home.nr_tasks > home.nr_immune;
  }
  let eligible = false;
  for (const task of css_tasks(memcg)) {
    oc.visited++;
    if (task.signal.oom_score_adj !== OOM_SCORE_ADJ_MIN) eligible = true;
    if (selection_inflight(task)) return null;
  }
  return eligible;
}

/**
 * −1: a victim in this memcg is still dying. 0: not eligible. Otherwise an estimate of the memory that
 * it uses. oom_score_adj counts in root only.
 */
export function oom_evaluate_memcg(k: Kernel, memcg: MemCgroup, oc: OomControl): number {
  if (memcg.is_root) return root_score(k, memcg, oc, (score, points) => score + points);
  const eligible = memcg_oom_eligible(memcg, oc);
  if (eligible === null) return -1;
  return eligible ? memcg_oom_badness(memcg, oc.nodemask) : 0;
}

/** The score of a leaf, or of root as if it were one; null for a memcg that is neither. */
export function leaf_score(k: Kernel, memcg: MemCgroup, oc: OomControl): number | null {
  // "Children" counts dying ones too: a removed child can hide its parent from the killer.
  if (memcg_has_children(memcg) && !memcg.is_root) return null;
  return oom_evaluate_memcg(k, memcg, oc);
}

/** How a policy scores a memcg: null for one that it does not look at, −1 for a victim in flight. */
export type MemcgScore = (k: Kernel, memcg: MemCgroup, oc: OomControl) => number | null;

/** Compares a memcg with the best so far. Returns true to end the scan: a victim is in flight. */
function consider(k: Kernel, memcg: MemCgroup, oc: OomControl, score_of: MemcgScore): boolean {
  const score = score_of(k, memcg, oc);
  if (score === -1) {
    oc.chosen_memcg = INFLIGHT_VICTIM;
    return true;
  }
  if (score !== null && score > oc.chosen_points) {
    oc.chosen_points = score;
    oc.chosen_memcg = memcg;
  }
  return false;
}

export function scan_leaves(k: Kernel, oc: OomControl): void {
  for (const memcg of k.memcg_preorder(oc.memcg ?? k.root_mem_cgroup)) {
    if (!memcg.is_root && consider(k, memcg, oc, leaf_score)) return;
  }
}

/**
 * The strictly greatest score below the memcg in OOM, or of the whole system, wins. The root comes
 * first: what it counts for is all that policies of this kind may differ in.
 */
export function select_victim_memcg(k: Kernel, oc: OomControl, score_of: MemcgScore): boolean {
  oc.chosen_memcg = null;
  oc.chosen_points = 0;
  const root = oc.memcg ?? k.root_mem_cgroup;
  const ended = root.is_root && consider(k, root, oc, score_of);
  if (!ended) select_by(k, oc, k.memcg_index, scan_leaves);
  return oc.chosen_memcg !== null;
}

export const cgroup_policy: OomPolicy = {
  name: 'cgroup',
  doc: 'the patch of 2017-12-06: biggest task of the biggest leaf',
  mem_cgroup_select_oom_victim: (k, oc) => select_victim_memcg(k, oc, leaf_score),
  memcg_score: leaf_score,
  oom_kill_memcg_victim,
  delay_inflight: true,
  falls_back: true,
  alloc_pages_before_oomkill: false,
  // A victim in flight leaves chosen_task unset: the allocation that asked fails (defect D1).
  out_of_memory_result: (oc) => oc.chosen_task !== null,
};
