import { BLOCK, type Flow } from '../engine/coroutine.js';
import type { Kernel } from '../kernel/kernel.js';
import { do_signal_stop } from '../kernel/sched/stop.js';
import { TASK_INTERRUPTIBLE, type Task } from '../kernel/sched/task.js';

/** timer_slack_ns of an ordinary task: how late a high-resolution sleep may end. */
const TIMER_SLACK_NS = 50_000;

/** nanosleep(2). Ends early for a fatal signal; after a stop it goes on with what is left. */
export function* nanosleep(k: Kernel, t: Task, ns: number): Flow {
  const end_ns = k.sim.nowNs + Math.max(0, ns) + TIMER_SLACK_NS;
  do {
    if (t.stop_pending) yield* do_signal_stop(t);
    t.wchan = 'nanosleep';
    yield k.sched.sleep_until(t, end_ns, TASK_INTERRUPTIBLE);
    t.wchan = '';
    // Stopped and continued before it had the CPU: no stop is pending any more.
  } while (k.sim.nowNs < end_ns && !t.sigkill_pending);
}

/**
 * pause(2), as what a program does last: until a fatal signal. A program that wakes up from being
 * stopped does it again. No flow, which would be 180 bytes for each of the many that end in this.
 */
export function pause(t: Task): number {
  t.wchan = 'hold';
  t.nap_state = TASK_INTERRUPTIBLE;
  return BLOCK;
}
