import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { do_group_exit } from './exit.js';
import { SIGSEGV } from './signal.js';
import { TASK_KILLABLE, type Task } from './task.js';

/**
 * A crash with a core dump (fs/coredump.c). The other threads are killed and wait in exit_mm() until
 * the dump is written, so the memory stays; a group that dumps core does not count as one that will
 * free its memory soon. SIGKILL ends the dump.
 */
export function* do_coredump(k: Kernel, t: Task, duration_ns: number): Flow {
  const { signal } = t;
  signal.coredump = true;
  signal.core_dumper = t;
  for (const thread of signal.threads) {
    if (thread === t) continue;
    thread.sigkill_pending = true;
    k.sched.signal_wake_up(thread);
  }
  t.wchan = 'do_coredump';
  yield k.sched.sleep_until(t, k.sim.nowNs + duration_ns, TASK_KILLABLE);
  t.wchan = '';
  signal.coredump = false;
  signal.core_done?.wakeAll();
  yield* do_group_exit(k, t, SIGSEGV);
}
