/** How cgroups stand before the OOM killer, for people; asking changes nothing. */
import type { Cgroup } from './cgroup/cgroup.js';
import { cgroup_tree } from './cgroup/cgroup.js';
import type { Kernel } from './kernel.js';
import { global_oom, type OomControl } from './mm/oom_control.js';
import { oom_badness } from './mm/oom_kill.js';
import type { Task } from './sched/task.js';
import { type CgroupStanding, TASK_STATES } from './snapshot.js';

/** Every cgroup in the order of snapshot_cgroups(). */
export function snapshot_standings(k: Kernel): CgroupStanding[] {
  const cgroups = [...cgroup_tree(k.root_cgroup)];
  const oc = global_oom(k);
  const scores = k.policy.memcg_score !== undefined;
  const standings = new Map<Cgroup, CgroupStanding>();
  for (const cgroup of cgroups) standings.set(cgroup, own_standing(k, cgroup, oc, !scores));
  // Children come behind their parents: from the end, each is complete when it is added.
  for (let i = cgroups.length - 1; i > 0; i--) {
    add_below(standings.get(cgroups[i]!.parent!)!, standings.get(cgroups[i]!)!);
  }
  if (scores) {
    for (const cgroup of cgroups) standings.get(cgroup)!.score = policy_score(k, cgroup, oc);
  }
  return [...standings.values()];
}

function policy_score(k: Kernel, cgroup: Cgroup, oc: OomControl): number | null {
  const { memcg } = cgroup;
  if (memcg.cgroup !== cgroup) return null; // it has no memory controller of its own
  return k.policy.memcg_score!(k, memcg, { ...oc });
}

function own_standing(
  k: Kernel,
  cgroup: Cgroup,
  oc: OomControl,
  by_badness: boolean,
): CgroupStanding {
  const states = new Array<number>(TASK_STATES.length).fill(0);
  let score = 0;
  let stalled = 0;
  for (const task of cgroup.tasks) {
    if (task.kthread) continue;
    states[task.state]!++;
    if (is_stalled(task)) stalled++;
    if (!by_badness || !task.is_leader) continue;
    score = Math.max(score, oom_badness(k, task, null, null, oc.totalpages));
  }
  return { score, states, stalled };
}

/** It would run if there were memory: in reclaim, swapping in, or waiting for an OOM to end. */
function is_stalled(task: Task): boolean {
  return task.memstall > 0 || task.wchan === 'mem_cgroup_oom' || task.wchan === 'oom_lock';
}

function add_below(to: CgroupStanding, child: CgroupStanding): void {
  to.score = Math.max(to.score ?? 0, child.score ?? 0);
  to.stalled += child.stalled;
  child.states.forEach((count, state) => {
    to.states[state]! += count;
  });
}
