import { BLOCK, type Flow } from '../engine/coroutine.js';
import type { Kernel } from '../kernel/kernel.js';
import { TASK_INTERRUPTIBLE, type Task } from '../kernel/sched/task.js';

/** timer_slack_ns of an ordinary task: how late a high-resolution sleep may end. */
const TIMER_SLACK_NS = 50_000;

/** nanosleep(2). Ends early for signals. */
export function* nanosleep(k: Kernel, t: Task, ns: number): Flow {
  t.wchan = 'nanosleep';
  yield k.sched.sleep_until(t, k.sim.nowNs + Math.max(0, ns) + TIMER_SLACK_NS, TASK_INTERRUPTIBLE);
  t.wchan = '';
}

/** pause(2): until a signal. `why` is shown as what it waits for. */
export function* pause(t: Task, why: string): Flow {
  const before = t.sleep_state;
  t.sleep_state = TASK_INTERRUPTIBLE;
  t.wchan = why;
  while (!t.sigkill_pending && !t.stop_pending) yield BLOCK;
  t.wchan = '';
  t.sleep_state = before;
}
