/**
 * The whole series: patches 4/7 (memory.oom_group) and 5/7 (groupoom) on top of the seed. A cgroup
 * with oom_group is one consumer together with all below it, and dies whole.
 */
import type { Flow } from '../../engine/coroutine.js';
import { css_tasks } from '../cgroup/cgroup.js';
import type { Kernel } from '../kernel.js';
import {
  for_each_mem_cgroup_tree,
  type MemCgroup,
  mem_cgroup_is_descendant,
  memcg_has_children,
} from '../mm/mem_cgroup.js';
import { INFLIGHT_VICTIM, type OomControl } from '../mm/oom_control.js';
import { __oom_kill_process, oom_kill_memcg_victim } from '../mm/oom_kill.js';
import { trace_select } from '../mm/oom_trace.js';
import { OOM_SCORE_ADJ_MIN, type Task } from '../sched/task.js';
import { leaf_score, oom_evaluate_memcg } from './cgroup.js';
import type { OomPolicy } from './policy.js';

function select_victim_memcg(k: Kernel, root: MemCgroup, oc: OomControl): void {
  oc.chosen_memcg = null;
  oc.chosen_points = 0;
  // The OOMing memcg itself dies whole: no score, no look at victims in flight.
  if (oc.memcg?.oom_group) {
    oc.chosen_memcg = oc.memcg;
    return;
  }
  let group: MemCgroup | null = null;
  let group_score = 0;
  for (const memcg of k.memcg_preorder(root)) {
    const inner = memcg_has_children(memcg);
    if (inner && !memcg.is_root && !memcg.oom_group) continue;
    if (group === null || group.is_root || !mem_cgroup_is_descendant(memcg, group)) {
      group = memcg;
      group_score = 0;
    }
    if (inner && !memcg.is_root) continue;
    const score = oom_evaluate_memcg(k, memcg, oc);
    if (score === 0) continue;
    if (score === -1) {
      oc.chosen_memcg = INFLIGHT_VICTIM;
      return;
    }
    group_score += score;
    if (group_score > oc.chosen_points) {
      oc.chosen_points = group_score;
      oc.chosen_memcg = group;
    }
  }
}

/** Every thread of the subtree is killed, in tree order; none of them has to be killable. */
export function* kill_memcg_tasks(k: Kernel, t: Task, group: MemCgroup, oc: OomControl): Flow {
  trace_select(k, oc);
  const message = oc.memcg === null ? 'Out of memory' : 'Memory cgroup out of memory';
  for (const memcg of [...for_each_mem_cgroup_tree(group)]) {
    for (const member of [...css_tasks(memcg)]) {
      const { signal } = member;
      if (member.kthread || signal === k.init.signal) continue;
      if (signal.oom_score_adj === OOM_SCORE_ADJ_MIN) continue;
      const reason = `member of ${group.path}, the chosen cgroup, which has memory.oom_group set`;
      yield* __oom_kill_process(k, t, member, oc, { message, reason, group: true });
    }
  }
  oc.chosen_task = INFLIGHT_VICTIM;
}

export const series_policy: OomPolicy = {
  name: 'series',
  doc: 'the whole series of v12/v13: memory.oom_group, groupoom',
  mem_cgroup_select_oom_victim(k, oc) {
    if (!k.groupoom) return false;
    select_victim_memcg(k, oc.memcg ?? k.root_mem_cgroup, oc);
    return oc.chosen_memcg !== null;
  },
  memcg_score: leaf_score,
  *oom_kill_memcg_victim(k, t, oc) {
    const chosen = oc.chosen_memcg;
    if (chosen === null || chosen === INFLIGHT_VICTIM || !chosen.oom_group) {
      return yield* oom_kill_memcg_victim(k, t, oc);
    }
    yield* kill_memcg_tasks(k, t, chosen, oc);
    return true;
  },
  delay_inflight: true,
  falls_back: true,
  alloc_pages_before_oomkill: false,
  brings_oom_group: true,
  out_of_memory_result: (oc) => oc.chosen_task !== null,
};
