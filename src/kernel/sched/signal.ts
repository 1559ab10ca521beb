import type { Kernel } from '../kernel.js';
import { TASK_INTERRUPTIBLE, TASK_STOPPED, type Task } from './task.js';

export const SIGBUS = 7;
export const SIGKILL = 9;
export const SIGSEGV = 11;
export const SIGTERM = 15;

/**
 * SIGKILL to a whole thread group (complete_signal): every thread dies on its way back to user mode.
 * Wakes interruptible, killable and stopped sleepers; uninterruptible ones sleep on.
 */
export function send_sigkill(k: Kernel, t: Task, sig = SIGKILL): void {
  k.trace.on['signal:signal_generate']?.({ sig, pid: t.tgid, comm: t.comm });
  if (!t.signal.group_exit) t.signal.exit_code = sig;
  t.signal.group_exit = true;
  for (const thread of t.signal.threads) {
    thread.sigkill_pending = true;
    k.sched.signal_wake_up(thread);
  }
}

/** A fault that cannot be served kills the process like SIGKILL would, with another number. */
export function force_sigkill(k: Kernel, t: Task, sig: number): void {
  send_sigkill(k, t, sig);
}

/** SIGSTOP: the threads stop when they next return to user mode. */
export function send_sigstop(k: Kernel, t: Task): void {
  for (const thread of t.signal.threads) {
    thread.stop_pending = true;
    if (thread.state === TASK_INTERRUPTIBLE) k.sched.wake(thread);
  }
}

export function send_sigcont(k: Kernel, t: Task): void {
  for (const thread of t.signal.threads) {
    thread.stop_pending = false;
    if (thread.state === TASK_STOPPED) k.sched.wake(thread);
  }
}
