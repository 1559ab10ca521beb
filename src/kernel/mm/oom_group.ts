/** memory.oom.group of 4.19 (mm/memcontrol.c, mm/oom_kill.c): the victim takes its cgroup along. */
import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { OOM_SCORE_ADJ_MIN, type Task } from '../sched/task.js';
import type { MemCgroup } from './mem_cgroup.js';
import { count_memcg_event } from './memcontrol.js';
import type { OomControl } from './oom_control.js';
import { __oom_kill_process, mem_cgroup_scan_tasks } from './oom_kill.js';

/** The highest ancestor of the victim, up to the OOM domain, that has memory.oom.group (4.19). */
export function mem_cgroup_get_oom_group(
  k: Kernel,
  victim: Task,
  domain: MemCgroup | null,
): MemCgroup | null {
  if (!k.profile.oom_group) return null;
  const top = domain ?? k.root_mem_cgroup;
  let group: MemCgroup | null = null;
  for (let m: MemCgroup | null = victim.cgroup.memcg; m !== null && !m.is_root; m = m.parent) {
    if (m.oom_group) group = m;
    if (m === top) break;
  }
  return group;
}

/** Kills all members of a memory.oom.group (4.19), up to 5.2 once for every thread of theirs. */
export function* kill_oom_group(
  k: Kernel,
  t: Task,
  group: MemCgroup,
  oc: OomControl,
  message: string,
): Flow {
  k.printk(`Tasks in ${group.path} are going to be killed due to memory.oom.group set`);
  if (k.profile.oom_group_kill_event) count_memcg_event(k, group, 'oom_group_kill');
  const members: Task[] = [];
  mem_cgroup_scan_tasks(k, group, (member) => {
    members.push(member);
    return false;
  });
  for (const member of members) {
    if (member.signal.oom_score_adj === OOM_SCORE_ADJ_MIN) continue;
    if (member.signal === k.init.signal) continue;
    const reason = `member of ${group.path}, which has memory.oom.group set`;
    yield* __oom_kill_process(k, t, member, oc, { message, reason, group: true });
  }
}
