import { BLOCK, type Flow } from '../../engine/coroutine.js';
import { TASK_STOPPED, type Task } from './task.js';

/** Stopped by SIGSTOP until SIGCONT or SIGKILL (kernel/signal.c: do_signal_stop). */
export function* do_signal_stop(t: Task): Flow {
  const before = t.sleep_state;
  t.sleep_state = TASK_STOPPED;
  t.wchan = 'do_signal_stop';
  while (t.stop_pending && !t.sigkill_pending) yield BLOCK;
  t.wchan = '';
  t.sleep_state = before;
}
