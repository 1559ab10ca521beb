import { BLOCK, type Flow } from '../engine/coroutine.js';
import type { Kernel } from '../kernel/kernel.js';
import { do_signal_stop } from '../kernel/sched/stop.js';
import { TASK_INTERRUPTIBLE, type Task } from '../kernel/sched/task.js';

/** timer_slack_ns of an ordinary task: how late a high-resolution sleep may end. */
const TIMER_SLACK_NS = 50_000;

/** When a sleep of `ns` that begins now ends. */
export function sleep_end_ns(k: Kernel, ns: number): number {
  return k.sim.nowNs + Math.max(0, ns) + TIMER_SLACK_NS;
}

/** nanosleep(2). Ends early for a fatal signal; after a stop it goes on with what is left. */
export function* nanosleep(k: Kernel, t: Task, ns: number): Flow {
  const end_ns = sleep_end_ns(k, ns);
  do {
    if (t.stop_pending) yield* do_signal_stop(t);
    yield nap(k, t, end_ns);
    t.wchan = '';
    // Stopped and continued before it had the CPU: no stop is pending any more.
  } while (k.sim.nowNs < end_ns && !t.sigkill_pending);
}

/**
 * A sleep until `end_ns`, or until a signal. A program that returns this asks, when it goes on, whether
 * the end has come; what a signal brings is done by then, on the way to user mode. It is no flow, as
 * programs that touch some memory every now and then do little else.
 */
export function nap(k: Kernel, t: Task, end_ns: number): number {
  t.wchan = 'nanosleep';
  return k.sched.sleep_until(t, end_ns, TASK_INTERRUPTIBLE);
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
