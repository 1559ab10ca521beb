/**
 * David Rientjes' alternative (January to July 2018, never merged): memory.oom_policy decides, by
 * cgroup, what a victim is looked for among; memory.oom.group is only about what is killed. KERNEL.md
 * 4.8.
 */
import type { Flow } from '../../engine/coroutine.js';
import { css_tasks } from '../cgroup/cgroup.js';
import type { Kernel } from '../kernel.js';
import { for_each_mem_cgroup_tree, type MemCgroup, memcg_has_children } from '../mm/mem_cgroup.js';
import { LRU_UNEVICTABLE } from '../mm/mm_types.js';
import { INFLIGHT_VICTIM, type OomControl } from '../mm/oom_control.js';
import { oom_kill_memcg_victim, selection_inflight } from '../mm/oom_kill.js';
import { OOM_SCORE_ADJ_MIN, type Task } from '../sched/task.js';
import { memcg_oom_badness, root_score } from './cgroup.js';
import type { OomPolicy } from './policy.js';
import { kill_memcg_tasks } from './series.js';

const sum = (score: number, points: number): number => score + points;

/** Owners of their mm only are looked at; the nodes of a mempolicy are not. */
function leaf_score(memcg: MemCgroup, oc: OomControl, fair_root: boolean): number {
  let eligible = false;
  for (const task of css_tasks(memcg)) {
    oc.visited++;
    if (selection_inflight(task)) return -1;
    if (task.mm === null || task.mm.owner !== task) continue;
    if (task.signal.oom_score_adj !== OOM_SCORE_ADJ_MIN) eligible = true;
  }
  if (!eligible) return 0;
  const points = memcg_oom_badness(memcg, null);
  if (!fair_root) return points;
  return points - memcg.lruvecs.reduce((pages, { size }) => pages + size[LRU_UNEVICTABLE]!, 0);
}

/** What the whole system uses of what leaves are scored by, less the leaves. */
function fair_root_score(k: Kernel, leaves: number): number {
  let used = k.swap.used;
  for (const lru of k.node_lru) used += lru[0]! + lru[1]!;
  for (const memcg of for_each_mem_cgroup_tree(k.root_mem_cgroup)) {
    used += memcg.kmem.slab + memcg.kmem.kernel_stack + memcg.kmem.sock;
  }
  return used > leaves ? used - leaves : 0;
}

/** The memcg that a leaf counts for: the highest `tree` above it below the search root, or itself. */
function consumer_of(memcg: MemCgroup, root: MemCgroup): MemCgroup {
  let consumer = memcg;
  for (let m = memcg.parent; m !== null && m !== root; m = m.parent) {
    if (m.oom_policy === 'tree') consumer = m;
  }
  return consumer;
}

function has_eligible_task(root: MemCgroup): boolean {
  for (const task of css_tasks(root)) {
    if (task.mm !== null && task.signal.oom_score_adj !== OOM_SCORE_ADJ_MIN) return true;
  }
  return false;
}

/** Scores every consumer below the memcg in OOM; strictly the greatest is chosen. */
function select(k: Kernel, oc: OomControl, fair_root: boolean): boolean {
  const root = oc.memcg ?? k.root_mem_cgroup;
  oc.chosen_memcg = null;
  oc.chosen_points = 0;
  // The policy of the memcg in OOM decides, not those below it.
  if (root.oom_policy === 'none') return false;
  const scores = new Map<MemCgroup, number>();
  let leaves = 0;
  for (const memcg of for_each_mem_cgroup_tree(root)) {
    if (memcg.is_root ? fair_root : memcg_has_children(memcg)) continue;
    const score = memcg.is_root ? root_score(k, memcg, oc, sum) : leaf_score(memcg, oc, fair_root);
    if (score === -1) {
      oc.chosen_memcg = INFLIGHT_VICTIM;
      return true;
    }
    leaves += score;
    const consumer = consumer_of(memcg, root);
    scores.set(consumer, (scores.get(consumer) ?? 0) + score);
  }
  if (root.is_root && fair_root && has_eligible_task(root)) {
    scores.set(root, fair_root_score(k, leaves));
  }
  for (const [memcg, score] of scores) {
    if (score <= oc.chosen_points) continue;
    oc.chosen_points = score;
    oc.chosen_memcg = memcg;
  }
  return oc.chosen_memcg !== null;
}

/** memory.oom.group of the victim's cgroup: the whole of it dies, not only the biggest task. */
function* kill(k: Kernel, t: Task, oc: OomControl): Flow<boolean> {
  const chosen = oc.chosen_memcg;
  if (chosen === null || chosen === INFLIGHT_VICTIM || !chosen.oom_group) {
    return yield* oom_kill_memcg_victim(k, t, oc);
  }
  yield* kill_memcg_tasks(k, t, chosen, oc);
  return true;
}

function rientjes(name: string, doc: string, fair_root: boolean): OomPolicy {
  return {
    name,
    doc,
    mem_cgroup_select_oom_victim: (k, oc) => select(k, oc, fair_root),
    memcg_score(k, memcg, oc) {
      if (memcg.is_root) return fair_root ? null : root_score(k, memcg, oc, sum);
      return memcg_has_children(memcg) ? null : leaf_score(memcg, oc, fair_root);
    },
    oom_kill_memcg_victim: kill,
    delay_inflight: true,
    falls_back: true,
    alloc_pages_before_oomkill: false,
    brings_oom_group: true,
    out_of_memory_result: (oc) => oc.chosen_task !== null,
  };
}

export const rientjes_policy = rientjes(
  'rientjes',
  "Rientjes' memory.oom_policy (none, cgroup, tree)",
  false,
);

export const rientjes_fair_root_policy = rientjes(
  'rientjes-fair-root',
  'the same, with root compared by what no leaf accounts for',
  true,
);
