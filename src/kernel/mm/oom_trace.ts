/** What a selection looked like, for people: every candidate with the terms of its score. */
import { css_tasks } from '../cgroup/cgroup.js';
import type { Kernel } from '../kernel.js';
import { OOM_SCORE_ADJ_MIN, type Task } from '../sched/task.js';
import type { Candidate } from '../trace.js';
import { for_each_mem_cgroup_tree } from './mem_cgroup.js';
import { get_mm_rss } from './mm_types.js';
import { INFLIGHT_VICTIM, type OomControl } from './oom_control.js';
import { oom_passes_over } from './oom_eligible.js';
import { badness_in, find_lock_task_mm, ineligible, root_bonus } from './oom_kill.js';

/** Reports a finished selection to the tracepoint, if anybody listens. */
export function trace_select(k: Kernel, oc: OomControl): void {
  const { chosen_task, chosen_memcg } = oc;
  k.trace.on['oomsim:oom_select']?.({
    policy: k.policy.name,
    constraint: oc.constraint,
    memcg: oc.memcg?.path ?? '',
    totalpages: oc.totalpages,
    chosen:
      chosen_task === null
        ? 'none'
        : chosen_task === INFLIGHT_VICTIM
          ? 'inflight'
          : `${chosen_task.pid}:${chosen_task.comm}`,
    chosen_memcg:
      chosen_memcg === null
        ? ''
        : chosen_memcg === INFLIGHT_VICTIM
          ? 'inflight'
          : chosen_memcg.path,
    candidates: () => task_candidates(k, oc),
    memcg_candidates: () => memcg_candidates(k, oc),
  });
}

/** All memcgs that the policy compares, in the order in which it looks at them. */
export function memcg_candidates(k: Kernel, oc: OomControl): Candidate[] {
  const candidates: Candidate[] = [];
  for (const memcg of for_each_mem_cgroup_tree(oc.memcg ?? k.root_mem_cgroup)) {
    const score = k.policy.memcg_score?.(k, memcg, { ...oc }) ?? null;
    if (score === null) continue;
    candidates.push({
      kind: 'memcg',
      pid: 0,
      comm: '',
      cgroup: memcg.path,
      rssPages: 0,
      swapPages: memcg.swap_pages,
      pgtablesPages: 0,
      adj: 0,
      adjPages: 0,
      bonusPages: 0,
      points: Math.max(0, score),
      why: score > 0 ? '' : score === 0 ? 'nobody in it can be killed' : 'a victim is in flight',
    });
  }
  return candidates;
}

/** All processes in the domain of the OOM, with the arithmetic of their badness; best first. */
export function task_candidates(k: Kernel, oc: OomControl): Candidate[] {
  const candidates: Candidate[] = [];
  for (const leader of tasks_in_domain(k, oc)) candidates.push(candidate_of(k, leader, oc));
  // Sorting is stable: among equals the one that the scan would have chosen comes first.
  if (k.profile.tie === 'last') candidates.reverse();
  return candidates.sort((a, b) => b.points - a.points);
}

function* tasks_in_domain(k: Kernel, oc: OomControl): Generator<Task> {
  if (oc.memcg === null) {
    yield* k.processes;
    return;
  }
  for (const memcg of for_each_mem_cgroup_tree(oc.memcg)) {
    for (const task of css_tasks(memcg)) if (task.is_leader) yield task;
  }
}

/** The terms of one process's badness. */
export function candidate_of(k: Kernel, leader: Task, oc: OomControl): Candidate {
  const p = find_lock_task_mm(leader);
  const rss = p === null ? 0 : get_mm_rss(p.mm);
  const swap = p?.mm.swapents ?? 0;
  const pgtables = p?.mm.pgtables_pages ?? 0;
  const adj = leader.signal.oom_score_adj;
  return {
    kind: 'task',
    pid: leader.pid,
    comm: leader.comm,
    cgroup: leader.cgroup.path,
    rssPages: rss,
    swapPages: swap,
    pgtablesPages: pgtables,
    adj,
    adjPages: adj * Math.floor(oc.totalpages / 1000),
    bonusPages: root_bonus(k, leader, rss + swap + pgtables),
    points: badness_in(k, leader, oc, null),
    why: why_ineligible(k, leader, oc),
  };
}

function why_ineligible(k: Kernel, leader: Task, oc: OomControl): string {
  if (badness_in(k, leader, oc, null) !== ineligible(k)) return '';
  if (leader.signal.oom_score_adj === OOM_SCORE_ADJ_MIN) return 'oom_score_adj is -1000';
  if (leader.kthread) return 'kernel thread';
  if (leader.signal === k.init.signal) return 'init';
  const p = find_lock_task_mm(leader);
  if (p === null) return 'has no memory of its own any more';
  if (p.mm.oom_skip) return 'already reaped (MMF_OOM_SKIP)';
  if (oom_passes_over(k, leader, oc, null)) return 'on other nodes';
  return 'in vfork(): its parent is considered instead';
}
