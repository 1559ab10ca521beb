/** A memcg at its limit and the OOM killer: both ways, end of fault (≤ 4.18) and charge path (4.19). */
import { BLOCK, type Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { fatal_signal_pending, TASK_KILLABLE, type Task } from '../sched/task.js';
import { GFP_KERNEL, type Gfp } from './gfp.js';
import {
  for_each_mem_cgroup_tree,
  type MemCgroup,
  mem_cgroup_is_descendant,
} from './mem_cgroup.js';
import { count_memcg_event, mem_cgroup_margin, task_is_dying } from './memcontrol.js';
import { out_of_memory } from './oom_kill.js';

/**
 * mem_cgroup_oom(): a charge found no way. Up to 4.18 a user fault only takes a note, and everybody
 * gets -ENOMEM; from 4.19 the OOM killer runs here.
 */
export function* mem_cgroup_charge_oom(
  k: Kernel,
  t: Task,
  memcg: MemCgroup,
  gfp: Gfp,
): Flow<'retry' | 'force' | 'nomem'> {
  count_memcg_event(k, memcg, 'oom');
  if (k.profile.memcg_oom === 'fault_end') {
    if (t.memcg_may_oom) t.memcg_in_oom = memcg;
    return 'nomem';
  }
  mem_cgroup_mark_under_oom(memcg);
  const locked = mem_cgroup_oom_trylock(memcg);
  mem_cgroup_unmark_under_oom(memcg);
  const ok = yield* mem_cgroup_out_of_memory(k, t, memcg, gfp);
  if (locked) mem_cgroup_oom_unlock(memcg);
  if (ok) return 'retry';
  return k.profile.memcg_oom_failed === 'force' ? 'force' : 'nomem';
}

/** Runs the OOM killer for a memcg under oom_lock. */
export function* mem_cgroup_out_of_memory(
  k: Kernel,
  t: Task,
  memcg: MemCgroup,
  gfp: Gfp,
): Flow<boolean> {
  const killable = k.profile.memcg_oom_killable;
  if (!(yield* k.oom_lock_take(t, killable))) return true;
  let ret: boolean;
  if (k.profile.memcg_oom_recheck && mem_cgroup_margin(memcg) >= 1) ret = true;
  else if (killable && task_is_dying(t)) ret = true;
  else {
    ret = yield* out_of_memory(k, t, {
      memcg,
      gfp,
      order: 0,
      nodemask: null,
      node: 0,
      trigger: 'memcg',
    });
  }
  k.oom_lock_release(t);
  return ret;
}

/**
 * End of a user fault that failed in a memcg (≤ 4.18). Kills, or waits until the task that does has
 * finished.
 */
export function* mem_cgroup_oom_synchronize(k: Kernel, t: Task, memcg: MemCgroup): Flow {
  mem_cgroup_mark_under_oom(memcg);
  const locked = mem_cgroup_oom_trylock(memcg);
  if (locked) {
    mem_cgroup_unmark_under_oom(memcg);
    yield* mem_cgroup_out_of_memory(k, t, memcg, GFP_KERNEL);
    mem_cgroup_oom_unlock(memcg);
    // There is no guarantee that an OOM-lock contender sees the wakeups triggered by the uncharges.
    memcg_oom_recover(k, memcg);
  } else if (!fatal_signal_pending(t)) {
    k.memcg_oom_waitq.add(t);
    const before = t.sleep_state;
    t.sleep_state = TASK_KILLABLE;
    t.wchan = 'mem_cgroup_oom';
    yield BLOCK;
    t.wchan = '';
    t.sleep_state = before;
    k.memcg_oom_waitq.delete(t);
    mem_cgroup_unmark_under_oom(memcg);
  } else {
    mem_cgroup_unmark_under_oom(memcg);
  }
  t.memcg_in_oom = null;
}

/**
 * Wakes the tasks that wait for an OOM in a related memcg, if `memcg` has been marked by one of them.
 * Who waits below the memcg whose OOM another has dealt with has not marked that one: nobody wakes it
 * until something is uncharged where it waits. Linux up to 4.18 loses this wake-up, too.
 */
export function memcg_oom_recover(k: Kernel, memcg: MemCgroup): void {
  if (memcg.under_oom === 0 || k.memcg_oom_waitq.size === 0) return;
  k.memcg_oom_waitq.wakeAll((t) => {
    const waits_for = t.memcg_in_oom;
    return (
      waits_for === null ||
      mem_cgroup_is_descendant(memcg, waits_for) ||
      mem_cgroup_is_descendant(waits_for, memcg)
    );
  });
}

function mem_cgroup_mark_under_oom(root: MemCgroup): void {
  for (const memcg of for_each_mem_cgroup_tree(root)) memcg.under_oom++;
}

function mem_cgroup_unmark_under_oom(root: MemCgroup): void {
  // Children made in between were never marked.
  for (const memcg of for_each_mem_cgroup_tree(root)) if (memcg.under_oom > 0) memcg.under_oom--;
}

/** Locks the whole subtree, or nothing if any of it is locked. */
function mem_cgroup_oom_trylock(root: MemCgroup): boolean {
  for (const memcg of for_each_mem_cgroup_tree(root)) if (memcg.oom_lock) return false;
  for (const memcg of for_each_mem_cgroup_tree(root)) memcg.oom_lock = true;
  return true;
}

function mem_cgroup_oom_unlock(root: MemCgroup): void {
  for (const memcg of for_each_mem_cgroup_tree(root)) memcg.oom_lock = false;
}
