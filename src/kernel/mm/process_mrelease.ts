import type { Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { spend } from '../sched/core.js';
import type { Task } from '../sched/task.js';
import { find_lock_task_mm } from './oom_kill.js';
import { __oom_reap_task_mm } from './oom_reaper.js';
import { task_will_free_mem } from './oom_victim.js';

/**
 * process_mrelease(2), 5.15: takes the memory of a dying process away in the time of the caller, who
 * need not be its killer. Returns an error name, or null.
 */
export function* process_mrelease(
  k: Kernel,
  t: Task,
  task: Task,
): Flow<'ENOSYS' | 'ESRCH' | 'EINVAL' | 'EINTR' | 'EAGAIN' | null> {
  yield spend(t, k.costs.syscallNs);
  if (!k.profile.process_mrelease) return 'ENOSYS';
  const victim = find_lock_task_mm(task);
  if (victim === null) return 'ESRCH';
  const { mm } = victim;
  if (!mm.oom_skip && !task_will_free_mem(victim)) return 'EINVAL';
  yield* mm.mmap_sem.downRead(t);
  const reaped = mm.oom_skip || (yield* __oom_reap_task_mm(k, t, mm));
  mm.mmap_sem.upRead();
  return reaped ? null : 'EAGAIN';
}
