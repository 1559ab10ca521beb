/** On the way from the kernel to user mode (arch/x86/entry/common.c: exit_to_usermode_loop). */
import type { Flow } from '../engine/coroutine.js';
import type { Kernel } from './kernel.js';
import { mem_cgroup_handle_over_high } from './mm/memory_high.js';
import { do_exit } from './sched/exit.js';
import { do_signal_stop } from './sched/stop.js';
import type { Task } from './sched/task.js';

/** What a task does before it may run user code again. */
export function exit_to_user_mode(k: Kernel, t: Task): void {
  t.wchan = ''; // whatever it waited for
  if (t.sigkill_pending) t.flow = do_exit(k, t);
  else if (has_exit_work(t)) t.flow = exit_work(k, t);
}

/**
 * Where a step of a program enters the kernel many times, what is done between one time and the next.
 * A task that is to die finds out itself.
 */
export function* back_to_user_mode(k: Kernel, t: Task): Flow {
  while (!t.sigkill_pending && has_exit_work(t)) yield* exit_work(k, t);
}

/** Whether there is anything to be done, but for dying. */
export function has_exit_work(t: Task): boolean {
  return t.stop_pending || t.memcg_nr_pages_over_high > 0;
}

function exit_work(k: Kernel, t: Task): Flow {
  return t.stop_pending ? do_signal_stop(t) : mem_cgroup_handle_over_high(k, t);
}
