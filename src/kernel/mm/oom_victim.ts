/** Being an OOM victim: who is one, what it may do, when it stops (mm/oom_kill.c). */
import type { Kernel } from '../kernel.js';
import type { Task } from '../sched/task.js';
import { rescore_process } from './oom_index.js';

/**
 * Marks a thread as OOM victim: access to memory reserves, oom_mm for its group. Does nothing for a
 * thread that is one already. Must hold oom_lock.
 */
export function mark_oom_victim(k: Kernel, t: Task): void {
  if (t.memdie) return;
  t.memdie = true;
  const { mm, signal } = t;
  if (signal.oom_mm === null && mm !== null) {
    mm.oom_victim = true;
    rescore_process(k, signal, () => {
      signal.oom_mm = mm;
    });
  }
  k.oom_victims++;
  k.trace.on['oom:mark_victim']?.({ pid: t.pid });
}

/** The marked thread has let go of its mm. signal.oom_mm stays. */
export function exit_oom_victim(k: Kernel, t: Task): void {
  t.memdie = false;
  k.oom_victims--;
}

/** A process that shares no mm that is still waited for is on its way out (__task_will_free_mem). */
function process_will_free_mem(t: Task): boolean {
  const { signal } = t;
  if (signal.coredump) return false;
  if (signal.group_exit) return true;
  return signal.threads.length === 1 && t.exiting;
}

/**
 * Whether `t` will let go of its memory by itself, so that nobody needs to be killed. Everybody who
 * shares its mm must be dying too, and its mm must not have been given up already.
 */
export function task_will_free_mem(t: Task): boolean {
  const { mm } = t;
  if (mm === null || !process_will_free_mem(t) || mm.oom_skip) return false;
  if (mm.mm_users <= 1) return true;
  for (const user of mm.tasks) {
    if (user.signal !== t.signal && !process_will_free_mem(user)) return false;
  }
  return true;
}
