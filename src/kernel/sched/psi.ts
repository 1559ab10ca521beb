/** Entry points of pressure stall information (include/linux/psi.h). */
import type { Kernel } from '../kernel.js';
import type { Task } from './task.js';

/** The task begins to lose time to a shortage of memory. Nests. */
export function psi_memstall_enter(k: Kernel, t: Task): void {
  t.memstall++;
  if (t.memstall === 1) k.psi?.task_change(t);
}

export function psi_memstall_leave(k: Kernel, t: Task): void {
  t.memstall--;
  if (t.memstall === 0) k.psi?.task_change(t);
}
