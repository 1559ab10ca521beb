/** The end of the line: out_of_memory() may not, or cannot, kill anybody (mm/oom_kill.c). */
import { BLOCK, type Flow } from '../../engine/coroutine.js';
import type { Kernel } from '../kernel.js';
import { spend } from '../sched/core.js';
import type { Task } from '../sched/task.js';
import { is_memcg_oom, is_sysrq_oom, type OomControl } from './oom_control.js';
import { dump_header, report_cost_ns } from './oom_report.js';

/** Panics if the panic_on_oom sysctl demands it for this kind of OOM. */
export function* check_panic_on_oom(k: Kernel, t: Task, oc: OomControl): Flow {
  const { panic_on_oom } = k.sysctl;
  if (panic_on_oom === 0 || is_sysrq_oom(oc)) return;
  if (panic_on_oom === 1 && oc.constraint !== 'CONSTRAINT_NONE') return;
  dump_header(k, t, oc, null);
  const what = panic_on_oom === 2 ? 'compulsory' : 'system-wide';
  yield* panic(k, `Out of memory: ${what} panic_on_oom is enabled`);
}

/** The end of the run; never returns. */
function* panic(k: Kernel, message: string): Flow {
  k.panic(message);
  for (;;) yield BLOCK;
}

/**
 * Found nothing: a global OOM can only panic; a memcg's task gets its error, an administrator an
 * answer. From 4.19 these two are reported as well, each time.
 */
export function* no_killable_process(k: Kernel, t: Task, oc: OomControl): Flow {
  const warns = k.profile.no_killable === 'warn_then_deadlocked';
  const survives = is_memcg_oom(oc) || is_sysrq_oom(oc);
  if (survives && !warns) return;
  yield spend(t, report_cost_ns(k));
  dump_header(k, t, oc, null);
  if (warns) k.printk('Out of memory and no killable processes...');
  if (survives) return;
  yield* panic(
    k,
    warns ? 'System is deadlocked on memory' : 'Out of memory and no killable processes...',
  );
}
